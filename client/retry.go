package client

import (
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
		MaxAttempts:    orDefault(p.MaxAttempts, 8),
		MaxRateLimited: orDefault(p.MaxRateLimited, 15*time.Minute),
		MinBackoff:     orDefault(p.MinBackoff, 500*time.Millisecond),
		MaxBackoff:     orDefault(p.MaxBackoff, 30*time.Second),
		MaxRetryAfter:  orDefault(p.MaxRetryAfter, 2*time.Minute),
		AttemptTimeout: orDefault(p.AttemptTimeout, 30*time.Second),
	}
}

func orDefault[T ~int | ~int64](v, byDefault T) T {
	if v == 0 {
		return byDefault
	}
	return v
}

// validate fills in the defaults.
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

// backoff is the wait after the n-th attempt, from 1 on: full jitter.
func (p RetryPolicy) backoff(n int) time.Duration {
	most := p.MaxBackoff
	if shift := n - 1; shift < 62 && p.MinBackoff <= p.MaxBackoff>>shift {
		most = p.MinBackoff << shift
	}
	return rand.N(most + 1)
}

// retry sends a request again after failures that pass. The loop is retryablehttp's;
// hc carries each attempt to the next link, and follows no redirect.
func retry(policy RetryPolicy, hc http.Client, logger *slog.Logger) link {
	spells := newSpells(logger)
	return func(next http.RoundTripper) http.RoundTripper {
		hc.Transport = next
		hc.Timeout = 0 // it would count the limiter's waits; limitTime has it
		hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			r := retrier{policy: policy, spells: spells, call: callOf(req)}
			again, err := repeatable(req)
			if err != nil {
				return nil, err
			}
			loop := retryablehttp.Client{
				HTTPClient:   &hc,
				RetryMax:     math.MaxInt, // check ends it
				CheckRetry:   r.check,
				Backoff:      r.backoff,
				ErrorHandler: retryablehttp.PassthroughErrorHandler,
			}
			return loop.Do(again)
		})
	}
}

// repeatable makes a request that each attempt sends with the body of its call, which may
// have megabytes: FromRequest would copy what it reads of it.
func repeatable(req *http.Request) (*retryablehttp.Request, error) {
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

// A retrier decides for one request.
type retrier struct {
	policy RetryPolicy
	spells *spells
	call   *call
	wait   time.Duration
}

// check is asked after each attempt. It doesn't start a wait that the context
// would end: the error of the last attempt tells more.
func (r *retrier) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	passes := r.passes(resp, err)
	if err == nil && !passes {
		r.spells.answered(ctx, r.call.operation.ID)
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
	r.spells.retry(ctx, limited, attrs...)
	return true, nil
}

func (r *retrier) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return r.wait }

// passes tells whether a failure may pass: no answer, or one that says so.
func (r *retrier) passes(resp *http.Response, err error) bool {
	if err != nil {
		return !final(err)
	}
	return BlameOf(replyOf(r.call.operation, resp).kind()) == BlameTemporary
}

// final tells whether an attempt without an answer would fail in the same way again.
func final(err error) bool {
	cause, _ := causeOf(withoutURL(err))
	return cause.final
}

// retryAfter is what a 429 or 503 asks us to wait, in seconds or as a date; zero
// if it doesn't say.
func retryAfter(resp *http.Response, most time.Duration) time.Duration {
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	header := resp.Header.Get("Retry-After")
	// A number out of range is given as the nearest in it.
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		if seconds > int64(most/time.Second) {
			return most
		}
		return time.Duration(max(0, seconds)) * time.Second
	}
	until, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	// The server's own clock, if it tells: ours may be off.
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(0, until.Sub(now)), most)
}
