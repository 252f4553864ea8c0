package quota

import (
	"math"
	"strings"
	"testing"
)

func TestParseLimits(t *testing.T) {
	limits, err := ParseLimits([]string{"create_event=20/s,100/m", "bulk_create_events=1/s,2/m"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Limit{}
	for _, l := range limits {
		got[l.Operation.Revision+" "+string(l.Operation.ID)] = Limit{Burst: l.Burst, Steady: l.Steady}
	}
	want := map[string]Limit{
		"2023-02-22 create_event": {Burst: 20, Steady: 100}, "2026-07-15 create_event": {Burst: 20, Steady: 100},
		"2026-07-15 bulk_create_events": {Burst: 1, Steady: 2},
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
	for of, limit := range want {
		if got[of] != limit {
			t.Errorf("%s: %+v, want %+v", of, got[of], limit)
		}
	}
	for text, want := range map[string]string{
		"": "such as", "create_event": "such as", "create_event=20/s": "such as", "create_event=0/s,1/m": "such as", "create_event=20/s,100/h": "such as",
		"create_events=20/s,100/m": "unknown operation, create_events",
	} {
		if _, err := ParseLimits([]string{text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestCheckShare(t *testing.T) {
	for share, ok := range map[float64]bool{0: false, -1: false, 1.01: false, math.Inf(1): false, 0.001: true, 1: true} {
		if err := CheckShare(share); (err == nil) != ok {
			t.Errorf("%g: %v", share, err)
		}
	}
	if CheckShare(math.NaN()) == nil {
		t.Error("NaN is a share")
	}
}
