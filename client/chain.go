package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A middleware processes requests on their way to next, and the responses on their way back.
type middleware func(next http.RoundTripper) http.RoundTripper

// chain wraps a transport in middlewares. The first one gets a request first.
func chain(transport http.RoundTripper, middlewares ...middleware) http.RoundTripper {
	for i := len(middlewares) - 1; i >= 0; i-- {
		transport = middlewares[i](transport)
	}
	return transport
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A call is the state that the middlewares share for a request. Only one goroutine uses it at a
// time.
type call struct {
	operation *runtime.Operation
	// body is the request body, which attempts and checks read without copying.
	body []byte
	// attempts is the number of attempts sent, and rateLimited the number of 429 responses.
	attempts, rateLimited int
	// waited is how long the current attempt waited for the rate limits.
	waited time.Duration
	// limitedSince is the time of the operation's first 429 since any other response.
	limitedSince time.Time
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns the call of a request in the chain.
func callOf(req *http.Request) *call {
	return req.Context().Value(callKey{}).(*call)
}
