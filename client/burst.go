package client

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

const (
	// After a 429 with a short wait, other programs are probably sending too, so the pace is
	// reduced by paceStep, down to slowestPace. Each new steady window raises it by
	// paceRecovery.
	paceStep     = 0.8
	paceRecovery = 0.02
	slowestPace  = 0.5
	// maxLateness is how far evenly spaced attempts may catch up: timers and a busy machine can
	// delay an attempt by a millisecond or more, while the spacing is about three milliseconds.
	maxLateness = 20 * time.Millisecond
)

// A burstWindow keeps attempts within the burst limit. The window is short, and responses don't
// say when it begins. So no period of its length may contain more calls than the limit. The
// server counts an attempt at some time between sending and response. It is counted here until
// one window length after the response, minus the time of a round trip.
//
// At first, attempts are spaced evenly, so that responses at different times within a second
// show when the steady window ends.
type burstWindow struct {
	length time.Duration
	calls  int     // the limit for all programs
	share  float64 // the share of calls that this Client uses
	pace   float64 // 1 unless other programs compete
	// pacer limits the rate. If attempts are spaced, it allows them one by one, apart from late
	// ones. Otherwise it allows a whole window at once.
	pacer  *rate.Limiter
	spaced bool
	// answered has the times of the responses within the last window length, oldest first, each
	// minus the round trip time known then.
	answered []time.Time
	// roundTrip is the shortest round trip so far.
	roundTrip time.Duration
}

func newBurstWindow(limit runtime.RateLimit, share float64) burstWindow {
	return burstWindow{length: limit.Window, calls: limit.Calls, share: share, pace: 1, spaced: true, pacer: rate.NewLimiter(0, 1)}
}

// availableAt returns when the next attempt may be sent, given the attempts in flight and the
// calls of other programs in a window. A time in the past means now.
func (w *burstWindow) availableAt(now time.Time, inFlight, others int) time.Time {
	for len(w.answered) > 0 && !now.Before(w.answered[0].Add(w.length)) {
		w.answered = w.answered[1:]
	}
	allowance := w.allowance(others)
	excess := inFlight + len(w.answered) + 1 - allowance
	switch {
	case excess <= 0:
		return w.pacedAt(now, allowance)
	case excess <= len(w.answered):
		return w.answered[excess-1].Add(w.length)
	}
	// The attempts in flight fill the window, and none of them has a response yet.
	return now.Add(w.length)
}

// pacedAt returns when the pacer allows the next attempt.
func (w *burstWindow) pacedAt(now time.Time, allowance int) time.Time {
	limit, burst := rate.Limit(float64(allowance)/w.length.Seconds()), allowance
	if w.spaced {
		burst = 1 + int(float64(limit)*maxLateness.Seconds())
	}
	if w.pacer.Burst() != burst {
		w.pacer = rate.NewLimiter(limit, burst) // starts full, since answered enforces the window
	}
	w.pacer.SetLimitAt(now, limit)
	reservation := w.pacer.ReserveN(now, 1)
	defer reservation.CancelAt(now)
	return now.Add(reservation.DelayFrom(now))
}

// send counts a sent attempt.
func (w *burstWindow) send(now time.Time) { w.pacer.AllowN(now, 1) }

// allowance returns how many calls of a window this Client may make.
func (w *burstWindow) allowance(others int) int {
	calls := float64(w.calls)
	free := max(calls-float64(others), calls*slowestPace)
	return max(1, int(min(free, calls*w.share)*w.pace))
}

// done counts an attempt that has ended.
func (w *burstWindow) done(sent, now time.Time) {
	if elapsed := now.Sub(sent); w.roundTrip == 0 || elapsed < w.roundTrip {
		w.roundTrip = elapsed
	}
	// Subtract an eighth less: a shorter round trip may follow.
	w.answered = append(w.answered, now.Add(-w.roundTrip*7/8))
}

func (w *burstWindow) slowDown() { w.pace = max(w.pace*paceStep, slowestPace) }

func (w *burstWindow) speedUp() { w.pace = min(w.pace+paceRecovery, 1) }
