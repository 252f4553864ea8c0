package service

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// fakeOwnership may be over before its context has ended, as after a stop of the process.
type fakeOwnership struct {
	ctx  context.Context
	over bool
}

func (o *fakeOwnership) Context() context.Context { return o.ctx }
func (o *fakeOwnership) Valid() bool              { return !o.over && o.ctx.Err() == nil }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// closable is a body that knows whether it was closed.
type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

func TestFenceLetsNothingPassThatIsntOwned(t *testing.T) {
	passed := 0
	f := &fence{}
	f.before(roundTripper(func(*http.Request) (*http.Response, error) {
		passed++
		return &http.Response{Body: http.NoBody}, nil
	}))
	send := func() (*closable, error) {
		body := &closable{Reader: strings.NewReader("{}")}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://klaviyo.example", body)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.RoundTrip(r)
		return body, err
	}
	ctx, cancel := context.WithCancel(t.Context())
	for _, test := range []struct {
		name   string
		change func()
		passes bool
	}{
		{"before the first ownership", func() {}, false},
		{"owned", func() { f.open(&fakeOwnership{ctx: ctx}) }, true},
		{"over, though nobody has noticed", func() { f.open(&fakeOwnership{ctx: ctx, over: true}) }, false},
		{"owned again", func() { f.open(&fakeOwnership{ctx: ctx}) }, true},
		{"ended", cancel, false},
	} {
		test.change()
		before := passed
		body, err := send()
		switch {
		case test.passes && (err != nil || passed != before+1):
			t.Errorf("%s: %v, %d passed", test.name, err, passed-before)
		case !test.passes && (!errors.Is(err, stream.ErrNotOwner) || passed != before || !body.closed):
			t.Errorf("%s: %v, %d passed, the body is closed: %t", test.name, err, passed-before, body.closed)
		}
	}
}

// TestFenceStopsARequestBeforeItsBody covers a process that is stopped after the first check, for
// example while it connects.
func TestFenceStopsARequestBeforeItsBody(t *testing.T) {
	received := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			received <- string(body)
		}
	}))
	defer server.Close()
	owned := &fakeOwnership{ctx: t.Context()}
	network := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		defer func() { owned.over = true }()
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	defer network.CloseIdleConnections()
	f := &fence{}
	f.before(network)
	f.open(owned)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.RoundTrip(r); !errors.Is(err, stream.ErrNotOwner) {
		t.Errorf("the request ended with %v, want %v", err, stream.ErrNotOwner)
	}
	again, err := fenceRequest(r.Clone(t.Context()), owned).GetBody()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(again); !errors.Is(err, stream.ErrNotOwner) {
		t.Errorf("the body can be read once more: %v", err)
	}
	server.Close() // waits for requests in progress
	select {
	case body := <-received:
		t.Errorf("the server received %q", body)
	default:
	}
}

// TestFenceCutsOff ends a request that is on its way, and the reading of a response, whatever
// their own context.
func TestFenceCutsOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fence{}
	f.open(&fakeOwnership{ctx: ctx})
	var inner context.Context
	f.before(roundTripper(func(r *http.Request) (*http.Response, error) {
		inner = r.Context()
		return &http.Response{Body: http.NoBody}, nil
	}))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://klaviyo.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := f.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if inner.Err() != nil {
		t.Fatal("the request was cut off while the account was owned")
	}
	cancel()
	<-inner.Done()
}
