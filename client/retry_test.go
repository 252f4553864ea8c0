package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// event is a request that passes every check.
func event() Request {
	return request{klaviyo.OperationCreateEvent, klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
		Metric:     klaviyo.MetricCreateQuery{Name: "Signed Up"},
		Profile:    klaviyo.EventProfile{Email: "ada@example.com"},
		Properties: []byte(`{}`),
	})}
}

type request struct {
	op   *klaviyo.Operation
	body any
}

func (r request) Operation() *klaviyo.Operation { return r.op }
func (r request) Body() any                     { return r.body }

func TestRetry(t *testing.T) {
	const page, errorsJSON = "<html>", `{"errors":[{"id":"1","code":"x","title":"","detail":""}]}`
	for _, test := range []struct {
		name  string
		first func() (*http.Response, error)
		again bool
	}{
		{"refused connection", failing(syscall.ECONNREFUSED), true},
		{"cut off answer", func() (*http.Response, error) {
			resp := answer(http.StatusAccepted, "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"da`), brokenReader{}))
			return resp, nil
		}, true},
		{"cut off error", func() (*http.Response, error) {
			resp := answer(http.StatusConflict, "")
			resp.Body = io.NopCloser(brokenReader{})
			return resp, nil
		}, true},
		{"408", answering(408, page), true},
		{"425", answering(425, page), true},
		{"429", answering(429, errorsJSON), true},
		{"500", answering(500, errorsJSON), true},
		{"503", answering(503, page), true},
		{"599", answering(599, ""), true},
		{"403 of a gateway", answering(403, page), true},
		{"403 without a body", answering(403, ""), true},
		{"403 of the API", answering(403, errorsJSON), false},
		{"302", answering(302, ""), false},
		{"400", answering(400, errorsJSON), false},
		{"401", answering(401, page), false},
		{"404", answering(404, page), false},
		{"409", answering(409, errorsJSON), false},
		{"410", answering(410, errorsJSON), false},
		{"422", answering(422, errorsJSON), false},
		{"untrusted certificate", failing(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), false},
		{"certificate of another host", failing(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}), false},
		{"answer too large", func() (*http.Response, error) {
			return answer(http.StatusOK, strings.Repeat(" ", maxBody+1)), nil
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var bodies [][]byte
				c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
					body, err := io.ReadAll(req.Body)
					if err != nil {
						t.Error(err)
					}
					bodies = append(bodies, body)
					if len(bodies) == 1 {
						return test.first()
					}
					return answer(http.StatusAccepted, ""), nil
				})
				sent, err := c.Send(t.Context(), event())
				if again := len(bodies) > 1; again != test.again {
					t.Fatalf("%d attempts, err = %v", len(bodies), err)
				}
				if !test.again {
					if err == nil {
						t.Error("no error")
					}
					return
				}
				if err != nil || sent.Attempts != 2 {
					t.Errorf("%+v, %v; want success at the second attempt", sent, err)
				}
				if len(bodies[1]) == 0 || !bytes.Equal(bodies[0], bodies[1]) {
					t.Errorf("the second attempt sent %q, the first %q", bodies[1], bodies[0])
				}
				if got := c.Stats(); got.Requests != 2 || got.Retries != 1 {
					t.Errorf("stats %+v", got)
				}
			})
		})
	}
}

func failing(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

func answering(status int, body string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(status, body), nil }
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRetryGivesUp(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func() (*http.Response, error)
		want   error
		status int
	}{
		{"unavailable", answering(503, "<html>"), ErrUnavailable, 503},
		{"challenged", answering(403, "<html>"), ErrUnavailable, 403},
		{"no answer", failing(syscall.ECONNRESET), ErrUnavailable, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				c := newTestClient(t, func(*http.Request) (*http.Response, error) {
					attempts++
					return test.answer()
				}, WithRetry(RetryPolicy{MaxAttempts: 3}))
				_, err := c.Send(t.Context(), event())
				var e *Error
				if !errors.As(err, &e) || !errors.Is(err, test.want) || e.StatusCode != test.status {
					t.Fatalf("err = %v, want %v, status %d", err, test.want, test.status)
				}
				if attempts != 3 || e.Attempts != 3 {
					t.Errorf("%d attempts, of which the error tells %d; want 3", attempts, e.Attempts)
				}
			})
		})
	}
}

// 429s use up no attempts, but time.
func TestRetryWhileRateLimited(t *testing.T) {
	limited := func() *http.Response {
		resp := answer(http.StatusTooManyRequests, `{}`)
		resp.Header.Set("Retry-After", "50")
		return resp
	}
	for _, test := range []struct {
		name      string
		policy    RetryPolicy
		unlimited int // the responses from this on are no 429
		want      error
		attempts  int
		took      time.Duration
	}{
		{"passes", RetryPolicy{MaxAttempts: 2}, 11, nil, 11, 500 * time.Second},
		{"given up", RetryPolicy{}, 1000, ErrRateLimited, 19, 900 * time.Second},
		{"given up sooner", RetryPolicy{MaxRateLimited: time.Minute}, 1000, ErrRateLimited, 2, 50 * time.Second},
		{"no other attempt", RetryPolicy{MaxAttempts: 1}, 2, ErrRateLimited, 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				c := newTestClient(t, func(*http.Request) (*http.Response, error) {
					if attempts++; attempts < test.unlimited {
						return limited(), nil
					}
					return answer(http.StatusAccepted, ""), nil
				}, WithRetry(test.policy))
				start := time.Now()
				_, err := c.Send(t.Context(), event())
				if !errors.Is(err, test.want) || attempts != test.attempts {
					t.Errorf("err = %v after %d attempts, want %v after %d", err, attempts, test.want, test.attempts)
				}
				if took := time.Since(start); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
			})
		})
	}
}

// Other failures count, between 429s too.
func TestRetryCountsTheOtherFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			if attempts++; attempts%2 == 1 {
				return answer(http.StatusTooManyRequests, ""), nil
			}
			return answer(http.StatusBadGateway, ""), nil
		}, WithRetry(RetryPolicy{MaxAttempts: 3}))
		_, err := c.Send(t.Context(), event())
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrUnavailable) || e.Attempts != 6 || e.RateLimited != 3 {
			t.Errorf("err = %v, want ErrUnavailable after 3 answers of 502 and 3 of 429", err)
		}
	})
}

func TestRetryStopsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		attempts := 0
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			attempts++
			cancel()
			return nil, syscall.ECONNRESET
		})
		_, err := c.Send(ctx, event())
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) || attempts != 1 {
			t.Errorf("err = %v after %d attempts, want context.Canceled after 1", err, attempts)
		}
	})
}

// A wait that the context would end isn't begun: the API's error tells more.
func TestRetryKnowsTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			resp := answer(http.StatusServiceUnavailable, "")
			resp.Header.Set("Retry-After", "60")
			return resp, nil
		})
		start := time.Now()
		_, err := c.Send(ctx, event())
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrUnavailable) || e.RetryAfter != time.Minute || time.Since(start) > 0 {
			t.Errorf("after %v: err = %v, want ErrUnavailable with RetryAfter at once", time.Since(start), err)
		}
	})
}

func TestBackoff(t *testing.T) {
	p := RetryPolicy{MinBackoff: time.Second, MaxBackoff: 10 * time.Second}
	for n, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 99: 10 * time.Second} {
		var longest time.Duration
		for range 1000 {
			longest = max(longest, p.backoff(n))
		}
		if longest > most || longest < most*9/10 {
			t.Errorf("the longest of 1000 waits after attempt %d is %v, want about %v", n, longest, most)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		status       int
		header, date string
		want         time.Duration
	}{
		{429, "7", "", 7 * time.Second},
		{503, "7", "", 7 * time.Second},
		{500, "7", "", 0},
		{429, "", "", 0},
		{429, "soon", "", 0},
		{429, "-9223372036854775808", "", 0},
		{429, "9223372036854775807", "", 2 * time.Minute},
		{429, "99999999999999999999", "", 2 * time.Minute},
		{429, "-99999999999999999999", "", 0},
		{429, "Thu, 23 Feb 2023 10:00:30 GMT", "Thu, 23 Feb 2023 10:00:00 GMT", 30 * time.Second},
		{429, "Thu, 23 Feb 2023 10:00:00 GMT", "Thu, 23 Feb 2023 10:00:30 GMT", 0},
		{429, "Thu, 23 Feb 2023 11:00:00 GMT", "Thu, 23 Feb 2023 10:00:30 GMT", 2 * time.Minute},
		{429, now.Add(24 * time.Hour).UTC().Format(http.TimeFormat), "", 2 * time.Minute},
		{429, "Thu, 23 Feb 2023 11:00:00 GMT", "", 0},
	} {
		resp := answer(test.status, "")
		resp.Header.Set("Retry-After", test.header)
		resp.Header.Set("Date", test.date)
		if got := retryAfter(resp, 2*time.Minute); got != test.want {
			t.Errorf("retryAfter(%d, %q, Date %q) = %v, want %v", test.status, test.header, test.date, got, test.want)
		}
	}
}

func TestRetryHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			if !first {
				return answer(http.StatusAccepted, ""), nil
			}
			first = false
			resp := answer(http.StatusServiceUnavailable, "")
			resp.Header.Set("Retry-After", "20")
			return resp, nil
		})
		start := time.Now()
		if _, err := c.Send(t.Context(), event()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("waited %v, want 20s", took)
		}
	})
}

// The operation's requests are given up together, since waiting for one another is
// waiting for the same thing. Another response is a reason to go on.
func TestRateLimitedOperationIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		answered := false
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			if !answered && time.Since(start) > 10*time.Minute {
				answered = true
				return answer(http.StatusAccepted, ""), nil
			}
			resp := answer(http.StatusTooManyRequests, `{}`)
			resp.Header.Set("Retry-After", "70")
			return resp, nil
		})
		var all sync.WaitGroup
		var delivered, givenUp atomic.Int64
		for range 40 {
			all.Go(func() {
				_, err := c.Send(t.Context(), event())
				switch {
				case err == nil:
					delivered.Add(1)
				case errors.Is(err, ErrRateLimited) && !errors.Is(err, context.DeadlineExceeded):
					givenUp.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); delivered.Load() != 1 || givenUp.Load() != 39 || took < 24*time.Minute || took > 27*time.Minute {
			t.Errorf("%d delivered, %d given up after %v; want 1, and 39 about 15 minutes after that", delivered.Load(), givenUp.Load(), took)
		}

		// Later it is tried again, with patience.
		time.Sleep(time.Hour)
		start = time.Now()
		if _, err := c.Send(t.Context(), event()); !errors.Is(err, ErrRateLimited) || time.Since(start) < 13*time.Minute {
			t.Errorf("err = %v after %v, want ErrRateLimited after about 15 minutes", err, time.Since(start))
		}
	})
}
