package mapper_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// sameJSON reports whether two values are the same, including the digits of numbers.
func sameJSON(a, b json.RawMessage) bool {
	return canonical(a) == canonical(b)
}

func canonical(v json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(v))
	d.UseNumber()
	var decoded any
	if d.Decode(&decoded) != nil {
		return string(v)
	}
	encoded, _ := json.Marshal(decoded)
	return string(encoded)
}

func sameNumber(number, v json.RawMessage) bool {
	var text string
	if json.Unmarshal(v, &text) == nil {
		return strings.TrimSpace(text) == string(number)
	}
	return string(v) == string(number)
}

func containsValue(o map[string]json.RawMessage, v json.RawMessage) bool {
	for _, kept := range o {
		if sameJSON(kept, v) || sameNumber(kept, v) {
			return true
		}
	}
	return false
}

func isBlank(v json.RawMessage) bool {
	var text string
	return json.Unmarshal(v, &text) == nil && strings.TrimSpace(text) == ""
}

func objectOf(v json.RawMessage) map[string]json.RawMessage {
	var o map[string]json.RawMessage
	if json.Unmarshal(v, &o) != nil {
		return nil
	}
	return o
}

func with(o map[string]json.RawMessage, name string, v json.RawMessage) map[string]json.RawMessage {
	if o == nil {
		o = make(map[string]json.RawMessage)
	}
	o[name] = v
	return o
}

func values(o map[string]json.RawMessage) [][]byte {
	var all [][]byte
	for _, v := range o {
		all = append(all, v)
	}
	return all
}

func unmarshal(t *testing.T, data []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("a body that isn't JSON: %v", err)
	}
}
