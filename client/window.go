package client

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// margin covers what isn't known of a window's end: RateLimit-Reset is in whole
// seconds, rounded up or down.
const margin = time.Second

const (
	// peakSlack is for others' spending more at once than was seen yet, peakDecay for
	// their having stopped: so much of a peak counts in the window after it.
	peakSlack = 1.25
	peakDecay = 0.9
)

// A steadyWindow is what is known of the server's present steady window. Other
// programs use the same quota, so the replies are believed and not our own count.
type steadyWindow struct {
	length time.Duration
	// calls is the quota of a window, for all programs: the description's until a
	// reply tells it. share of it is ours.
	calls int
	share float64
	// used is the most that a reply of this window told to be used of the quota. Attempts in
	// flight come on top: they may not be counted in it yet.
	used int
	// spent counts our attempts in this window.
	spent int
	// number counts the windows.
	number int
	// end is the latest moment at which the window can end. It is told by a reply,
	// or else a guess: a window's length after our first attempt in it.
	end  time.Time
	told bool
	// last is the end of the window before, if that was told: late replies are of
	// that window.
	last time.Time
	// rate is what others spend in this window, in calls per second, and lastRate
	// what they spent in the one before.
	rate, lastRate float64
	// peak is the most that they were seen to spend in about a second.
	peak float64
	mark reading
}

// A reading is what others had spent in a window at a time.
type reading struct {
	window int
	at     time.Time
	others int
}

func newSteadyWindow(limit runtime.RateLimit, share float64) steadyWindow {
	return steadyWindow{length: limit.Window, calls: limit.Calls, share: share}
}

// room gives how many more attempts the window holds beside those in flight, and
// when there is more. A window that has ended is followed by a new one.
func (w *steadyWindow) room(now time.Time, inFlight int) (attempts int, end time.Time) {
	if !now.Before(w.end) {
		w.last = time.Time{}
		if w.told {
			w.last = w.end
		}
		w.end, w.told, w.used = now.Add(w.length+margin), false, 0
		w.begin(inFlight)
	}
	return min(w.calls-w.used-inFlight, w.allowance()-w.spent), w.end
}

// begin counts anew, with those attempts that may be in the new window.
func (w *steadyWindow) begin(spent int) {
	w.number++
	w.spent = spent
	w.rate, w.lastRate = 0, w.rate
	w.peak *= peakDecay
}

// send counts an attempt that is sent.
func (w *steadyWindow) send(now time.Time) attempt {
	w.spent++
	return attempt{sent: now, window: w.number, place: w.spent}
}

// allowance is how many calls of a window are ours.
func (w *steadyWindow) allowance() int { return max(1, int(float64(w.calls)*w.share)) }

// refused takes back an attempt that was answered 429, which costs nothing.
func (w *steadyWindow) refused() { w.spent-- }

// others is how many calls to expect of the other programs in a second: none, unless
// the quota tells for sure that there are any.
func (w *steadyWindow) others() int {
	rate := max(w.rate, w.lastRate)
	if rate == 0 {
		return 0
	}
	return int(math.Ceil(max(rate, w.peak*peakSlack)))
}

// watch learns from what remains after an attempt how much the others spend at once.
// Attempts that overtake each other blur it a little.
func (w *steadyWindow) watch(a attempt, remaining int, now time.Time) {
	if a.window != w.number {
		return // its place is that in another window
	}
	r := reading{window: w.number, at: now, others: w.calls - remaining - a.place}
	passed := now.Sub(w.mark.at)
	if w.mark.window == r.window && passed <= 3*time.Second {
		w.peak = max(w.peak, float64(r.others-w.mark.others))
	}
	if w.mark.window != r.window || passed >= time.Second {
		w.mark = r
	}
}

// reply learns from an answer, nil if none came, and tells whether that is the
// first of a new window. Other attempts may be in flight still. An answer that
// doesn't tell the quota is taken to have used it, and so is one whose reset is beyond the
// window's length, for it tells of something else.
func (w *steadyWindow) reply(a attempt, resp *http.Response, now time.Time, inFlight int) (newWindow bool) {
	limit, remaining, reset, ok := quotaOf(resp)
	if !ok || reset > w.length+margin {
		w.used++
		return false
	}
	if limit > 0 {
		w.calls = limit
	}
	used := w.calls - remaining
	// The window ends within its length of any moment in it.
	end := now.Add(min(reset+margin, w.length))
	switch {
	case w.told && end.Before(w.end.Add(-w.length/2)), same(end, w.last, w.length):
		// A late reply: of an earlier window.
		return false
	case w.told && end.After(w.end.Add(w.length/2)):
		// The window ended before the latest moment; this is our first attempt that
		// is known to be in the next.
		w.begin(inFlight + 1)
		fallthrough
	case !w.told:
		w.end, w.told, w.used = end, true, used
		newWindow = true
	}
	w.used = max(w.used, used)
	if end.Before(w.end) {
		w.end = end
	}
	w.watch(a, remaining, now)
	// Too short a time would make much of a few calls.
	passed := max(w.length-w.end.Sub(now), w.length/10)
	w.rate = float64(max(0, w.used-w.spent)) / passed.Seconds()
	return newWindow
}

// same tells whether two estimates of an end are of one window.
func same(a, b time.Time, length time.Duration) bool { return a.Sub(b).Abs() < length/2 }

// quotaOf reads the RateLimit headers. A limit may come with its policy, as in
// "700, 75;w=1, 700;w=60".
func quotaOf(resp *http.Response) (limit, remaining int, reset time.Duration, ok bool) {
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
	const day = 24 * 60 * 60 // no window is longer; more would overflow
	return limit, remaining, time.Duration(min(seconds, day)) * time.Second, true
}
