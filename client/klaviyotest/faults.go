package klaviyotest

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Fault is a failure for [Klaviyo.Inject]. The first fields select requests, and the others say
// what happens to them. Fields can be combined: Delay alone is a slow response, CutOff alone
// truncates the normal response, and AfterAccept with Reset accepts the request but loses the
// response.
//
// The functions that return a Fault, such as [ServerError], are for frequent failures of one
// request. [Fault.Repeat] makes them fail more requests. To select an operation, set the field:
//
//	fault := klaviyotest.ServerError().Repeat(3)
//	fault.Operation = klaviyo.OperationCreateEvent
//	k.Inject(fault)
type Fault struct {
	// Operation selects requests of an operation. nil selects all requests, even those of no
	// operation.
	Operation *runtime.Operation
	// When selects requests. It may read the body, and must not call Inject. nil selects all
	// requests.
	When func(*http.Request) bool
	// Times is the number of requests that the fault affects. The default is one. A negative
	// number means all.
	Times int

	// AfterAccept processes the request first, so that only the response is affected. By
	// default the request isn't processed.
	AfterAccept bool
	// Delay delays the response, at most until the request's context ends.
	Delay time.Duration
	// Status is the status of the response. The default is the normal response.
	Status int
	// Code is the error code in the response. The default is that of Status.
	Code string
	// HTML is an HTML body that replaces the JSON errors, as from a gateway.
	HTML string
	// RetryAfter sets the Retry-After header, rounded up to seconds. Zero omits it.
	RetryAfter time.Duration
	// CutOff ends the connection in the middle of the response body.
	CutOff bool
	// Reset resets the connection without a response.
	Reset bool
}

// Repeat returns the fault for a number of requests. A negative number means all. It is short for
// setting Times, such as in k.Inject(klaviyotest.ServerError().Repeat(3)).
func (f Fault) Repeat(times int) Fault {
	f.Times = times
	return f
}

// RateLimited returns a 429 response, as if another program used up the quota.
func RateLimited(retryAfter time.Duration) Fault {
	return Fault{Status: http.StatusTooManyRequests, RetryAfter: retryAfter}
}

// ServerError returns a 500 response with JSON errors.
func ServerError() Fault {
	return Fault{Status: http.StatusInternalServerError}
}

// Unauthorized returns the 401 response for a revoked key.
func Unauthorized() Fault {
	return Fault{Status: http.StatusUnauthorized, Code: codeAuthenticationFailed}
}

// MissingScope returns the 403 response for a key without a scope, with JSON errors.
func MissingScope() Fault {
	return Fault{Status: http.StatusForbidden}
}

// Challenge returns the 403 response of a gateway that takes the client for a bot, with an HTML
// body.
func Challenge() Fault {
	return Fault{Status: http.StatusForbidden, HTML: "<!DOCTYPE html><title>Just a moment</title>"}
}

// ConnectionReset resets the connection before the request is processed.
func ConnectionReset() Fault {
	return Fault{Reset: true}
}

// Slow delays the normal response.
func Slow(delay time.Duration) Fault {
	return Fault{Delay: delay}
}

// Inject adds faults. A request is affected by at most one fault: the first that selects it, in
// the order of injection. Inject panics if a fault is invalid.
func (k *Klaviyo) Inject(injected ...Fault) {
	for _, f := range injected {
		if f.Operation != nil {
			requireOperation("Inject", f.Operation)
		}
		if f.Status == 0 && (f.HTML != "" || f.Code != "") {
			panic("klaviyotest: Inject: a fault with HTML or a Code needs a Status")
		}
	}
	k.faults.add(injected)
}

// replacesResponse reports whether the fault replaces the normal response.
func (f *Fault) replacesResponse() bool { return f.Reset || f.Status != 0 }

// apply returns the response with the fault.
func (f *Fault) apply(normal response) response {
	a := normal
	switch {
	case f.Reset:
		return response{resetConnection: true}
	case f.HTML != "":
		a = response{status: f.Status, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: []byte(f.HTML)}
	case f.Status != 0:
		a = errorResponse(requestError{status: f.Status, code: f.Code, detail: "Fault injected by the test."})
	}
	if f.RetryAfter > 0 {
		a.header.Set("Retry-After", strconv.Itoa(wholeSeconds(f.RetryAfter)))
	}
	a.truncated = f.CutOff
	return a
}

// faults are the injected faults that are pending. They have their own lock, so that When can
// call methods of the Klaviyo.
type faults struct {
	mu      sync.Mutex
	pending []*Fault
}

func (fs *faults) add(injected []Fault) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range injected {
		if f.Times == 0 {
			f.Times = 1
		}
		fs.pending = append(fs.pending, &f)
	}
}

// next returns the fault for a call and counts it. The zero Fault has no effect.
func (fs *faults) next(c *call) Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	i := slices.IndexFunc(fs.pending, func(f *Fault) bool {
		return (f.Operation == nil || f.Operation == c.operation) && (f.When == nil || f.When(c.request()))
	})
	if i < 0 {
		return Fault{}
	}
	f := fs.pending[i]
	if f.Times--; f.Times == 0 { // negative numbers never reach zero
		fs.pending = slices.Delete(fs.pending, i, i+1)
	}
	return *f
}
