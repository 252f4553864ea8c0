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

// The most that is read of an answer.
const (
	maxAnswer      = 10 << 20
	maxErrorAnswer = 64 << 10
)

// limitTime ends an attempt that takes longer than timeout. An attempt lasts until
// its answer has been read, so that an answer cut off half-way is a failed attempt
// and not a surprise for the caller.
func limitTime(timeout time.Duration) link {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			ctx, cancel := context.WithTimeout(req.Context(), timeout)
			defer cancel()
			start := time.Now()
			resp, err := next.RoundTrip(req.WithContext(ctx))
			if err == nil {
				err = buffer(callOf(req).operation, resp)
			}
			if err == nil {
				return resp, nil
			}
			// Not context.DeadlineExceeded: the caller's context is still good.
			if req.Context().Err() == nil && (ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)) {
				err = attemptTimeoutError(time.Since(start))
			}
			return nil, err
		})
	}
}

// attemptTimeoutError tells how long an attempt took in vain.
type attemptTimeoutError time.Duration

func (e attemptTimeoutError) Error() string {
	return fmt.Sprintf("no response within %v", time.Duration(e).Round(time.Millisecond))
}

func (e attemptTimeoutError) Timeout() bool { return true }

var (
	errCutOff   = errors.New("the response was incomplete")
	errTooLarge = fmt.Errorf("the response is larger than %d MB", maxAnswer>>20)
)

// buffer reads an answer's body into memory. An error answer that is too large or
// cut off is kept as far as it goes if its status tells enough.
func buffer(op *runtime.Operation, resp *http.Response) error {
	limit := maxAnswer
	if resp.StatusCode/100 != 2 {
		limit = maxErrorAnswer
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	resp.Body.Close()
	switch {
	case err != nil && BlameOf(reply{op: op, status: resp.StatusCode}.kind()) != BlameTemporary:
		return fmt.Errorf("%w: %w", errCutOff, err)
	case len(body) > limit && limit == maxAnswer:
		return errTooLarge
	}
	resp.Body = io.NopCloser(bytes.NewReader(body[:min(len(body), limit)]))
	return nil
}

// peek gives a buffered body without consuming it.
func peek(resp *http.Response) []byte {
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body
}
