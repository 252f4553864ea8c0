package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Attempt describes one attempt to send a request, and its result. It contains no part of the
// request or the response.
type Attempt struct {
	// Operation is the operation that was called. An upsert can call several.
	Operation *runtime.Operation
	// Number is the number of the attempt within the call, starting at 1.
	Number int
	// StatusCode is the status of the response, or zero if there was none.
	StatusCode int
	// Err is nil if the attempt succeeded. Otherwise it is one of the Err… variables, or the
	// error of the context if that has ended. It isn't an [*Error], since another attempt may
	// follow.
	Err error
	// Wait is how long the attempt waited for the rate limits. It doesn't include the backoff
	// between attempts.
	Wait time.Duration
	// Duration is the time from sending the request to the end of the response or the
	// failure.
	Duration time.Duration
}

// AttemptHook is called after an attempt, with the context of the call.
type AttemptHook func(context.Context, Attempt)

// WithAttemptHook calls hook after each attempt, in the goroutine that makes the call and
// before its next attempt. The call waits for the hook. Concurrent calls run the hook
// concurrently. If the option is used more than once, the hooks run in that order.
func WithAttemptHook(hook AttemptHook) Option {
	return func(c *config) error {
		if hook == nil {
			return optionError("WithAttemptHook", "the hook is nil; omit the option")
		}
		c.hooks = append(c.hooks, hook)
		return nil
	}
}

// attemptError returns the Err of an [Attempt].
func attemptError(req *http.Request, resp *http.Response, err error) error {
	switch {
	case err != nil:
		if e := noResponse(req, err); e.kind != nil {
			return e.kind
		}
		return req.Context().Err()
	}
	return readResponse(callOf(req).operation, resp).kind()
}
