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

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// call is a request that arrived, read to its end.
type call struct {
	req       *http.Request // its body is read
	time      time.Time
	operation *klaviyo.Operation // zero where there is none
	path      map[string]string  // the parameters of the path
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
	// An id may hold an escaped slash, so the path is matched as it was sent.
	path := req.URL.EscapedPath()
	if op, ok := klaviyo.Operations.Match(req.Method, path); ok {
		c.operation = op
		c.path = pathParameters(op.Path, path)
	}
	return c
}

// pathParameters takes the values out of a path that matches pattern.
func pathParameters(pattern, path string) map[string]string {
	parameters := make(map[string]string)
	segments := strings.Split(path, "/")
	for i, name := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(name, "{"); ok {
			value, _ := url.PathUnescape(segments[i]) // net/http refused what is not escaped well
			parameters[strings.TrimSuffix(name, "}")] = value
		}
	}
	return parameters
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

// attributes are the attributes of the resource in the body.
func (c *call) attributes() map[string]any {
	return object(object(object(c.value)["data"])["attributes"])
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
