package klaviyotest

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Fault is a failure that [Klaviyo.Inject] causes. The first fields choose the
// requests that it meets, the others say what happens to them. Fields combine:
// Delay alone is a slow answer, CutOff alone the usual answer cut off, and
// AfterAccept with Reset a request that is taken but never answered.
type Fault struct {
	// Operation is the one that the fault is for; empty is any, and any other
	// request as well.
	Operation *runtime.Operation
	// When chooses requests by what is in them, whose body it may read; nil is
	// every request. It must not inject faults.
	When func(*http.Request) bool
	// Times is how many requests the fault meets: 0 is one, a negative number all.
	Times int

	// AfterAccept lets the request take effect first, so that only its answer is
	// lost. By default the fault strikes before Klaviyo has looked at it.
	AfterAccept bool
	// Delay passes before the answer, or until the request's context ends.
	Delay time.Duration
	// Status is the status of the answer; 0 leaves the usual answer.
	Status int
	// Code is the code in the JSON errors of the answer. The default is the usual
	// one of Status.
	Code string
	// HTML is a page to answer instead of JSON errors, as gateways do.
	HTML string
	// RetryAfter is the header Retry-After, in whole seconds rounded up; 0 is no header.
	RetryAfter time.Duration
	// CutOff ends the connection in the middle of the answer's body.
	CutOff bool
	// Reset resets the connection, without an answer.
	Reset bool
}

// RateLimited is a 429, as another program that spends the same quota causes it.
func RateLimited(retryAfter time.Duration) Fault {
	return Fault{Status: http.StatusTooManyRequests, RetryAfter: retryAfter}
}

// ServerError is a 500 with errors in JSON.
func ServerError() Fault {
	return Fault{Status: http.StatusInternalServerError}
}

// Unauthorized is the 401 of a key that has been revoked.
func Unauthorized() Fault {
	return Fault{Status: http.StatusUnauthorized, Code: codeAuthenticationFailed}
}

// MissingScope is the 403, with errors in JSON, of a key that may not do this.
func MissingScope() Fault {
	return Fault{Status: http.StatusForbidden}
}

// Challenge is the 403, a page, of a gateway that takes the client for a robot.
func Challenge() Fault {
	return Fault{Status: http.StatusForbidden, HTML: "<!DOCTYPE html><title>Just a moment</title>"}
}

// ConnectionReset is a connection that breaks before Klaviyo has seen the request.
func ConnectionReset() Fault {
	return Fault{Reset: true}
}

// Slow is the usual answer, late.
func Slow(delay time.Duration) Fault {
	return Fault{Delay: delay}
}

// Inject adds faults. A request meets the first fault that is for it, in the
// order of injection, and at most one. Inject panics if a fault makes no sense.
func (k *Klaviyo) Inject(injected ...Fault) {
	for _, f := range injected {
		if f.Operation != nil {
			mustKnow("Inject", f.Operation)
		}
		if f.Status == 0 && (f.HTML != "" || f.Code != "") {
			panic("klaviyotest: Inject: a fault with HTML or a Code needs a Status")
		}
	}
	k.faults.add(injected)
}

// answers tells whether the fault stands in for the usual answer.
func (f *Fault) answers() bool { return f.Reset || f.Status != 0 }

// apply turns the usual answer into the fault's.
func (f *Fault) apply(usual answer) answer {
	a := usual
	switch {
	case f.Reset:
		return answer{reset: true}
	case f.HTML != "":
		a = answer{status: f.Status, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: []byte(f.HTML)}
	case f.Status != 0:
		a = refuse(refusal{status: f.Status, code: f.Code, detail: "A fault that the test injected."})
	}
	if f.RetryAfter > 0 {
		a.header.Set("Retry-After", strconv.Itoa(wholeSeconds(f.RetryAfter)))
	}
	a.cutOff = f.CutOff
	return a
}

// faults are the injected ones that are still to come. Their lock is their own,
// so that a Fault's When can ask the Klaviyo what it holds.
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

// take uses up the fault for a call; the zero Fault leaves the call alone.
func (fs *faults) take(c *call) Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	i := slices.IndexFunc(fs.pending, func(f *Fault) bool {
		return (f.Operation == nil || f.Operation == c.operation) && (f.When == nil || f.When(c.request()))
	})
	if i < 0 {
		return Fault{}
	}
	f := fs.pending[i]
	if f.Times--; f.Times == 0 { // a negative one never is
		fs.pending = slices.Delete(fs.pending, i, i+1)
	}
	return *f
}
