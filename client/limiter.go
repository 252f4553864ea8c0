package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

const (
	// slack widens the burst window, for attempts that catch up with each other on
	// the way to the server.
	slack = 0.02
	// A 429 means that others send too: the pace becomes slower by a step, down to
	// slowest, and faster again by a step with each steady window.
	paceStep    = 0.9
	slowestPace = 0.5
)

// limit holds attempts back so that Klaviyo has no reason to answer 429. Each
// operation has a limiter of its own and never waits for another's.
func limit(maxPause time.Duration) link {
	limiters := make(map[klaviyo.OperationID]*limiter)
	for op := range klaviyo.Operations() {
		limiters[op.ID] = newLimiter(op, maxPause)
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
// in fixed windows whose phase is the server's choice.
//
// The burst window is short and nothing tells its phase, so attempts are spaced:
// no second, wherever it begins, holds more than Burst.Calls of them. Of the steady
// window the replies tell the rest: its quota is spent at burst speed, then attempts
// wait for its end.
type limiter struct {
	maxPause time.Duration
	pause    time.Duration // after a 429 without Retry-After
	pacer    *rate.Limiter
	pace     rate.Limit // of the pacer, where no others send

	// turn is held by the one attempt that waits for its place; those behind it
	// queue for the turn.
	turn chan struct{}
	// news tells the holder of the turn that a reply has come.
	news chan struct{}

	mu          sync.Mutex
	steady      steadyWindow
	inFlight    int
	pausedUntil time.Time
}

func newLimiter(op klaviyo.Operation, maxPause time.Duration) *limiter {
	pace := rate.Limit(float64(op.Burst.Calls) / op.Burst.Window.Seconds() / (1 + slack))
	return &limiter{
		maxPause: maxPause,
		pause:    op.Burst.Window,
		pacer:    rate.NewLimiter(pace, 1),
		pace:     pace,
		turn:     make(chan struct{}, 1),
		news:     make(chan struct{}, 1),
		steady:   newSteadyWindow(op.Steady),
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

	for {
		if opens := l.opens(); !opens.IsZero() {
			if err := sleep(ctx, opens, l.news); err != nil {
				return err
			}
			continue
		}
		if err := l.keepPace(ctx); err != nil {
			return err
		}
		if l.take() {
			return nil
		}
	}
}

// keepPace keeps the space between attempts, which no news shortens.
func (l *limiter) keepPace(ctx context.Context) error {
	now := time.Now()
	place := l.pacer.ReserveN(now, 1)
	err := sleep(ctx, now.Add(place.DelayFrom(now)), nil)
	if err != nil {
		place.Cancel()
	}
	return err
}

// release is told the reply to an attempt, nil if there was none.
func (l *limiter) release(resp *http.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	now := time.Now()
	if resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		l.pauseFrom(now, retryAfter(resp, l.maxPause))
	} else if newWindow := l.steady.reply(resp, now); newWindow {
		l.pacer.SetLimitAt(now, min(l.pacer.Limit()/paceStep, l.pace))
	}
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// pauseFrom stops the operation for as long as a 429 asks. The other answers of
// the moment when there was no room slow it down no further.
func (l *limiter) pauseFrom(now time.Time, pause time.Duration) {
	if !l.pausedUntil.After(now) {
		l.pacer.SetLimitAt(now, max(l.pacer.Limit()*paceStep, l.pace*slowestPace))
	}
	if pause == 0 {
		pause = min(l.pause, l.maxPause)
	}
	if until := now.Add(pause); until.After(l.pausedUntil) {
		l.pausedUntil = until
	}
}

// opens is when the next attempt may be sent as far as pauses and the steady
// window go; zero is now.
func (l *limiter) opens() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opensAt(time.Now())
}

// take counts an attempt as sent if it still may be.
func (l *limiter) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.opensAt(time.Now()).IsZero() {
		return false
	}
	l.inFlight++
	return true
}

func (l *limiter) opensAt(now time.Time) (at time.Time) {
	if end, left := l.steady.quota(now); left <= l.inFlight {
		at = end
	}
	if l.pausedUntil.After(now) && l.pausedUntil.After(at) {
		at = l.pausedUntil
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
