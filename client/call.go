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
	cfg := configOf(call.Options)
	path, err := call.Path()
	if err != nil {
		return refuse(call.Operation, adviceID)
	}
	return c.exchangeJSON(ctx, call, path, decode, cfg.ResponseInfo)
}

// adviceID is what to do about an id that can't be a part of a path.
const adviceID = "invalid id: it is empty or consists of dots"

// configOf applies options. What an earlier call was answered is forgotten.
func configOf(opts []runtime.CallOption) runtime.CallConfig {
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
// The path begins with a slash and must be escaped. The query, body and answer may be nil. The
// body is encoded as JSON, and the response is decoded into answer, a pointer. If it doesn't
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
	cfg := configOf(opts)
	if !isPath(path) {
		return refuse(nil, "invalid path: it must be escaped, such as /api/segments, without a query; pass the query separately")
	}
	if cfg.Revision != "" && !isRevision.MatchString(cfg.Revision) {
		return refuse(nil, "invalid revision: it must be a date (YYYY-MM-DD)")
	}
	if v := reflect.ValueOf(response); response != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return refuse(nil, "invalid answer: it must be a pointer, or nil")
	}
	op := operationAt(cfg.Revision, strings.ToUpper(method), path)
	return c.exchangeJSON(ctx, runtime.Call{Operation: op, Query: query, Body: body, Response: response}, path, decodeWhole, cfg.ResponseInfo)
}

// isRevision matches a revision of the API; that of a beta ends in .pre.
var isRevision = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$`)

// isPath tells whether a path stays below the base URL's.
func isPath(path string) bool {
	u, err := url.Parse(path)
	return err == nil && strings.HasPrefix(path, "/") && u.Host == "" && u.EscapedPath() == path &&
		gopath.Clean(u.Path) == strings.TrimSuffix(u.Path, "/")
}

// A decoder reads an answer into a pointer. It gives JSON Pointers to what it couldn't read.
type decoder func(answer []byte, into any) (unread []string)

// exchangeJSON makes a call to a path: it writes the body as JSON and decodes the answer.
func (c *Client) exchangeJSON(ctx context.Context, call runtime.Call, path string, decode decoder, answered *runtime.ResponseInfo) error {
	if len(call.Query) > 0 {
		path += "?" + call.Query.Encode()
	}
	var body []byte
	if call.Body != nil {
		var err error
		if body, err = encode(call.Body); err != nil {
			return unwritable(call.Operation, err)
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
	case call.Operation.Method == http.MethodGet && isReadable(unread):
		c.logger.WarnContext(ctx, "klaviyo answer has values of another type than described, which are left out",
			"operation", call.Operation.ID, "fields", unread)
		return nil
	}
	return unexpectedAnswer(sent, answer, call.Response, unread)
}
