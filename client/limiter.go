package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// limiters are those of all endpoints that were called. Each has its own and never waits
// for another's. An endpoint's operations of several revisions share one, whose windows count
// the calls of all, and hold each to its own limits.
type limiters struct {
	policy RetryPolicy
	share  float64
	// overrides are the limits set by WithLimit.
	overrides  map[runtime.Endpoint]CallLimits
	mu         sync.Mutex
	byEndpoint map[runtime.Endpoint]*limiter
}

func newLimiters(policy RetryPolicy, share float64, overrides map[runtime.Endpoint]CallLimits) *limiters {
	return &limiters{policy: policy, share: share, overrides: overrides, byEndpoint: make(map[runtime.Endpoint]*limiter)}
}

// limiter is that of an operation's endpoint.
func (ls *limiters) limiter(op *runtime.Operation) *limiter {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	endpoint := op.Endpoint()
	l := ls.byEndpoint[endpoint]
	if l == nil {
		l = newLimiter(op, ls.policy, ls.share, ls.overrides[endpoint])
		ls.byEndpoint[endpoint] = l
	}
	return l
}

// limit holds attempts back so that Klaviyo has no reason to answer 429.
func limit(limiters *limiters) link {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			call := callOf(req)
			l := limiters.limiter(call.operation)
			start := time.Now()
			a, err := l.acquire(req.Context(), call.operation)
			if err != nil {
				return nil, err
			}
			call.waited = time.Since(start)
			resp, err := next.RoundTrip(req)
			call.limitedSince = l.release(a, resp)
			return resp, err
		})
	}
}

// limitError says that an attempt isn't worth waiting for. It is final.
type limitError struct {
	wait time.Duration
	// limitedFor is how long the operation has been answered nothing but 429, if that
	// is the reason, and else it is the context's deadline.
	limitedFor time.Duration
	// ofDay says that the calls of a day are used up.
	ofDay bool
}

func (e *limitError) Error() string {
	if e.ofDay {
		return fmt.Sprintf("the daily limit of the operation is reached; it resets in %v", e.wait.Round(time.Minute))
	}
	if e.limitedFor > 0 {
		return fmt.Sprintf("the operation has got only 429 responses for %v", e.limitedFor.Round(time.Second))
	}
	return fmt.Sprintf("the rate limit allows the call in %v, after the context's deadline", e.wait.Round(time.Millisecond))
}

func (e *limitError) Unwrap() error {
	if e.limitedFor > 0 || e.ofDay {
		return nil
	}
	return context.DeadlineExceeded
}

// A limiter keeps one endpoint within both of Klaviyo's limits. These are counts
// in fixed windows whose phase is the server's choice. The steady window's quota is
// spent as fast as the burst window allows, then attempts wait for the next one. What
// others are likely to spend in a second is left to them in both.
type limiter struct {
	policy RetryPolicy
	// override replaces the description's limits; zero keeps them.
	override CallLimits
	pause    time.Duration // after a 429 without Retry-After

	// turn is held by the one attempt that waits for its place; those behind it
	// queue for the turn.
	turn chan struct{}
	// news tells the holder of the turn that a reply has come.
	news chan struct{}

	mu       sync.Mutex
	burst    burstWindow
	steady   steadyWindow
	daily    dailyWindow
	inFlight int
	// told are the calls of a steady window as the answers tell them, by what the operations'
	// descriptions say.
	told map[runtime.RateLimit]int
	// pausedUntil is when a 429 asks to go on, and limitedSince when the first one
	// came since any other answer.
	pausedUntil, limitedSince time.Time
}

// An attempt is one that is on its way.
type attempt struct {
	operation *runtime.Operation
	sent      time.Time
	// window is the steady window in which it was sent, and place its place among
	// our attempts there, from 1 on.
	window, place int
}

func newLimiter(op *runtime.Operation, policy RetryPolicy, share float64, override CallLimits) *limiter {
	return &limiter{
		policy:   policy,
		override: override,
		pause:    time.Second,
		told:     make(map[runtime.RateLimit]int),
		turn:     make(chan struct{}, 1),
		news:     make(chan struct{}, 1),
		burst:    newBurstWindow(orUnlimited(op.Burst, time.Second), share),
		steady:   newSteadyWindow(orUnlimited(op.Steady, time.Minute), share),
		daily:    newDailyWindow(dailyOf(op.Endpoint()), share),
	}
}

// unlimited is more calls than any window sees.
const unlimited = 1 << 20

