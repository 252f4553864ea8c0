package delivery

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

// slow answers after a time, and sends the body after another.
type slow struct {
	answer, body time.Duration
	calls        int
}

func (s *slow) RoundTrip(req *http.Request) (*http.Response, error) {
	s.calls++
	if err := sleep(req.Context(), s.answer); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusAccepted, Body: io.NopCloser(&slowBody{req.Context(), s.body, strings.NewReader("ok")})}, nil
}

type slowBody struct {
	ctx  context.Context
	wait time.Duration
	io.Reader
}

func (b *slowBody) Read(p []byte) (int, error) {
	if err := sleep(b.ctx, b.wait); err != nil {
		return 0, err
	}
	return b.Reader.Read(p)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// roundTrip returns the response's body or what came in its place.
func roundTrip(ctx context.Context, t *testing.T, next http.RoundTripper) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://klaviyo.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := Transport(next).RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestTransport(t *testing.T) {
	tests := []struct {
		name           string
		cancel         time.Duration // after which the context is cancelled
		deadline       time.Duration
		answer, body   time.Duration
		want           error
		took           time.Duration
		wantNotStarted bool
	}{
		{name: "undisturbed", answer: time.Second, took: time.Second},
		{name: "cancelled before the answer", cancel: time.Second, answer: 20 * time.Second, took: 20 * time.Second},
		{name: "cancelled before the body", cancel: 2 * time.Second, answer: time.Second, body: 3 * time.Second, took: 7 * time.Second},
		{name: "cancelled and never answered", cancel: time.Second, answer: time.Hour, want: context.Canceled, took: time.Second + Grace},
		{name: "cancelled with a deadline", cancel: time.Second, deadline: 5 * time.Second, answer: time.Hour, want: context.Canceled, took: 5 * time.Second},
		{name: "deadline", deadline: 5 * time.Second, answer: time.Hour, want: context.Canceled, took: 5 * time.Second},
		{name: "cancelled before it began", cancel: -1, want: context.Canceled, wantNotStarted: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.deadline > 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, tt.deadline)
					defer stop()
				}
				switch {
				case tt.cancel > 0:
					time.AfterFunc(tt.cancel, cancel)
				case tt.cancel < 0:
					cancel()
				}
				start := time.Now()
				next := &slow{answer: tt.answer, body: tt.body}
				body, err := roundTrip(ctx, t, next)
				if !errors.Is(err, tt.want) || tt.want == nil && body != "ok" {
					t.Errorf("got %q, %v; want %v", body, err, tt.want)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if tt.wantNotStarted && next.calls > 0 {
					t.Error("the request was sent")
				}
			})
		})
	}
}
