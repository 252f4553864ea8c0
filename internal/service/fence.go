package service

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// fence lets requests pass while an account is owned. When the ownership ends it cuts off
// those on their way, also the ones that may otherwise outlive their context: another
// service may be the owner by then, and no two may send for an account at a time.
type fence struct {
	next http.RoundTripper

	mu    sync.Mutex
	owned ownership // nil before the first
}

// ownership is a [stream.Lease]. A process that was stopped for a while may learn from Valid
// that it is over before Context has ended.
type ownership interface {
	Context() context.Context
	Valid() bool
}

// before makes the fence the link before the network.
func (f *fence) before(network http.RoundTripper) http.RoundTripper {
	f.next = network
	return f
}

// open lets requests pass until the ownership ends.
func (f *fence) open(owned ownership) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.owned = owned
}

func (f *fence) RoundTrip(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	owned := f.owned
	f.mu.Unlock()
	if owned == nil || !owned.Valid() {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, stream.ErrNotOwner
	}
	ctx, cancel := context.WithCancel(req.Context())
	stop := context.AfterFunc(owned.Context(), cancel)
	resp, err := f.next.RoundTrip(fenceRequest(req.WithContext(ctx), owned))
	if err != nil {
		stop()
		cancel()
		return nil, err
	}
	resp.Body = &responseBody{resp.Body, func() { stop(); cancel() }}
	return resp, nil
}

// fenceRequest changes a request so that its body can be read only while the account is owned.
func fenceRequest(req *http.Request, owned ownership) *http.Request {
	if req.Body == nil || req.Body == http.NoBody {
		return req
	}
	req.Body = &requestBody{req.Body, owned}
	if get := req.GetBody; get != nil { // net/http sends the request again if a kept connection was closed
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := get()
			if err != nil {
				return nil, err
			}
			return &requestBody{body, owned}, nil
		}
	}
	return req
}

// requestBody fails when the ownership is over. The transport reads it just before it writes to
// the network, so that a process that is stopped while it connects doesn't send afterwards.
type requestBody struct {
	io.ReadCloser
	owned ownership
}

func (b *requestBody) Read(p []byte) (int, error) {
	if !b.owned.Valid() {
		return 0, stream.ErrNotOwner
	}
	return b.ReadCloser.Read(p)
}

// responseBody can be read while the account is owned.
type responseBody struct {
	io.ReadCloser
	done func()
}

func (b *responseBody) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
