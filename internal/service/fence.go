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
	resp, err := f.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		stop()
		cancel()
		return nil, err
	}
	resp.Body = &fencedBody{resp.Body, func() { stop(); cancel() }}
	return resp, nil
}

// fencedBody is an answer's, which may be read as long as the account is owned.
type fencedBody struct {
	io.ReadCloser
	done func()
}

func (b *fencedBody) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
