package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// OneOrMany are the values of an answer that come as a list, or as one by itself, as
// the description has them.
type OneOrMany[T any] []T

// UnmarshalJSON reads a list or one value. Null is none.
func (t *OneOrMany[T]) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(string(data), "[") || string(data) == "null" {
		return json.Unmarshal(data, (*[]T)(t))
	}
	*t = make([]T, 1)
	return json.Unmarshal(data, &(*t)[0])
}

// Number writes a number with as many digits as it takes to tell it from its neighbours:
// 9.99 is 9.99. NaN and the infinities, which JSON doesn't have, are left out.
func Number[T ~int | ~int64 | ~float64](n T) json.Number {
	text, err := json.Marshal(n)
	if err != nil {
		return ""
	}
	return json.Number(text)
}

// Properties writes custom properties as JSON. It panics at a value that JSON can't
// hold, such as a channel.
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
