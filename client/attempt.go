package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Attempt is one sending of a request and what came of it. It holds no part of the
// request or the answer.
type Attempt struct {
	// Operation is the call. An upsert consists of several.
	Operation *runtime.Operation
	// Number is the attempt's place among those of the call, from 1 on.
	Number int
	// StatusCode is the answer's, zero if there was none.
	StatusCode int
	// Err is nil after success, else one of the Err… variables, or the error of the
	// context where that has ended. It isn't an [*Error]: another attempt may follow.
	Err error
	// Wait is how long the limiter held the attempt back before it was sent. Waits
	// between attempts aren't in it.
	Wait time.Duration
	// Duration is the time from sending to the end of the answer or the failure.
	Duration time.Duration
}

// AttemptHook is told of an attempt when it is over, with the context of the call.
type AttemptHook func(context.Context, Attempt)

// WithAttemptHook calls hook after each attempt, in the goroutine that makes the call
// and before any other attempt of it. Several goroutines may call it at the same time,
// and the call waits for it. Given more than once, the hooks are called in their order.
func WithAttemptHook(hook AttemptHook) Option {
	return func(c *config) error {
		if hook == nil {
			return optionError("WithAttemptHook", "the hook is nil; leave the option out")
		}
		c.hooks = append(c.hooks, hook)
		return nil
	}
}

// reasonOf is an attempt's Err.
func reasonOf(req *http.Request, resp *http.Response, err error) error {
	switch {
	case err != nil:
		if e := noAnswer(req, err); e.kind != nil {
			return e.kind
		}
		return req.Context().Err()
	}
	return replyOf(callOf(req).operation, resp).kind()
}