// orUnlimited is a limit that nothing is known of before the answers tell it.
func orUnlimited(limit runtime.RateLimit, window time.Duration) runtime.RateLimit {
	if limit == (runtime.RateLimit{}) {
		return runtime.RateLimit{Calls: unlimited, Window: window}
	}
	return limit
}

// as has the windows hold as many calls as the operation may make in them.
func (l *limiter) as(op *runtime.Operation) {
	l.burst.calls = orUnlimited(op.Burst, l.burst.length).Calls
	l.steady.calls = orUnlimited(op.Steady, l.steady.length).Calls
	if l.override != (CallLimits{}) {
		l.burst.calls, l.steady.calls = l.override.PerSecond, l.override.PerMinute
	}
	if calls, ok := l.told[op.Steady]; ok {
		l.steady.calls = calls
	}
}

// acquire waits until an attempt of an operation may be sent. Each success is followed by a
// release.
func (l *limiter) acquire(ctx context.Context, op *runtime.Operation) (attempt, error) {
	if err := l.worthwhile(ctx, op); err != nil {
		return attempt{}, err
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return attempt{}, ctx.Err()
	}
	defer func() { <-l.turn }()

	for {
		if a, ok := l.take(op); ok {
			return a, nil
		}
		if err := l.worthwhile(ctx, op); err != nil {
			return attempt{}, err
		}
		if err := sleep(ctx, l.opens(op), l.news); err != nil {
			return attempt{}, err
		}
	}
}

// worthwhile refuses a wait that the context would end, and one after which the
// operation would have been answered 429 for too long.
func (l *limiter) worthwhile(ctx context.Context, op *runtime.Operation) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.as(op)
	now := time.Now()
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(l.opensAt(now)) {
		return &limitError{wait: l.opensAt(now).Sub(now)}
	}
	if since := l.limitedSince; !since.IsZero() && l.pausedUntil.After(now) && l.pausedUntil.Sub(since) > l.policy.MaxRateLimited {
		return &limitError{wait: l.pausedUntil.Sub(now), limitedFor: now.Sub(since)}
	}
	if wait := l.daily.opens(now).Sub(now); wait > l.policy.MaxRateLimited {
		return &limitError{wait: wait, ofDay: true}
	}
	return nil
}

// release is told the reply to an attempt, nil if there was none. It gives the
// moment since which the operation has been answered nothing but 429, if it has.
func (l *limiter) release(a attempt, resp *http.Response) (limitedSince time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.as(a.operation)
	l.inFlight--
	now := time.Now()
	l.burst.answer(a.sent, now)
	switch {
	case resp != nil && resp.StatusCode == http.StatusTooManyRequests:
		l.steady.refused()
		l.daily.refused()
		l.limitedFrom(now)
		l.pauseFrom(now, retryAfter(resp, l.policy.MaxRetryAfter))
	case resp != nil:
		l.limitedSince = time.Time{}
		fallthrough
	default:
		before := l.steady.calls
		if l.steady.reply(a, resp, now, l.inFlight) {
			l.burst.faster()
			l.burst.spaced = l.burst.spaced && l.steady.last.IsZero()
		}
		if l.steady.calls != before {
			l.told[a.operation.Steady] = l.steady.calls
		}
	}
	select {
	case l.news <- struct{}{}:
	default:
	}
	return l.limitedSince
}

// limitedFrom notes the first of several 429s. One that comes long after the last
// pause is the first again: nobody has asked in between.
func (l *limiter) limitedFrom(now time.Time) {
	if l.limitedSince.IsZero() || now.Sub(l.pausedUntil) > l.steady.length {
		l.limitedSince = now
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
		pause = min(l.pause, l.policy.MaxRetryAfter)
	}
	if until := now.Add(pause); until.After(l.pausedUntil) {
		l.pausedUntil = until
	}
}

// opens is when the next attempt may be sent, as far as is known; zero is now.
func (l *limiter) opens(op *runtime.Operation) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.as(op)
	return l.opensAt(time.Now())
}

// take counts an attempt as sent if it may be.
func (l *limiter) take(op *runtime.Operation) (attempt, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.as(op)
	now := time.Now()
	if !l.opensAt(now).IsZero() {
		return attempt{}, false
	}
	l.inFlight++
	l.burst.send(now)
	l.daily.send(now)
	a := l.steady.send(now)
	a.operation = op
	return a, true
}

func (l *limiter) opensAt(now time.Time) (at time.Time) {
	others := l.steady.others()
	if room, end := l.steady.room(now, l.inFlight); room <= others {
		at = end
	}
	for _, opens := range []time.Time{l.burst.opens(now, l.inFlight, others), l.daily.opens(now), l.pausedUntil} {
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
