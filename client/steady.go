package client

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// resetMargin compensates for the rounding of RateLimit-Reset to whole seconds.
const resetMargin = time.Second

const (
	// peakSlack allows for other programs to exceed their highest rate so far. peakDecay
	// reduces that rate with each window in which they may have stopped.
	peakSlack = 1.25
	peakDecay = 0.9
)

// A steadyWindow is the state of the server's current steady window. Other programs use the
// same quota, so responses take precedence over the count of this Client's calls.
type steadyWindow struct {
	length time.Duration
	// calls is the quota of a window for all programs, from the description until a response
	// reports it. share is the part that this Client uses.
	calls int
	share float64
	// used is the highest use of the quota that responses in this window have reported.
	// Attempts in flight may not be included.
	used int
	// spent is the number of this Client's attempts in this window.
	spent int
	// number is the number of this window.
	number int
	// end is the latest time at which the window can end. If no response has reported it, it is
	// estimated: one window length after the first attempt.
	end      time.Time
	reported bool
	// previousEnd is the end of the previous window, if it was reported. It identifies late
	// responses.
	previousEnd time.Time
	// rate is the number of calls per second of other programs in this window, and lastRate
	// that in the previous window.
	rate, lastRate float64
	// peak is the highest number of calls of other programs within about a second.
	peak        float64
	lastReading reading
}

// A reading is the number of calls of other programs in a window at a time.
type reading struct {
	window int
	at     time.Time
	others int
}

func newSteadyWindow(limit runtime.RateLimit, share float64) steadyWindow {
	return steadyWindow{length: limit.Window, calls: limit.Calls, share: share}
}

// available returns how many more attempts the window allows besides those in flight, and when
// the next window begins. It starts a new window if this one has ended.
func (w *steadyWindow) available(now time.Time, inFlight int) (attempts int, end time.Time) {
	if !now.Before(w.end) {
		w.previousEnd = time.Time{}
		if w.reported {
			w.previousEnd = w.end
		}
		w.end, w.reported, w.used = now.Add(w.length+resetMargin), false, 0
		w.startWindow(inFlight)
	}
	return min(w.calls-w.used-inFlight, w.allowance()-w.spent), w.end
}

// startWindow resets the counts. spent is the number of attempts that may be in the new window.
func (w *steadyWindow) startWindow(spent int) {
	w.number++
	w.spent = spent
	w.rate, w.lastRate = 0, w.rate
	w.peak *= peakDecay
}

// send counts a sent attempt.
func (w *steadyWindow) send(now time.Time) attempt {
	w.spent++
	return attempt{sent: now, window: w.number, ordinal: w.spent}
}

// allowance returns how many calls of a window this Client may make.
func (w *steadyWindow) allowance() int { return max(1, int(float64(w.calls)*w.share)) }

// refund uncounts an attempt with a 429 response, which doesn't use up the quota.
func (w *steadyWindow) refund() { w.spent-- }

// others returns how many calls per second to expect of other programs. It is zero unless the
// quota shows that there are any.
func (w *steadyWindow) others() int {
	rate := max(w.rate, w.lastRate)
	if rate == 0 {
		return 0
	}
	return int(math.Ceil(max(rate, w.peak*peakSlack)))
}

// observeOthers estimates the calls of other programs from what remains after an attempt.
// Attempts that overtake each other make it slightly inaccurate.
func (w *steadyWindow) observeOthers(a attempt, remaining int, now time.Time) {
	if a.window != w.number {
		return // its ordinal belongs to another window
	}
	r := reading{window: w.number, at: now, others: w.calls - remaining - a.ordinal}
	passed := now.Sub(w.lastReading.at)
	if w.lastReading.window == r.window && passed <= 3*time.Second {
		w.peak = max(w.peak, float64(r.others-w.lastReading.others))
	}
	if w.lastReading.window != r.window || passed >= time.Second {
		w.lastReading = r
	}
}

// update records a response, nil if there was none, and reports whether it is the first of a
// new window. Other attempts may still be in flight. A response without a quota counts as one
// call. So does one whose reset is beyond the window length, since it isn't about this window.
func (w *steadyWindow) update(a attempt, resp *http.Response, now time.Time, inFlight int) (newWindow bool) {
	limit, remaining, reset, ok := rateLimitHeaders(resp)
	if !ok || reset > w.length+resetMargin {
		w.used++
		return false
	}
	if limit > 0 {
		w.calls = limit
	}
	used := w.calls - remaining
	// The window ends at most one window length from now.
	end := now.Add(min(reset+resetMargin, w.length))
	switch {
	case w.reported && end.Before(w.end.Add(-w.length/2)), sameWindow(end, w.previousEnd, w.length):
		// A late response, about an earlier window.
		return false
	case w.reported && end.After(w.end.Add(w.length/2)):
		// The window ended before the latest possible time. This is the first attempt that is
		// known to be in the next one.
		w.startWindow(inFlight + 1)
		fallthrough
	case !w.reported:
		w.end, w.reported, w.used = end, true, used
		newWindow = true
	}
	w.used = max(w.used, used)
	if end.Before(w.end) {
		w.end = end
	}
	w.observeOthers(a, remaining, now)
	// The minimum keeps a few calls from looking like a high rate.
	passed := max(w.length-w.end.Sub(now), w.length/10)
	w.rate = float64(max(0, w.used-w.spent)) / passed.Seconds()
	return newWindow
}

// sameWindow reports whether two estimates of an end are about the same window.
func sameWindow(a, b time.Time, length time.Duration) bool { return a.Sub(b).Abs() < length/2 }

// rateLimitHeaders parses the RateLimit headers. The limit may have a policy, as in "700,
// 75;w=1, 700;w=60".
func rateLimitHeaders(resp *http.Response) (limit, remaining int, reset time.Duration, ok bool) {
	if resp == nil {
		return 0, 0, 0, false
	}
	first, _, _ := strings.Cut(resp.Header.Get("RateLimit-Limit"), ",")
	limit, _ = strconv.Atoi(first)
	remaining, err := strconv.Atoi(resp.Header.Get("RateLimit-Remaining"))
	if err != nil || remaining < 0 {
		return 0, 0, 0, false
	}
	seconds, err := strconv.Atoi(resp.Header.Get("RateLimit-Reset"))
	if err != nil || seconds < 0 {
		return 0, 0, 0, false
	}
	const day = 24 * 60 * 60 // no window is longer; the cap avoids an overflow
	return limit, remaining, time.Duration(min(seconds, day)) * time.Second, true
}
