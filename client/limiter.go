package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// limiters holds a limiter for each endpoint that was called. Operations of several revisions
// share the limiter of their endpoint: it counts the calls of all of them, and applies the
// limits of each operation.
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

// forOperation returns the limiter of an operation's endpoint.
func (ls *limiters) forOperation(op *runtime.Operation) *limiter {
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

// limit delays attempts so that they stay within the rate limits.
func limit(limiters *limiters) middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			call := callOf(req)
			l := limiters.forOperation(call.operation)
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

// limitError means that waiting for the rate limits is pointless. It isn't retried.
type limitError struct {
	wait time.Duration
	// limitedFor is how long the operation has got only 429 responses, if that is the reason.
	// If it is zero, the reason is the context's deadline.
	limitedFor time.Duration
	// daily means that the daily limit is used up.
	daily bool
}

func (e *limitError) Error() string {
	if e.daily {
		return fmt.Sprintf("the daily limit of the operation is reached; it resets in %v", e.wait.Round(time.Minute))
	}
	if e.limitedFor > 0 {
		return fmt.Sprintf("the operation has got only 429 responses for %v", e.limitedFor.Round(time.Second))
	}
	return fmt.Sprintf("the rate limit allows the call in %v, after the context's deadline", e.wait.Round(time.Millisecond))
}

func (e *limitError) Unwrap() error {
	if e.limitedFor > 0 || e.daily {
		return nil
	}
	return context.DeadlineExceeded
}

// A limiter keeps the calls of an endpoint within Klaviyo's limits, which count calls in fixed
// windows that begin when the server decides. It uses the quota of a steady window as fast as
// the burst limit allows, then waits for the next window. It reserves the calls that other
// programs are likely to make within a second.
type limiter struct {
	policy RetryPolicy
	// override replaces the description's limits; zero keeps them.
	override CallLimits
	pause    time.Duration // the wait after a 429 without Retry-After

	// queue is held by the attempt that waits next. Others wait for it.
	queue chan struct{}
	// responded tells the holder of queue that a response has arrived.
	responded chan struct{}

	mu       sync.Mutex
	burst    burstWindow
	steady   steadyWindow
	daily    dailyWindow
	inFlight int
	// reportedSteady has the steady limits that responses have reported, by the described limit
	// of the operation.
	reportedSteady map[runtime.RateLimit]int
	// pausedUntil is the end of the wait after a 429. limitedSince is the time of the first 429
	// since any other response.
	pausedUntil, limitedSince time.Time
}

// An attempt is an attempt in flight.
type attempt struct {
	operation *runtime.Operation
	sent      time.Time
	// window is the number of the steady window in which the attempt was sent, and ordinal its
	// number among the Client's attempts in that window, starting at 1.
	window, ordinal int
}

func newLimiter(op *runtime.Operation, policy RetryPolicy, share float64, override CallLimits) *limiter {
	return &limiter{
		policy:         policy,
		override:       override,
		pause:          time.Second,
		reportedSteady: make(map[runtime.RateLimit]int),
		queue:          make(chan struct{}, 1),
		responded:      make(chan struct{}, 1),
		burst:          newBurstWindow(orUnlimited(op.Burst, time.Second), share),
		steady:         newSteadyWindow(orUnlimited(op.Steady, time.Minute), share),
		daily:          newDailyWindow(dailyLimit(op.Endpoint()), share),
	}
}

// unlimited is more calls than a window can have.
const unlimited = 1 << 20

// orUnlimited replaces an unknown limit, until responses report one.
func orUnlimited(limit runtime.RateLimit, window time.Duration) runtime.RateLimit {
	if limit == (runtime.RateLimit{}) {
		return runtime.RateLimit{Calls: unlimited, Window: window}
	}
	return limit
}

// applyLimits sets the limits of the windows to those of the operation.
func (l *limiter) applyLimits(op *runtime.Operation) {
	l.burst.calls = orUnlimited(op.Burst, l.burst.length).Calls
	l.steady.calls = orUnlimited(op.Steady, l.steady.length).Calls
	if l.override != (CallLimits{}) {
		l.burst.calls, l.steady.calls = l.override.PerSecond, l.override.PerMinute
	}
	if calls, ok := l.reportedSteady[op.Steady]; ok {
		l.steady.calls = calls
	}
}

// acquire waits until an attempt may be sent. Each success must be followed by a call of
// release.
func (l *limiter) acquire(ctx context.Context, op *runtime.Operation) (attempt, error) {
	if err := l.checkWait(ctx, op); err != nil {
		return attempt{}, err
	}
	select {
	case l.queue <- struct{}{}:
	case <-ctx.Done():
		return attempt{}, ctx.Err()
	}
	defer func() { <-l.queue }()

	for {
		if a, ok := l.tryAcquire(op); ok {
			return a, nil
		}
		if err := l.checkWait(ctx, op); err != nil {
			return attempt{}, err
		}
		if err := waitUntil(ctx, l.availableAt(op), l.responded); err != nil {
			return attempt{}, err
		}
	}
}

// checkWait returns an error if the wait would exceed the context's deadline or the maximum
// time of 429 responses.
func (l *limiter) checkWait(ctx context.Context, op *runtime.Operation) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.applyLimits(op)
	now := time.Now()
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(l.nextAvailable(now)) {
		return &limitError{wait: l.nextAvailable(now).Sub(now)}
	}
	if since := l.limitedSince; !since.IsZero() && l.pausedUntil.After(now) && l.pausedUntil.Sub(since) > l.policy.MaxRateLimited {
		return &limitError{wait: l.pausedUntil.Sub(now), limitedFor: now.Sub(since)}
	}
	if wait := l.daily.availableAt(now).Sub(now); wait > l.policy.MaxRateLimited {
		return &limitError{wait: wait, daily: true}
	}
	return nil
}

