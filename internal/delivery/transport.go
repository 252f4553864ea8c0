package delivery

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// Grace is how long a request may continue after its context was cancelled, if the context has
// no deadline.
const Grace = 30 * time.Second

// Transport returns a transport that lets requests in flight finish when their context is
// cancelled, so that their result is known. The deadline of the context still applies. No
// request is started with a cancelled context.
func Transport(next http.RoundTripper) http.RoundTripper { return transport{next} }

type transport struct{ next http.RoundTripper }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	ctx, cancel := outlive(req.Context())
	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &body{resp.Body, cancel}
	return resp, nil
}

// outlive returns a context that continues after ctx is cancelled, until the deadline of ctx or
// for Grace.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			cancel()
			return
		}
		left := Grace
		if deadline, ok := ctx.Deadline(); ok {
			left = time.Until(deadline)
		}
		timer := time.AfterFunc(left, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, sync.OnceFunc(func() {
		stop()
		cancel()
	})
}

// A body is a response body whose context may end when it is closed.
type body struct {
	io.ReadCloser
	done context.CancelFunc
}

func (b *body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
