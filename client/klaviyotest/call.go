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

// call is a request that arrived, read to its end.
type call struct {
	req       *http.Request // its body is read
	time      time.Time
	revision  *revision          // nil where the request names none that there is
	operation *runtime.Operation // nil where there is none
	forwarded bool               // it was written for a revision that is retired
	body      []byte             // maxBody+1 bytes if it has more
	readErr   error              // why body isn't whole

	value any // the JSON value of body, numbers as json.Number; set by the check
}

// newCall reads a request.
func newCall(req *http.Request) *call {
	c := &call{req: req, time: time.Now()}
	if req.Body != nil {
		c.body, c.readErr = io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	}
	c.revision = revisionOf(req.Header.Get("Revision"))
	// An id may hold an escaped slash, so the path is matched as it was sent.
	path := req.URL.EscapedPath()
	if c.revision != nil {
		c.operation = c.revision.match(req.Method, path)
	} else {
		c.operation = latest(req.Method, path)
	}
	return c
}

// readAs makes the call one of a later revision, and tells whether that has it.
func (c *call) readAs(later *revision) bool {
	op := later.matchLoosely(c.req.Method, c.req.URL.EscapedPath())
	if op == nil {
		return false
	}
	c.revision, c.operation, c.forwarded = later, op, true
	return true
}

// served is how the call is answered.
func (c *call) served() served { return c.revision.served[c.operation] }

// pathParameters are the values of the path's parameters.
func (c *call) pathParameters() map[string]string {
	parameters := make(map[string]string)
	segments := strings.Split(c.req.URL.EscapedPath(), "/")
	for i, name := range strings.Split(c.operation.Path, "/") {
		if name, ok := strings.CutPrefix(name, "{"); ok {
			value, _ := url.PathUnescape(segments[i]) // net/http refused what is not escaped well
			parameters[strings.TrimSuffix(name, "}")] = value
		}
	}
	return parameters
}

// pathID is the id in the path, and the name of the parameter. No path has two.
func (c *call) pathID() (id, parameter string) {
	for parameter, id = range c.pathParameters() {
		break
	}
	return id, parameter
}

// request is the call as a request, for those who want to read one.
func (c *call) request() *http.Request {
	req := c.req.WithContext(c.req.Context()) // a copy
	req.Body = io.NopCloser(bytes.NewReader(c.body))
	return req
}

// base is the address that links in the answer begin with.
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

// decode reads the body into value.
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

// data is the resource in the body.
func (c *call) data() map[string]any { return object(object(c.value)["data"]) }

// attributes are the attributes of the resource in the body.
func (c *call) attributes() map[string]any { return object(c.data()["attributes"]) }

// inside follows names into objects; what isn't there is nil.
func inside(v any, names ...string) any {
	for _, name := range names {
		v = object(v)[name]
	}
	return v
}

// object is v if it is a JSON object; another value has no members.
func object(v any) map[string]any {
	members, _ := v.(map[string]any)
	return members
}

// text is v if it is a string, else empty.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// elements are those of v if it is a JSON array; another value has none.
func elements(v any) []any {
	values, _ := v.([]any)
	return values
}
