package client

import (
	"context"
	"net/http"
	"net/url"
	gopath "path"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Call makes a typed call. It is for the API of a generated package: klaviyo.NewAPI takes
// a Client.
func (c *Client) Call(ctx context.Context, call runtime.Call) error {
	path, err := call.Path()
	if err != nil {
		return refuse(call.Operation, "give the id; it is empty or none")
	}
	return c.call(ctx, call, path)
}

// Do reaches an endpoint that no generated package describes, or a described one without
// its types. It passes the same links as typed calls, and fails with the same errors.
//
// The path begins with a slash, as in /api/segments. The query may be nil, and so may the
// body, which is written as JSON, and the answer, a pointer that the answer is decoded
// into. The revision is the latest that this module describes, unless [runtime.InRevision]
// says another.
//
// The limits are those that a description gives the endpoint, in whichever revision, else
// those that the answers tell.
//
// A request that isn't a read is sent again only where that is safe for Klaviyo: its
// POSTs of profiles and of events with a unique_id are, others may take effect twice.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body, answer any, opts ...runtime.CallOption) error {
	if !isPath(path) {
		return refuse(nil, "give a path such as /api/segments, escaped, and what follows a question mark as the query")
	}
	op := operationAt(runtime.Apply(opts...).Revision, strings.ToUpper(method), path)
	return c.call(ctx, runtime.Call{Operation: op, Query: query, Body: body, Answer: answer, Options: opts}, path)
}

// isPath tells whether a path stays below the base URL's.
func isPath(path string) bool {
	u, err := url.Parse(path)
	return err == nil && strings.HasPrefix(path, "/") && u.Host == "" && u.EscapedPath() == path &&
		gopath.Clean(u.Path) == strings.TrimSuffix(u.Path, "/")
}

func (c *Client) call(ctx context.Context, call runtime.Call, path string) error {
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
	sent, answer, err := c.exchange(ctx, call.Operation, path, body, runtime.Apply(call.Options...).Answered)
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
