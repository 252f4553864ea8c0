package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// RetryPolicy configures retries. A field that is zero has its default value.
type RetryPolicy struct {
	// MaxAttempts is the maximum number of attempts, including the first. 1 disables retries.
	// Attempts with a 429 response don't count. The default is 8.
	MaxAttempts int
	// MaxRateLimited is how long an operation can get only 429 responses before its requests
	// fail. The default is 15 minutes.
	MaxRateLimited time.Duration
	// MinBackoff and MaxBackoff limit the wait before a retry. The wait is random, between zero
	// and MinBackoff doubled with each attempt, up to MaxBackoff. The defaults are 500 ms
	// and 30 s.
	MinBackoff, MaxBackoff time.Duration
	// MaxRetryAfter limits the wait that a Retry-After header can ask for. The default is
	// 2 minutes.
	MaxRetryAfter time.Duration
	// AttemptTimeout is the maximum duration of an attempt, from sending the request to the
	// end of the response. Waits for the rate limits don't count. The default is 30 s.
	AttemptTimeout time.Duration
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	return RetryPolicy{
		MaxAttempts:    cmp.Or(p.MaxAttempts, 8),
		MaxRateLimited: cmp.Or(p.MaxRateLimited, 15*time.Minute),
		MinBackoff:     cmp.Or(p.MinBackoff, 500*time.Millisecond),
		MaxBackoff:     cmp.Or(p.MaxBackoff, 30*time.Second),
		MaxRetryAfter:  cmp.Or(p.MaxRetryAfter, 2*time.Minute),
		AttemptTimeout: cmp.Or(p.AttemptTimeout, 30*time.Second),
	}
}

// validate checks the policy and sets the defaults.
func (p RetryPolicy) validate() (RetryPolicy, error) {
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"MaxAttempts", int64(p.MaxAttempts)},
		{"MaxRateLimited", int64(p.MaxRateLimited)},
		{"MinBackoff", int64(p.MinBackoff)},
		{"MaxBackoff", int64(p.MaxBackoff)},
		{"MaxRetryAfter", int64(p.MaxRetryAfter)},
		{"AttemptTimeout", int64(p.AttemptTimeout)},
	} {
		if field.value < 0 {
			return p, fmt.Errorf("%s is negative; use a positive value, or zero for the default", field.name)
		}
	}
	p = p.withDefaults()
	if p.MinBackoff > p.MaxBackoff {
		return p, fmt.Errorf("MinBackoff %v is above MaxBackoff %v", p.MinBackoff, p.MaxBackoff)
	}
	return p, nil
}

// backoff returns the wait after the n-th attempt, starting at 1, with full jitter.
func (p RetryPolicy) backoff(n int) time.Duration {
	limit := p.MaxBackoff
	if shift := n - 1; shift < 62 && p.MinBackoff <= p.MaxBackoff>>shift {
		limit = p.MinBackoff << shift
	}
	return rand.N(limit + 1)
}

// retry retries temporary failures with retryablehttp. hc passes each attempt to next, and
// doesn't follow redirects.
func retry(policy RetryPolicy, hc http.Client, logger *slog.Logger) middleware {
	outages := newOutages(logger)
	return func(next http.RoundTripper) http.RoundTripper {
		hc.Transport = next
		hc.Timeout = 0 // it would include waits for the rate limits; see limitDuration
		hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			r := retrier{policy: policy, outages: outages, call: callOf(req)}
			again, err := retryableRequest(req)
			if err != nil {
				return nil, err
			}
			loop := retryablehttp.Client{
				HTTPClient:   &hc,
				RetryMax:     math.MaxInt, // shouldRetry decides
				CheckRetry:   r.shouldRetry,
				Backoff:      r.backoff,
				ErrorHandler: retryablehttp.PassthroughErrorHandler,
			}
			return loop.Do(again)
		})
	}
}

// retryableRequest returns a request whose attempts share the body of the call. FromRequest
// would copy the body, which may have megabytes.
func retryableRequest(req *http.Request) (*retryablehttp.Request, error) {
	if req.Body == nil {
		return retryablehttp.FromRequest(req)
	}
	bare := *req
	bare.Body = nil
	again, err := retryablehttp.FromRequest(&bare)
	if err != nil {
		return nil, err
	}
	return again, again.SetBody(callOf(req).body)
}

// A retrier decides whether to retry a request.
type retrier struct {
	policy  RetryPolicy
	outages *outages
	call    *call
	wait    time.Duration
}

// shouldRetry is called after each attempt. It returns false if the context would end before
// the next attempt, so that the caller gets the error of the last attempt.
func (r *retrier) shouldRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	passes := r.isTemporary(resp, err)
	if err == nil && !passes {
		r.outages.end(ctx, r.call.operation.ID)
	}
	if ctx.Err() != nil || r.policy.MaxAttempts == 1 || !passes {
		return false, nil
	}
	r.wait = max(r.policy.backoff(r.call.attempts), retryAfter(resp, r.policy.MaxRetryAfter))
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < r.wait {
		return false, nil
	}
	status := 0
	if resp != nil {
		status = resp.StatusCode
	}
	var limited runtime.OperationID
	if status == http.StatusTooManyRequests {
		limited = r.call.operation.ID
		if time.Since(r.call.limitedSince)+r.wait > r.policy.MaxRateLimited {
			return false, nil
		}
	} else if r.call.attempts-r.call.rateLimited >= r.policy.MaxAttempts {
		return false, nil
	}
	attrs := []any{"operation", r.call.operation.ID, "attempt", r.call.attempts, "status", status, "wait", r.wait}
	if err != nil {
		attrs = append(attrs, "error", describe(withoutURL(err)))
	}
	r.outages.logRetry(ctx, limited, attrs...)
	return true, nil
}

func (r *retrier) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return r.wait }

// isTemporary reports whether a retry may succeed.
func (r *retrier) isTemporary(resp *http.Response, err error) bool {
	if err != nil {
		return !isPermanent(err)
	}
	return BlameOf(readResponse(r.call.operation, resp).kind()) == BlameTemporary
}

// isPermanent reports whether an attempt without a response would fail again.
func isPermanent(err error) bool {
	cause, _ := causeOf(withoutURL(err))
	return cause.permanent
}

// retryAfter returns the wait that a 429 or 503 response asks for, in seconds or as a date, up
// to most. It is zero if there is none.
func retryAfter(resp *http.Response, limit time.Duration) time.Duration {
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	header := resp.Header.Get("Retry-After")
	// ParseInt returns the nearest value for a number out of range.
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		if seconds > int64(limit/time.Second) {
			return limit
		}
		return time.Duration(max(0, seconds)) * time.Second
	}
	until, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	// Use the server's clock if it is known: the local one may be wrong.
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(0, until.Sub(now)), limit)
}
