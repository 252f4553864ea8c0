package client

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A dailyWindow keeps within the daily limit that a few operations have. Responses don't report
// it, so this Client's calls are counted, starting with the first.
type dailyWindow struct {
	length    time.Duration
	limit     int // the account's limit, or 0 if there is none
	allowance int // the part of limit that this Client uses
	start     time.Time
	used      int
}

func newDailyWindow(limit runtime.RateLimit, share float64) dailyWindow {
	w := dailyWindow{length: limit.Window, limit: limit.Calls}
	if limit.Calls > 0 {
		w.allowance = max(1, int(float64(limit.Calls)*share))
	}
	return w
}

// availableAt returns when the next attempt may be sent. Zero means now.
func (w *dailyWindow) availableAt(now time.Time) time.Time {
	if end := w.start.Add(w.length); w.allowance > 0 && w.used >= w.allowance && now.Before(end) {
		return end
	}
	return time.Time{}
}

// send counts a sent attempt.
func (w *dailyWindow) send(now time.Time) {
	if !now.Before(w.start.Add(w.length)) {
		w.start, w.used = now, 0
	}
	w.used++
}

// refund uncounts an attempt with a 429 response, which doesn't use up the limit.
func (w *dailyWindow) refund() { w.used = max(0, w.used-1) }

// remaining describes what is left of the limit.
func (w *dailyWindow) remaining(now time.Time) Window {
	if end := w.start.Add(w.length); now.Before(end) {
		return Window{Limit: w.limit, Remaining: max(0, w.allowance-w.used), Reset: end}
	}
	return Window{Limit: w.limit, Remaining: w.allowance}
}
