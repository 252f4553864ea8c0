package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A link does one thing to requests on their way to next, and to the answers.
type link func(next http.RoundTripper) http.RoundTripper

// chain puts links before a transport; the first one sees a request first.
func chain(transport http.RoundTripper, links ...link) http.RoundTripper {
	for i := len(links) - 1; i >= 0; i-- {
		transport = links[i](transport)
	}
	return transport
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A call is what the links know of a request beside the request itself. One
// goroutine at a time has it.
type call struct {
	operation *runtime.Operation
	// body is the request's, which attempts and checks read without copying it.
	body []byte
	// attempts counts those that were sent, rateLimited their 429 answers.
	attempts, rateLimited int
	// waited is what the limiter made the present attempt wait.
	waited time.Duration
	// limitedSince is when the operation's first 429 came since any other answer.
	limitedSince time.Time
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf gives the call of a request in the chain.
func callOf(req *http.Request) *call {
	return req.Context().Value(callKey{}).(*call)
}
