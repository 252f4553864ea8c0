package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPulse(t *testing.T) {
	begun := time.Now()
	at := func(seconds float64) time.Time { return begun.Add(time.Duration(seconds * float64(time.Second))) }
	for _, test := range []struct {
		name          string
		beats         []float64
		received, now float64
		want          bool
	}{
		{"no beats", nil, 5, 5, false},
		{"in step", []float64{0, .25, .5}, .6, .6, false},
		{"a busy machine", []float64{0, .25, 2.5}, 2.6, 2.6, false},
		{"read before, and looked at first", []float64{0, .25}, .3, 5, true},
		{"read before, and looked at after a beat", []float64{0, .25, 5}, .3, 5.1, true},
		{"read right after", []float64{0, .25, 5}, 5.1, 5.2, true},
		{"read when all of before is", []float64{0, .25, 5, 5.25, 6, 7}, 7.1, 7.1, false},
		{"kept late, and read before", []float64{0, .25, 5, 5.25, 6, 7, 9}, .3, 9.1, true},
	} {
		p := new(pulse)
		for _, beat := range test.beats {
			p.feel(at(beat))
		}
		if got := p.missed(at(test.received), at(test.now)); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}

// TestPulseAfterASuspend is of a machine whose monotonic clock has stood.
func TestPulseAfterASuspend(t *testing.T) {
	p, begun := new(pulse), time.Now()
	p.feel(begun.Round(0).Add(-time.Minute))
	if !p.missed(begun, begun) {
		t.Error("a minute has passed unnoticed")
	}
}

// TestHeldUpRequests aren't kept: the sender is to send them again.
func TestHeldUpRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		s, err := New(Config{Accounts: tokens(t), Publisher: k})
		if err != nil {
			t.Fatal(err)
		}
		s.pulse.feel(time.Now())
		for _, test := range []struct {
			passes time.Duration
			want   int
		}{{time.Second, http.StatusOK}, {heldUpAfter + time.Millisecond, http.StatusTooManyRequests}, {catchUp - time.Millisecond, http.StatusTooManyRequests}, {time.Millisecond, http.StatusOK}} {
			time.Sleep(test.passes)
			if got := statusOf(t, s, `{"type":"track"}`); got != test.want {
				t.Errorf("%v later: %d, want %d", test.passes, got, test.want)
			}
			if test.passes < heldUpAfter {
				s.pulse.feel(time.Now())
			}
		}
		if n := len(k.all()); n != 2 {
			t.Errorf("%d messages are kept", n)
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// statusOf is the status of the response to an event of account a.
func statusOf(t *testing.T, s *Server, event string) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v1/webhook", strings.NewReader(event))
	r.Header.Set("Authorization", "Bearer "+tokenA)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}
