package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// OneOrMany is a list in a response. A single value is decoded as a list of one.
type OneOrMany[T any] []T

// UnmarshalJSON decodes a list or a single value. Null is decoded as an empty list.
func (t *OneOrMany[T]) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(string(data), "[") || string(data) == "null" {
		return json.Unmarshal(data, (*[]T)(t))
	}
	*t = make([]T, 1)
	return json.Unmarshal(data, &(*t)[0])
}

// Number formats a number with the fewest digits that identify it: 9.99 is 9.99. NaN and the
// infinities, which JSON doesn't have, become the empty Number, which is omitted.
func Number[T ~int | ~int64 | ~float64](n T) json.Number {
	text, err := json.Marshal(n)
	if err != nil {
		return ""
	}
	return json.Number(text)
}

// Properties encodes custom properties as JSON. It panics if a value can't be encoded, such as
// a channel.
func Properties(properties map[string]any) json.RawMessage {
	if properties == nil {
		properties = map[string]any{}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(properties); err != nil {
		panic(fmt.Sprintf("klaviyo.Properties: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
