package runtime

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Caller sends calls. A client of package client implements it.
type Caller interface {
	// Call encodes the body as JSON, sends it, and decodes the response. A response that isn't
	// successful is an error.
	Call(context.Context, Call) error
}

// Call is a call of an operation.
type Call struct {
	// Operation is the operation to call.
	Operation *Operation
	// PathParams are the values of the parameters in the operation's path, in order.
	PathParams []string
	// Query has the query parameters.
	Query url.Values
	// Body is the request body. It is nil if the operation has none.
	Body any
	// Response is a pointer to the value that the response is decoded into. It is nil if the
	// response has no body.
	Response any
	// Options are the options of the call. [Apply] applies them.
	Options []CallOption
}

// Path returns the path of the call with the values of its parameters. It returns an error if a
// value is missing or invalid.
func (c Call) Path() (string, error) { return c.Operation.PathOf(c.PathParams...) }

// CallOption configures a single call.
type CallOption func(*CallConfig)

// CallConfig is the configuration that the options of a call result in.
type CallConfig struct {
	// ResponseInfo, if not nil, is where the response is described.
	ResponseInfo *ResponseInfo
	// Revision is the revision of a call without typed support; see [InRevision].
	Revision string
}

// Apply returns the configuration that the options result in.
func Apply(options ...CallOption) CallConfig {
	var cfg CallConfig
	for _, option := range options {
		option(&cfg)
	}
	return cfg
}

// ResponseInfo describes the response to a call, including an error response.
type ResponseInfo struct {
	// StatusCode is the status, or zero if there was no response.
	StatusCode int
	// RequestID identifies the request in Klaviyo's logs. It is empty if the response has no
	// id.
	RequestID string
	// Header has the response headers.
	Header http.Header
	// Limit is the number of calls allowed in the window of the operation's steady limit.
	// Remaining is how many of them are left. Both are zero if the response doesn't report
	// them.
	Limit, Remaining int
	// Reset is the time until the window ends.
	Reset time.Duration
	// Attempts is the number of times that the request was sent.
	Attempts int
}

// InRevision sets the revision of an untyped call, such as 2026-07-15. Typed calls always use
// the revision of their package.
func InRevision(revision string) CallOption {
	return func(cfg *CallConfig) { cfg.Revision = revision }
}

// WithResponseInfo stores a description of the response in info.
func WithResponseInfo(info *ResponseInfo) CallOption {
	return func(cfg *CallConfig) { cfg.ResponseInfo = info }
}
