package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// limit holds attempts back so that Klaviyo has no reason to answer 429. Each
// operation has a limiter of its own and never waits for another's.
func limit(maxPause time.Duration, share float64) link {
	limiters := make(map[klaviyo.OperationID]*limiter)
	for op := range klaviyo.Operations() {
		limiters[op.ID] = newLimiter(op, maxPause, share)
	}
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			call := callOf(req)
			l := limiters[call.operation.ID]
			start := time.Now()
			if err := l.acquire(req.Context()); err != nil {
				return nil, err
			}
			call.waited = time.Since(start)
			resp, err := next.RoundTrip(req)
			l.release(resp)
			return resp, err
		})
	}
}

// limitError says that a request would have to wait past its context's deadline.
// It is final.
type limitError struct{ wait time.Duration }

func (e *limitError) Error() string {
	return fmt.Sprintf("the rate limit leaves room in %v, after the context's deadline", e.wait.Round(time.Millisecond))
}

func (e *limitError) Unwrap() error { return context.DeadlineExceeded }

// A limiter keeps one operation within both of Klaviyo's limits. These are counts
// in fixed windows whose phase is the server's choice. The steady window's quota is
// spent as fast as the burst window allows, then attempts wait for the next one. What
// others are likely to spend in a second is left to them in both.
type limiter struct {
	maxPause time.Duration
	pause    time.Duration // after a 429 without Retry-After

	// turn is held by the one attempt that waits for its place; those behind it
	// queue for the turn.
	turn chan struct{}
	// news tells the holder of the turn that a reply has come.
	news chan struct{}

	mu          sync.Mutex
	burst       burstWindow
	steady      steadyWindow
	inFlight    int
	pausedUntil time.Time
}

func newLimiter(op klaviyo.Operation, maxPause time.Duration, share float64) *limiter {
	return &limiter{
		maxPause: maxPause,
		pause:    op.Burst.Window,
		turn:     make(chan struct{}, 1),
		news:     make(chan struct{}, 1),
		burst:    newBurstWindow(op.Burst, share),
		steady:   newSteadyWindow(op.Steady, share),
	}
}

// acquire waits until an attempt may be sent. Each success is followed by a release.
func (l *limiter) acquire(ctx context.Context) error {
	if err := beforeDeadline(ctx, l.opens()); err != nil {
		return err
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.turn }()

	for !l.take() {
		if err := sleep(ctx, l.opens(), l.news); err != nil {
			return err
		}
	}
	return nil
}

// release is told the reply to an attempt, nil if there was none.
func (l *limiter) release(resp *http.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	now := time.Now()
	l.burst.answer(now)
	if resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		l.steady.refused()
		l.pauseFrom(now, retryAfter(resp, l.maxPause))
	} else if l.steady.reply(resp, now, l.inFlight) {
		l.burst.faster()
		l.burst.spaced = l.burst.spaced && l.steady.last.IsZero()
	}
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// pauseFrom stops the operation for as long as a 429 asks. The other answers of
// the moment when there was no room slow it down no further, nor does a steady
// window that others have used up.
func (l *limiter) pauseFrom(now time.Time, pause time.Duration) {
	if pause <= l.burst.length && !l.pausedUntil.After(now) {
		l.burst.slower()
	}
	if pause == 0 {
		pause = min(l.pause, l.maxPause)
	}
	if until := now.Add(pause); until.After(l.pausedUntil) {
		l.pausedUntil = until
	}
}

// opens is when the next attempt may be sent, as far as is known; zero is now.
func (l *limiter) opens() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opensAt(time.Now())
}

// take counts an attempt as sent if it may be.
func (l *limiter) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.opensAt(now).IsZero() {
		return false
	}
	l.inFlight++
	l.burst.send(now)
	l.steady.spent++
	return true
}

func (l *limiter) opensAt(now time.Time) (at time.Time) {
	others := l.steady.others()
	if room, end := l.steady.room(now, l.inFlight); room <= others {
		at = end
	}
	for _, opens := range []time.Time{l.burst.opens(now, l.inFlight, others), l.pausedUntil} {
		if opens.After(now) && opens.After(at) {
			at = opens
		}
	}
	return at
}

// sleep waits until a time, or until there is news.
func sleep(ctx context.Context, until time.Time, news <-chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := beforeDeadline(ctx, until); err != nil {
		return err
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-news:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// beforeDeadline refuses a wait that the context would end.
func beforeDeadline(ctx context.Context, until time.Time) error {
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		return &limitError{wait: time.Until(until)}
	}
	return nil
}
