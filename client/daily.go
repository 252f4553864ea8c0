package client

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A dailyWindow keeps to the limit of a day that a few operations have. No answer tells
// of it, so our own calls are counted, from the first of them on.
type dailyWindow struct {
	length time.Duration
	limit  int // the account's; 0 if there is none
	calls  int // of it that are ours
	begun  time.Time
	spent  int
}

func newDailyWindow(limit runtime.RateLimit, share float64) dailyWindow {
	w := dailyWindow{length: limit.Window, limit: limit.Calls}
	if limit.Calls > 0 {
		w.calls = max(1, int(float64(limit.Calls)*share))
	}
	return w
}

// opens is when the next attempt may be sent; zero is now.
func (w *dailyWindow) opens(now time.Time) time.Time {
	if end := w.begun.Add(w.length); w.calls > 0 && w.spent >= w.calls && now.Before(end) {
		return end
	}
	return time.Time{}
}

// send counts an attempt that is sent.
func (w *dailyWindow) send(now time.Time) {
	if !now.Before(w.begun.Add(w.length)) {
		w.begun, w.spent = now, 0
	}
	w.spent++
}

// refused takes back an attempt that was answered 429, which costs nothing.
func (w *dailyWindow) refused() { w.spent = max(0, w.spent-1) }

// left is what is left of the limit.
func (w *dailyWindow) left(now time.Time) Window {
	if end := w.begun.Add(w.length); now.Before(end) {
		return Window{Limit: w.limit, Remaining: max(0, w.calls-w.spent), Reset: end}
	}
	return Window{Limit: w.limit, Remaining: w.calls}
}
