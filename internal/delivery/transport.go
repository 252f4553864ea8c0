package delivery

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// Grace is how long a request may go on whose context was cancelled, if the
// context has no deadline.
const Grace = 30 * time.Second

// Transport returns a transport that lets a request on its way finish when its
// context is cancelled: what Klaviyo does with it is known then. The context's
// deadline still holds. Nothing is begun with a context that is cancelled.
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

// outlive makes a context that goes on until the deadline of ctx after ctx was
// cancelled.
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

// body is an answer's, whose context may end once it has been read.
type body struct {
	io.ReadCloser
	done context.CancelFunc
}

func (b *body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
