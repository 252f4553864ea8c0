package service

import (
	"flag"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

var hours = flag.Int("hours", 6, "of an account's life in virtual time; a month has 720")

// TestAccountForALongTime lives through hours of events, outages, refused keys and restarts
// in virtual time. The store is a real one, on a real disk.
func TestAccountForALongTime(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	startServerOutside(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
		var down, refuses atomic.Bool
		k := klaviyotest.New(klaviyotest.WithKey("pk_right"))
		k.Inject(
			klaviyotest.Fault{Times: -1, Status: http.StatusServiceUnavailable, When: func(*http.Request) bool { return down.Load() }},
			klaviyotest.Fault{Times: -1, Status: http.StatusUnauthorized, When: func(*http.Request) bool { return refuses.Load() }})
		klaviyos := map[string]*klaviyotest.Klaviyo{"eu": k}
		s := serveTo(t, dir, klaviyos, testAccount("eu"))
		n, longest := 0, time.Duration(0)
		for hour := range *hours {
			begun := time.Now()
			down.Store(hour%6 == 1)
			refuses.Store(hour%6 == 3)
			for minute := range 30 {
				for range 1 + hour%3 {
					s.send(t, "eu", track(n%5, n))
					n++
				}
				time.Sleep(time.Minute)
				if minute == 10 && hour%6 == 4 { // with events in flight
					s.send(t, "eu", track(n%5, n))
					n++
					s.stop()
					s = serveTo(t, dir, klaviyos, testAccount("eu"))
				}
			}
			mended := time.Now()
			down.Store(false)
			refuses.Store(false)
			for s.arrived("eu") < n && time.Since(mended) < 20*time.Minute {
				time.Sleep(time.Second)
			}
			longest = max(longest, time.Since(mended))
			if got := s.arrived("eu"); got != n {
				t.Fatalf("hour %d: %d of %d events have arrived %v after all is mended", hour, got, n, time.Since(mended))
			}
			time.Sleep(time.Until(begun.Add(time.Hour)))
		}
		status := s.statusOf(t, "eu")
		if status.Backlog.Events != 0 || status.DeadLetterCount() != 0 || status.Pause != nil || status.Counts.Delivered < n {
			t.Errorf("%d events: %+v", n, status)
		}
		last := map[int]int{}
		for _, e := range k.Events() {
			var person, number int
			if _, err := fmt.Sscanf(e.UniqueID, "m-%d-%d", &person, &number); err != nil {
				t.Fatal(err)
			}
			if number < last[person] {
				t.Errorf("event %d of person %d comes after %d", number, person, last[person])
			}
			last[person] = number
		}
		for _, r := range k.Requests() {
			if r.Status == http.StatusTooManyRequests {
				t.Errorf("%v: a call over the limit", r.Time)
			}
		}
		t.Logf("%d hours, %d events, %v at most until all has arrived", *hours, n, longest.Round(time.Second))
		s.stop()
	})
}
