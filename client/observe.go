package client

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// Stats counts what a [Client] has done since it was created.
type Stats struct {
	// Requests is the number of attempts sent.
	Requests int64
	// Retries is how many of them were retries.
	Retries int64
	// RateLimited is the number of 429 responses.
	RateLimited int64
}

type counters struct{ requests, retries, rateLimited atomic.Int64 }

func (c *counters) stats() Stats {
	return Stats{Requests: c.requests.Load(), Retries: c.retries.Load(), RateLimited: c.rateLimited.Load()}
}

// observe counts and logs each attempt, and calls the hooks.
func observe(logger *slog.Logger, counters *counters, hooks []AttemptHook) middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			call := callOf(req)
			call.attempts++
			counters.requests.Add(1)
			if call.attempts > 1 {
				counters.retries.Add(1)
			}

			start := time.Now()
			resp, err := next.RoundTrip(req)
			duration := time.Since(start)

			status := 0
			if err == nil {
				status = resp.StatusCode
			}
			if status == http.StatusTooManyRequests {
				call.rateLimited++
				counters.rateLimited.Add(1)
			}
			logger.DebugContext(req.Context(), "klaviyo attempt",
				"operation", call.operation.ID, "attempt", call.attempts, "status", status,
				"wait", call.waited, "duration", duration)
			if len(hooks) > 0 {
				a := Attempt{
					Operation: call.operation, Number: call.attempts, StatusCode: status,
					Err: attemptError(req, resp, err), Wait: call.waited, Duration: duration,
				}
				for _, hook := range hooks {
					hook(req.Context(), a)
				}
			}
			return resp, err
		})
	}
}
