package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// hanging answers when the request's context ends.
func hanging(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// hangingBody is a response that never ends.
type hangingBody struct{ ctx context.Context }

func (b hangingBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func TestAttemptTimeout(t *testing.T) {
	for _, test := range []struct {
		name      string
		transport roundTripperFunc
	}{
		{"no answer", hanging},
		{"no end of the answer", func(req *http.Request) (*http.Response, error) {
			resp := answer(http.StatusAccepted, "")
			resp.Body = io.NopCloser(hangingBody{req.Context()})
			return resp, nil
		}},
		{"the transport's own timeout", func(*http.Request) (*http.Response, error) {
			time.Sleep(5 * time.Second)
			return nil, context.DeadlineExceeded
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t, test.transport, WithRetry(RetryPolicy{MaxAttempts: 2, AttemptTimeout: 5 * time.Second, MinBackoff: 1, MaxBackoff: 1}))
				start := time.Now()
				_, err := c.Send(t.Context(), event())
				if took := time.Since(start).Round(time.Second); took != 10*time.Second {
					t.Errorf("two attempts took %v, want 10s", took)
				}
				if !errors.Is(err, ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("err = %v, want ErrUnavailable and not context.DeadlineExceeded", err)
				}
				if !strings.Contains(err.Error(), "no response within 5s") {
					t.Errorf("err = %q, want it to tell the timeout", err)
				}
			})
		})
	}
}

func TestAttemptTimeoutIsTheShorterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hc := &http.Client{Transport: roundTripperFunc(hanging), Timeout: 3 * time.Second}
		c, err := New(testKey, WithHTTPClient(hc), WithRetry(RetryPolicy{MaxAttempts: 1}))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		c.Send(t.Context(), event())
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("the attempt took %v, want 3s", took)
		}
		if hc.Timeout != 3*time.Second || hc.CheckRedirect != nil {
			t.Error("the caller's http.Client was changed")
		}
	})
}

// The limiter's wait is no part of the attempt.
func TestAttemptTimeoutLeavesTheLimiterTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(testKey, WithHTTPClient(&http.Client{Timeout: time.Second, Transport: roundTripperFunc(func(*http.Request) (*http.Response, error) {
			return quotaAnswer(0, 49), nil
		})}))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if sent, err := c.Send(t.Context(), event()); err != nil || sent.Attempts != 1 {
				t.Fatalf("%+v, %v", sent, err)
			}
		}
	})
}

func TestDeadlineOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := newTestClient(t, hanging).Send(ctx, event())
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) {
			t.Errorf("err = %v, want context.DeadlineExceeded alone", err)
		}
	})
}

type closing struct {
	io.Reader
	closed *int
}

func (c closing) Close() error { *c.closed++; return nil }

func TestBodiesAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed, attempts := 0, 0
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			attempts++
			resp := answer([]int{500, 429, 202}[attempts-1], "")
			resp.Body = closing{strings.NewReader("{}"), &closed}
			return resp, nil
		})
		if _, err := c.Send(t.Context(), event()); err != nil {
			t.Fatal(err)
		}
		if closed != attempts {
			t.Errorf("%d of %d bodies were closed", closed, attempts)
		}
	})
}

// A 429 is one, though the rest of it is lost.
func TestTruncatedErrorResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := http.StatusTooManyRequests
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			resp := answer(status, "")
			if status == http.StatusTooManyRequests {
				resp.Body = io.NopCloser(brokenReader{})
			}
			status = http.StatusAccepted
			return resp, nil
		})
		if sent, err := c.Send(t.Context(), event()); err != nil || sent.RateLimited != 1 {
			t.Errorf("%+v, %v; want success after one 429", sent, err)
		}
	})
}

// endless never ends, and counts what is read of it.
type endless struct{ read *int }

func (e endless) Read(p []byte) (int, error) {
	*e.read += len(p)
	return len(p), nil
}

func TestErrorBodiesAreCapped(t *testing.T) {
	read := 0
	c := newTestClient(t, func(*http.Request) (*http.Response, error) {
		resp := answer(http.StatusBadRequest, "")
		resp.Body = io.NopCloser(endless{&read})
		return resp, nil
	})
	if _, err := c.Send(t.Context(), event()); !errors.Is(err, ErrMisdirected) {
		t.Errorf("err = %v, want ErrMisdirected", err)
	}
	if read > 2*maxErrorBody {
		t.Errorf("%d bytes were read", read)
	}
}