// release records the response to an attempt, which is nil if there was none. It returns the
// time since which the operation has got only 429 responses, or zero.
func (l *limiter) release(a attempt, resp *http.Response) (limitedSince time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.applyLimits(a.operation)
	l.inFlight--
	now := time.Now()
	l.burst.done(a.sent, now)
	switch {
	case resp != nil && resp.StatusCode == http.StatusTooManyRequests:
		l.steady.refund()
		l.daily.refund()
		l.markRateLimited(now)
		l.pauseFor(now, retryAfter(resp, l.policy.MaxRetryAfter))
	case resp != nil:
		l.limitedSince = time.Time{}
		fallthrough
	default:
		before := l.steady.calls
		if l.steady.update(a, resp, now, l.inFlight) {
			l.burst.speedUp()
			l.burst.spaced = l.burst.spaced && l.steady.previousEnd.IsZero()
		}
		if l.steady.calls != before {
			l.reportedSteady[a.operation.Steady] = l.steady.calls
		}
	}
	select {
	case l.responded <- struct{}{}:
	default:
	}
	return l.limitedSince
}

// markRateLimited records the time of the first 429 in a series. If the last pause was long
// ago, a new series begins.
func (l *limiter) markRateLimited(now time.Time) {
	if l.limitedSince.IsZero() || now.Sub(l.pausedUntil) > l.steady.length {
		l.limitedSince = now
	}
}

// pauseFor stops the endpoint for as long as a 429 asks. Further 429 responses during the pause
// don't slow it down more, and neither does a steady window that other programs have used up.
func (l *limiter) pauseFor(now time.Time, pause time.Duration) {
	if pause <= l.burst.length && !l.pausedUntil.After(now) {
		l.burst.slowDown()
	}
	if pause == 0 {
		pause = min(l.pause, l.policy.MaxRetryAfter)
	}
	if until := now.Add(pause); until.After(l.pausedUntil) {
		l.pausedUntil = until
	}
}

// availableAt returns the expected time of the next attempt. Zero means now.
func (l *limiter) availableAt(op *runtime.Operation) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.applyLimits(op)
	return l.nextAvailable(time.Now())
}

// tryAcquire counts an attempt as sent, if one may be sent now.
func (l *limiter) tryAcquire(op *runtime.Operation) (attempt, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.applyLimits(op)
	now := time.Now()
	if !l.nextAvailable(now).IsZero() {
		return attempt{}, false
	}
	l.inFlight++
	l.burst.send(now)
	l.daily.send(now)
	a := l.steady.send(now)
	a.operation = op
	return a, true
}

func (l *limiter) nextAvailable(now time.Time) (at time.Time) {
	others := l.steady.others()
	if available, end := l.steady.available(now, l.inFlight); available <= others {
		at = end
	}
	for _, opens := range []time.Time{l.burst.availableAt(now, l.inFlight, others), l.daily.availableAt(now), l.pausedUntil} {
		if opens.After(now) && opens.After(at) {
			at = opens
		}
	}
	return at
}

// waitUntil waits until a time or until wake receives.
func waitUntil(ctx context.Context, until time.Time, wake <-chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
