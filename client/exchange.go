package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// send sends a body, which may be nil, to a path of an operation. It returns the body of the
// response too.
func (c *Client) send(ctx context.Context, op *runtime.Operation, path string, body []byte) (*Response, []byte, error) {
	return c.exchange(ctx, op, path, body, nil)
}

// exchange is like send, and stores the ResponseInfo in answered unless it is nil.
func (c *Client) exchange(ctx context.Context, op *runtime.Operation, path string, body []byte, answered *runtime.ResponseInfo) (*Response, []byte, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, op.Method, strings.TrimSuffix(c.baseURL.String(), "/")+path, content)
	if err != nil {
		return nil, nil, invalidRequest(op, "invalid request: the context is nil, or the path is invalid")
	}
	if req.URL.Host != c.baseURL.Host {
		return nil, nil, invalidRequest(op, "the path leads to a server other than that of the base URL, which would receive the key")
	}
	call := &call{operation: op, body: body}
	req = req.WithContext(withCall(ctx, call))
	resp, err := c.chain.RoundTrip(req)
	if answered != nil {
		*answered = responseInfo(call, resp)
	}
	if err != nil {
		return nil, nil, noResponse(req, err)
	}
	if readResponse(op, resp).kind() != nil {
		return nil, nil, errorResponse(call, resp)
	}
	return &Response{
		Operation:   op,
		StatusCode:  resp.StatusCode,
		RequestID:   requestID(resp),
		Attempts:    call.attempts,
		RateLimited: call.rateLimited,
		dropped:     droppedFields(resp.Header),
	}, bufferedBody(resp), nil
}

// droppedFields returns the fields that Klaviyo dropped from a request that it accepted.
func droppedFields(header http.Header) []string {
	value := header.Get("X-Klaviyo-Partial-Failure")
	if value == "" {
		return nil
	}
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
}

// requestIDHeaders are the headers that may contain the request id.
var requestIDHeaders = []string{"X-Kl-Request-Id", "X-Klaviyo-Req-Id", "X-Request-Id"}

// requestID returns the id in a header or in the first fault, or "" if there is none.
func requestID(resp *http.Response) string {
	for _, name := range requestIDHeaders {
		if id := resp.Header.Get(name); id != "" {
			return id
		}
	}
	for _, fault := range parseFaults(bufferedBody(resp)) {
		if fault.ID != "" {
			return fault.ID
		}
	}
	return ""
}

// responseInfo describes a response, which is nil if there was none.
func responseInfo(call *call, resp *http.Response) runtime.ResponseInfo {
	a := runtime.ResponseInfo{Attempts: call.attempts}
	if resp == nil {
		return a
	}
	a.StatusCode, a.Header, a.RequestID = resp.StatusCode, resp.Header, requestID(resp)
	a.Limit, a.Remaining, a.Reset, _ = rateLimitHeaders(resp)
	return a
}
