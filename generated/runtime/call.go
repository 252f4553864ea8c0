package runtime

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Caller makes calls. A client of package client is one.
type Caller interface {
	// Call sends the body as JSON and decodes the answer. An answer that isn't one of the
	// operation's successes is an error.
	Call(context.Context, Call) error
}

// Call is a call of an operation.
type Call struct {
	// Operation is the call to make.
	Operation *Operation
	// PathParams are the values of the parameters in the operation's path, in
	// their order there.
	PathParams []string
	// Query is the parameters of the query.
	Query url.Values
	// Body is nil if the operation takes none.
	Body any
	// Answer is what the answer is to be decoded into, nil if it has no body.
	Answer any
	// Options are those given to the typed call; [Apply] reads them.
	Options []CallOption
}

// Path is the call's path, with its parameters in their places, or an error if one
// is missing or can't be a part of a path.
func (c Call) Path() (string, error) { return c.Operation.PathOf(c.PathParams...) }

// CallOption changes one call, or learns of its answer.
type CallOption func(*CallConfig)

// CallConfig is what a call's options ask for.
type CallConfig struct {
	// Answered is to be filled in, unless it is nil.
	Answered *Answered
	// Revision is that of a call without a description; see [InRevision].
	Revision string
}

// Apply gives what options ask for together.
func Apply(options ...CallOption) CallConfig {
	var cfg CallConfig
	for _, option := range options {
		option(&cfg)
	}
	return cfg
}

// Answered is what came with the answer to a call. It is filled in also where the
// call fails with an answer.
type Answered struct {
	// StatusCode is the answer's status, zero if none came.
	StatusCode int
	// RequestID names the call in Klaviyo's logs, if the answer has an id.
	RequestID string
	// Header holds the answer's header.
	Header http.Header
	// Limit is how many calls a window of the operation's steady limit takes, and Remaining how
	// many of them are left. They are zero where the answer doesn't say.
	Limit, Remaining int
	// Reset is how long that window still lasts.
	Reset time.Duration
	// Attempts is the number of times the request was sent.
	Attempts int
}

// InRevision makes a call without a description one of a revision, such as 2026-07-15.
// Typed calls are of their package's revision.
func InRevision(revision string) CallOption {
	return func(cfg *CallConfig) { cfg.Revision = revision }
}

// WithAnswered has what comes with the answer written to a.
func WithAnswered(a *Answered) CallOption {
	return func(cfg *CallConfig) { cfg.Answered = a }
}
