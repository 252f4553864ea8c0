package client

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

const (
	// A 429 of the burst window means that others send too: the pace becomes slower
	// by a step, down to slowest. Each steady window makes it a little faster again.
	paceStep     = 0.8
	paceRecovery = 0.02
	slowestPace  = 0.5
	// What is spaced may catch up with so much: timers and a busy machine wake an
	// attempt a millisecond late and more, where the space is of three.
	lateness = 20 * time.Millisecond
)

// A burstWindow keeps attempts within the burst limit. The window is short and
// nothing tells when it begins, so no stretch of its length, wherever it begins,
// holds more than its calls. The server counts an attempt between its being sent and
// its answer: it is ours to count until a window's length after the answer, less the
// time that the next attempt takes to get there and its answer to come back.
//
// Attempts are spaced at first: answers at all times of a second tell when within
// it the steady window ends.
type burstWindow struct {
	length time.Duration
	calls  int     // of all programs
	share  float64 // of them that is ours
	pace   float64 // 1 where no others get in the way
	// pacer holds the rate. Where attempts are spaced it lets them through one by
	// one, but for those that are late, else as many at once as a window has calls.
	pacer  *rate.Limiter
	spaced bool
	// answered are the times of the answers within the last length, oldest first, each
	// less the round trip of that time.
	answered []time.Time
	// roundTrip is the shortest that an attempt took.
	roundTrip time.Duration
}

func newBurstWindow(limit runtime.RateLimit, share float64) burstWindow {
	return burstWindow{length: limit.Window, calls: limit.Calls, share: share, pace: 1, spaced: true, pacer: rate.NewLimiter(0, 1)}
}

// opens is when the next attempt may be sent beside those in flight and beside
// others' calls in a window; a time past is now.
func (w *burstWindow) opens(now time.Time, inFlight, others int) time.Time {
	for len(w.answered) > 0 && !now.Before(w.answered[0].Add(w.length)) {
		w.answered = w.answered[1:]
	}
	allowance := w.allowance(others)
	excess := inFlight + len(w.answered) + 1 - allowance
	switch {
	case excess <= 0:
		return w.paced(now, allowance)
	case excess <= len(w.answered):
		return w.answered[excess-1].Add(w.length)
	}
	// Those in flight fill the window, and aren't answered before now.
	return now.Add(w.length)
}

// paced is when the pacer lets the next attempt through.
func (w *burstWindow) paced(now time.Time, allowance int) time.Time {
	limit, burst := rate.Limit(float64(allowance)/w.length.Seconds()), allowance
	if w.spaced {
		burst = 1 + int(float64(limit)*lateness.Seconds())
	}
	if w.pacer.Burst() != burst {
		w.pacer = rate.NewLimiter(limit, burst) // full: the answers hold the window already
	}
	w.pacer.SetLimitAt(now, limit)
	place := w.pacer.ReserveN(now, 1)
	defer place.CancelAt(now)
	return now.Add(place.DelayFrom(now))
}

// send counts an attempt that is sent.
func (w *burstWindow) send(now time.Time) { w.pacer.AllowN(now, 1) }

// allowance is how many calls of a window are ours.
func (w *burstWindow) allowance(others int) int {
	calls := float64(w.calls)
	free := max(calls-float64(others), calls*slowestPace)
	return max(1, int(min(free, calls*w.share)*w.pace))
}

// answer counts an attempt that has ended.
func (w *burstWindow) answer(sent, now time.Time) {
	if took := now.Sub(sent); w.roundTrip == 0 || took < w.roundTrip {
		w.roundTrip = took
	}
	// An eighth less: there may be a shorter one yet.
	w.answered = append(w.answered, now.Add(-w.roundTrip*7/8))
}

func (w *burstWindow) slower() { w.pace = max(w.pace*paceStep, slowestPace) }

func (w *burstWindow) faster() { w.pace = min(w.pace+paceRecovery, 1) }
