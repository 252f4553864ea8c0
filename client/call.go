package client

import (
	"context"
	"net/http"
	"net/url"
	gopath "path"
	"reflect"
	"regexp"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Call makes a typed call. It implements [runtime.Caller] for klaviyo.NewAPI; programs rarely
// call it directly.
func (c *Client) Call(ctx context.Context, call runtime.Call) error {
	cfg := callConfig(call.Options)
	path, err := call.Path()
	if err != nil {
		return invalidRequest(call.Operation, adviceInvalidID)
	}
	return c.exchangeJSON(ctx, call, path, decodeLenient, cfg.ResponseInfo)
}

// adviceInvalidID is the advice for an id that can't be part of a path.
const adviceInvalidID = "invalid id: it is empty or consists of dots"

// callConfig applies options, and clears the ResponseInfo of an earlier call.
func callConfig(opts []runtime.CallOption) runtime.CallConfig {
	cfg := runtime.Apply(opts...)
	if cfg.ResponseInfo != nil {
		*cfg.ResponseInfo = runtime.ResponseInfo{}
	}
	return cfg
}

// Do calls an endpoint that no generated package describes, or a described one without its
// types:
//
//	var segments struct {
//		Data []struct{ ID string }
//	}
//	err := c.Do(ctx, "GET", "/api/segments", url.Values{"page[size]": {"100"}}, nil, &segments)
//
// The request passes through the same steps as a typed call, and fails with the same errors.
// The path begins with a slash and must be escaped. The query, body and response may be nil.
// The body is encoded as JSON, and the response is decoded into response, a pointer. If it doesn't
// fit, the error is [ErrUnexpectedResponse].
//
// The revision is the latest one that this module describes, or that of [runtime.InRevision]. If
// it describes the endpoint, the body needs the same identifiers as in a typed call, and the
// response must match the description. The rate limits come from the description of any
// revision or, for other endpoints, from response headers.
//
// A request is retried after the failures that the package comment lists, whatever its method.
// A POST whose response was lost may then take effect twice. To send it only once, use a
// Client with a [RetryPolicy] whose MaxAttempts is 1.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body, response any, opts ...runtime.CallOption) error {
	cfg := callConfig(opts)
	if !isValidPath(path) {
		return invalidRequest(nil, "invalid path: it must be escaped, such as /api/segments, without a query; pass the query separately")
	}
	if cfg.Revision != "" && !revisionPattern.MatchString(cfg.Revision) {
		return invalidRequest(nil, "invalid revision: it must be a date (YYYY-MM-DD)")
	}
	if v := reflect.ValueOf(response); response != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return invalidRequest(nil, "invalid answer: it must be a pointer, or nil")
	}
	op := findOperation(cfg.Revision, strings.ToUpper(method), path)
	return c.exchangeJSON(ctx, runtime.Call{Operation: op, Query: query, Body: body, Response: response}, path, decodeStrict, cfg.ResponseInfo)
}

// revisionPattern matches a revision of the API. Beta revisions end in .pre.
var revisionPattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$`)

// isValidPath reports whether a path is escaped, has no query, and stays below the base URL.
func isValidPath(path string) bool {
	u, err := url.Parse(path)
	return err == nil && strings.HasPrefix(path, "/") && u.Host == "" && u.EscapedPath() == path &&
		gopath.Clean(u.Path) == strings.TrimSuffix(u.Path, "/")
}

// A decoder decodes a response into a pointer. It returns JSON Pointers to values that it
// couldn't decode.
type decoder func(answer []byte, into any) (unread []string)

// exchangeJSON makes a call: it encodes the body and decodes the response.
func (c *Client) exchangeJSON(ctx context.Context, call runtime.Call, path string, decode decoder, answered *runtime.ResponseInfo) error {
	if len(call.Query) > 0 {
		path += "?" + call.Query.Encode()
	}
	var body []byte
	if call.Body != nil {
		var err error
		if body, err = encode(call.Body); err != nil {
			return unencodable(call.Operation, err)
		}
	}
	sent, answer, err := c.exchange(ctx, call.Operation, path, body, answered)
	if err != nil || call.Response == nil {
		return err
	}
	unread := decode(answer, call.Response)
	switch {
	case len(unread) == 0:
		return nil
	case call.Operation.Method == http.MethodGet && isUsable(unread):
		c.logger.WarnContext(ctx, "klaviyo response has values of another type than described; these fields are zero",
			"operation", call.Operation.ID, "fields", unread)
		return nil
	}
	return unexpectedResponse(sent, answer, call.Response, unread)
}
