package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// send sends a body, if it isn't nil, to an operation's path with its query, and
// gives the answer's body too.
func (c *Client) send(ctx context.Context, op *runtime.Operation, path string, body []byte) (*Response, []byte, error) {
	return c.exchange(ctx, op, path, body, nil)
}

// exchange is send that tells what came with the answer, unless answered is nil.
func (c *Client) exchange(ctx context.Context, op *runtime.Operation, path string, body []byte, answered *runtime.ResponseInfo) (*Response, []byte, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, op.Method, strings.TrimSuffix(c.baseURL.String(), "/")+path, content)
	if err != nil {
		return nil, nil, refuse(op, "invalid request: the context is nil, or the path is invalid")
	}
	if req.URL.Host != c.baseURL.Host {
		return nil, nil, refuse(op, "the path leads to a server other than that of the base URL, which would receive the key")
	}
	call := &call{operation: op, body: body}
	req = req.WithContext(withCall(ctx, call))
	resp, err := c.chain.RoundTrip(req)
	if answered != nil {
		*answered = answeredBy(call, resp)
	}
	if err != nil {
		return nil, nil, noAnswer(req, err)
	}
	if replyOf(op, resp).kind() != nil {
		return nil, nil, badAnswer(call, resp)
	}
	return &Response{
		Operation:   op,
		StatusCode:  resp.StatusCode,
		RequestID:   requestIDOf(resp),
		Attempts:    call.attempts,
		RateLimited: call.rateLimited,
		dropped:     droppedIn(resp.Header),
	}, peek(resp), nil
}

// droppedIn are the fields that an answer of success says were dropped. The rest was taken.
func droppedIn(header http.Header) []string {
	value := header.Get("X-Klaviyo-Partial-Failure")
	if value == "" {
		return nil
	}
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
}

// requestIDs are the headers in which an answer may have the request's id.
var requestIDs = []string{"X-Kl-Request-Id", "X-Klaviyo-Req-Id", "X-Request-Id"}

// requestIDOf is the id in a header or else in the first fault, empty if there is none.
func requestIDOf(resp *http.Response) string {
	for _, name := range requestIDs {
		if id := resp.Header.Get(name); id != "" {
			return id
		}
	}
	for _, fault := range faultsIn(peek(resp)) {
		if fault.ID != "" {
			return fault.ID
		}
	}
	return ""
}

// answeredBy is what came with an answer, which is nil if none came.
func answeredBy(call *call, resp *http.Response) runtime.ResponseInfo {
	a := runtime.ResponseInfo{Attempts: call.attempts}
	if resp == nil {
		return a
	}
	a.StatusCode, a.Header, a.RequestID = resp.StatusCode, resp.Header, requestIDOf(resp)
	a.Limit, a.Remaining, a.Reset, _ = quotaOf(resp)
	return a
}
