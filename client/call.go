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

// Call makes a typed call. It is for the API of a generated package: klaviyo.NewAPI takes
// a Client.
func (c *Client) Call(ctx context.Context, call runtime.Call) error {
	cfg := configOf(call.Options)
	path, err := call.Path()
	if err != nil {
		return refuse(call.Operation, adviceID)
	}
	return c.exchangeJSON(ctx, call, path, decode, cfg.Answered)
}

// adviceID is what to do about an id that can't be a part of a path.
const adviceID = "give an id; this one is empty or consists of dots"

// configOf applies options. What an earlier call was answered is forgotten.
func configOf(opts []runtime.CallOption) runtime.CallConfig {
	cfg := runtime.Apply(opts...)
	if cfg.Answered != nil {
		*cfg.Answered = runtime.Answered{}
	}
	return cfg
}

// Do reaches an endpoint that no generated package describes, or a described one without
// its types:
//
//	var segments struct {
//		Data []struct{ ID string }
//	}
//	err := c.Do(ctx, "GET", "/api/segments", url.Values{"page[size]": {"100"}}, nil, &segments)
//
// The request passes the same links as a typed call and fails with the same errors. The
// path begins with a slash and is escaped. The query, the body and the answer may be nil:
// the body is written as JSON, and the answer's JSON is decoded into answer, a pointer. One
// that doesn't fit what it points to is an [ErrUnexpectedAnswer].
//
// The revision is the latest that this module describes, or that of [runtime.InRevision].
// Where its description has the endpoint, the body needs the same identifiers as in a typed
// call, and the answer has to be as described. The limits are those that a description, of
// whichever revision, gives the endpoint. Those of other endpoints are learned from the
// headers of their answers.
//
// A request is sent again after the failures that the package comment names, whatever its
// method. A POST whose answer was lost may then take effect twice. To send it once, give
// the Client a [RetryPolicy] with MaxAttempts 1.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body, answer any, opts ...runtime.CallOption) error {
	cfg := configOf(opts)
	if !isPath(path) {
		return refuse(nil, "give a path such as /api/segments, escaped, and what follows a question mark as the query")
	}
	if cfg.Revision != "" && !isRevision.MatchString(cfg.Revision) {
		return refuse(nil, "give a revision, which is a date (YYYY-MM-DD)")
	}
	if v := reflect.ValueOf(answer); answer != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return refuse(nil, "give a pointer to decode the answer into, or nil")
	}
	op := operationAt(cfg.Revision, strings.ToUpper(method), path)
	return c.exchangeJSON(ctx, runtime.Call{Operation: op, Query: query, Body: body, Answer: answer}, path, decodeWhole, cfg.Answered)
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
func (c *Client) exchangeJSON(ctx context.Context, call runtime.Call, path string, decode decoder, answered *runtime.Answered) error {
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
	if err != nil || call.Answer == nil {
		return err
	}
	unread := decode(answer, call.Answer)
	switch {
	case len(unread) == 0:
		return nil
	case call.Operation.Method == http.MethodGet && isReadable(unread):
		c.logger.WarnContext(ctx, "klaviyo answer has values of another type than described, which are left out",
			"operation", call.Operation.ID, "fields", unread)
		return nil
	}
	return unexpectedAnswer(sent, answer, call.Answer, unread)
}
