package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// The maximum size of a response body.
const (
	maxBody      = 10 << 20
	maxErrorBody = 64 << 10
)

// limitDuration ends an attempt that takes longer than timeout. It reads the whole response, so
// that an incomplete response is a failed attempt, which can be retried.
func limitDuration(timeout time.Duration) middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			ctx, cancel := context.WithTimeout(req.Context(), timeout)
			defer cancel()
			start := time.Now()
			resp, err := next.RoundTrip(req.WithContext(ctx))
			if err == nil {
				err = bufferBody(callOf(req).operation, resp)
			}
			if err == nil {
				return resp, nil
			}
			// Not context.DeadlineExceeded: the caller's context hasn't ended.
			if req.Context().Err() == nil && (ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)) {
				err = attemptTimeoutError(time.Since(start))
			}
			return nil, err
		})
	}
}

// attemptTimeoutError is how long an attempt took before it timed out.
type attemptTimeoutError time.Duration

func (e attemptTimeoutError) Error() string {
	return fmt.Sprintf("no response within %v", time.Duration(e).Round(time.Millisecond))
}

func (e attemptTimeoutError) Timeout() bool { return true }

var (
	errIncomplete = errors.New("the response was incomplete")
	errTooLarge   = fmt.Errorf("the response is larger than %d MB", maxBody>>20)
)

// bufferBody reads the response body into memory. The body of an error response may be
// truncated if the status alone determines what to do.
func bufferBody(op *runtime.Operation, resp *http.Response) error {
	limit := maxBody
	if resp.StatusCode/100 != 2 {
		limit = maxErrorBody
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	resp.Body.Close()
	switch {
	case err != nil && BlameOf(response{op: op, status: resp.StatusCode}.kind()) != BlameTemporary:
		return fmt.Errorf("%w: %w", errIncomplete, err)
	case len(body) > limit && limit == maxBody:
		return errTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body[:min(len(body), limit)]))
	return nil
}

// bufferedBody returns a buffered body without consuming it.
func bufferedBody(resp *http.Response) []byte {
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body
}
