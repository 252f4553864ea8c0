package client

import (
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// TestLateAttemptsCatchUp has each attempt begin later than it may, as a busy machine
// does.
func TestLateAttemptsCatchUp(t *testing.T) {
	const calls, attempts = 350, 3_500
	for _, late := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond} {
		w := newBurstWindow(klaviyo.RateLimit{Calls: calls, Window: time.Second}, 1)
		begin := time.Unix(0, 0)
		now := begin
		var sent []time.Time
		for range attempts {
			if opens := w.availableAt(now, 0, 0); opens.After(now) {
				now = opens.Add(late)
			}
			w.send(now)
			w.done(now, now)
			sent = append(sent, now)
		}
		if took := now.Sub(begin).Seconds() * calls / attempts; took > 1.03 {
			t.Errorf("%v late: %.2f times as long as the limit allows", late, took)
		}
		for i := calls; i < attempts; i++ {
			if sent[i].Sub(sent[i-calls]) < time.Second {
				t.Fatalf("%v late: %d calls within a second", late, calls+1)
			}
		}
	}
}
