package klaviyotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A call is a request that arrived, including its body.
type call struct {
	req           *http.Request // the body is consumed
	time          time.Time
	revision      *revision          // nil if the request names no known revision
	operation     *runtime.Operation // nil if there is none
	fallenForward bool               // the request names a retired revision
	body          []byte             // maxBody+1 bytes if it is larger
	readErr       error              // why body is incomplete

	value any // the decoded body with json.Number; set by check
}

// newCall reads a request.
func newCall(req *http.Request) *call {
	c := &call{req: req, time: time.Now()}
	if req.Body != nil {
		c.body, c.readErr = io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	}
	c.revision = revisionOf(req.Header.Get("Revision"))
	// An id may contain an escaped slash, so the escaped path is matched.
	path := req.URL.EscapedPath()
	if c.revision != nil {
		c.operation = c.revision.match(req.Method, path)
	} else {
		c.operation = latest(req.Method, path)
	}
	return c
}

// fallForwardTo makes the call one of a later revision. It reports false if that lacks the
// operation.
func (c *call) fallForwardTo(later *revision) bool {
	op := later.matchIgnoringSlash(c.req.Method, c.req.URL.EscapedPath())
	if op == nil {
		return false
	}
	c.revision, c.operation, c.fallenForward = later, op, true
	return true
}

// operationSpec returns the operationSpec of the call.
func (c *call) operationSpec() operationSpec { return c.revision.operationSpecs[c.operation] }

// pathParameters returns the values of the path parameters by name.
func (c *call) pathParameters() map[string]string {
	parameters := make(map[string]string)
	segments := strings.Split(c.req.URL.EscapedPath(), "/")
	for i, name := range strings.Split(c.operation.Path, "/") {
		if name, ok := strings.CutPrefix(name, "{"); ok {
			value, _ := url.PathUnescape(segments[i]) // net/http rejects invalid escapes
			parameters[strings.TrimSuffix(name, "}")] = value
		}
	}
	return parameters
}

// pathID returns the id in the path and the name of its parameter. No path has two.
func (c *call) pathID() (id, parameter string) {
	for parameter, id = range c.pathParameters() {
		break
	}
	return id, parameter
}

// request returns a copy of the request with a readable body.
func (c *call) request() *http.Request {
	req := c.req.WithContext(c.req.Context()) // a copy
	req.Body = io.NopCloser(bytes.NewReader(c.body))
	return req
}

// base returns the base URL of links in the response.
func (c *call) base() string {
	switch {
	case c.req.URL.Host != "": // a transport's request
		return c.req.URL.Scheme + "://" + c.req.URL.Host
	case c.req.TLS != nil:
		return "https://" + c.req.Host
	default:
		return "http://" + c.req.Host
	}
}

// decode decodes the body into value.
func (c *call) decode() error {
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.UseNumber()
	if err := decoder.Decode(&c.value); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// data returns the resource in the body.
func (c *call) data() map[string]any { return object(object(c.value)["data"]) }

// attributes returns the attributes of the resource in the body.
func (c *call) attributes() map[string]any { return object(c.data()["attributes"]) }

// lookUp returns the value at a path of member names, or nil.
func lookUp(v any, names ...string) any {
	for _, name := range names {
		v = object(v)[name]
	}
	return v
}

// object returns v if it is a JSON object, otherwise nil.
func object(v any) map[string]any {
	members, _ := v.(map[string]any)
	return members
}

// text returns v if it is a string, otherwise "".
func text(v any) string {
	s, _ := v.(string)
	return s
}

// elements returns the elements of v if it is a JSON array, otherwise nil.
func elements(v any) []any {
	values, _ := v.([]any)
	return values
}
