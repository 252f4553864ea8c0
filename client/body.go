package client

import (
	"bytes"
	"encoding/json"
)

// encodeBody writes the body of a request, by its own method where it has one.
func encodeBody(r Request) ([]byte, error) {
	if r, ok := r.(interface{ AppendBody([]byte) []byte }); ok {
		return r.AppendBody(nil), nil
	}
	return encode(r.Body())
}

// encode writes a body as JSON, without escapes for HTML.
func encode(body any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
