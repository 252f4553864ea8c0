package client

import (
	"bytes"
	"encoding/json"
)

// encodeBody encodes the body of a request. It uses the request's own AppendBody method if
// there is one.
func encodeBody(r Request) ([]byte, error) {
	if r, ok := r.(interface{ AppendBody([]byte) []byte }); ok {
		return r.AppendBody(nil), nil
	}
	return encode(r.Body())
}

// encode encodes a body as JSON without HTML escaping.
func encode(body any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
