package runtime

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// The functions below are for the generated AppendJSON methods.

// AppendName appends the name of a member, which includes its quotes and colon. It appends a
// comma before the name unless the member is the first.
func AppendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(dst, name...)
}

// AppendMembers appends the members of object to the object that dst ends in.
func AppendMembers(dst []byte, object json.RawMessage) []byte {
	if len(object) <= len("{}") {
		return dst
	}
	return append(AppendName(dst, ""), object[1:len(object)-1]...)
}

// AppendRaw appends JSON unchanged, or null if raw is nil.
func AppendRaw(dst []byte, raw json.RawMessage) []byte {
	if raw == nil {
		return append(dst, "null"...)
	}
	return append(dst, raw...)
}

// AppendNullable appends a string, or null if n has no value.
func AppendNullable(dst []byte, n Nullable[string]) []byte {
	s, err := n.Get()
	if err != nil {
		return append(dst, "null"...)
	}
	return AppendString(dst, s)
}

// AppendStrings appends a list of strings, or null if list is nil.
func AppendStrings[T ~string](dst []byte, list []T) []byte {
	return AppendList(dst, list, func(s *T, dst []byte) []byte { return AppendString(dst, *s) })
}

// AppendList appends a list, or null if list is nil. add appends an element.
func AppendList[T any](dst []byte, list []T, add func(*T, []byte) []byte) []byte {
	if list == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = add(&list[i], dst)
	}
	return append(dst, ']')
}

// AppendString appends a quoted string. Strings that need escaping are passed to encoding/json.
func AppendString[T ~string](dst []byte, s T) []byte {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return appendEscaped(dst, string(s))
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && (!utf8.ValidString(string(s)) || strings.ContainsAny(string(s), "\u2028\u2029")) {
		return appendEscaped(dst, string(s))
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, s string) []byte {
	buffer := bytes.NewBuffer(dst)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // encoding a string to a buffer can't fail
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
