package admin

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                  "0 s",
		0:                             "0 s",
		340 * time.Millisecond:        "0.3 s",
		59900 * time.Millisecond:      "59 s",
		time.Minute:                   "1 min 0 s",
		3*time.Hour + 25*time.Minute:  "3 h 25 min",
		49*time.Hour + 59*time.Minute: "2 d 1 h",
		9 * time.Second:               "9.0 s",
		10 * time.Second:              "10 s",
		400*24*time.Hour + 23*time.Hour + 1234567: "400 d 23 h",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	for perSecond, want := range map[float64]string{0: "0", 0.04: "0", 0.1: "0.1", 9.9: "9.9", 9.96: "10", 58.4: "58", 2500.5: "2,501"} {
		if got := rate(perSecond); got != want {
			t.Errorf("%v is %q, want %q", perSecond, got, want)
		}
	}
}

func TestMeter(t *testing.T) {
	for _, test := range []struct {
		taken, of      float64
		percent, level string
	}{
		{0, 0, "0%", ""}, {0, 10, "0%", ""}, {1, 1e6, "1%", ""}, {5, 10, "50%", ""},
		{9, 10, "90%", "high"}, {10, 10, "100%", "full"}, {12, 10, "100%", "full"}, {-1, 10, "0%", ""},
	} {
		if m := meterOf(test.taken, test.of); m.Percent() != test.percent || m.Level != test.level {
			t.Errorf("%v of %v: %s %s, want %s %s", test.taken, test.of, m.Percent(), m.Level, test.percent, test.level)
		}
	}
}

func TestSpark(t *testing.T) {
	got := sparkOf([]int64{0, 5, 10}, 10)
	want := spark{Peak: 10, Width: 2, Line: "M0 30L1 16L2 2", Area: "M0 32L0 30L1 16L2 2L2 32Z"}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := sparkOf([]int64{0, 0}, 0).Line; got != "M0 30L1 30" {
		t.Errorf("nothing is %s", got)
	}
}
