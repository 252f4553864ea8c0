package client

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// decodeLenient decodes a response into a generated type as far as possible. It returns JSON
// Pointers to values of another type than described, whose fields stay zero.
func decodeLenient(answer []byte, into any) (unread []string) {
	return decodeValue(answer, reflect.ValueOf(into).Elem(), "")
}

// decodeStrict decodes a response into the caller's type. It isn't known which values the
// caller needs, so the whole response must fit.
func decodeStrict(answer []byte, into any) (unread []string) {
	if json.Unmarshal(answer, into) != nil {
		return []string{""}
	}
	return nil
}

// decodeValue decodes the value at a pointer. If it can't be decoded as a whole, its members or
// elements are decoded one by one, unless its type has its own UnmarshalJSON.
func decodeValue(answer []byte, into reflect.Value, at string) (unread []string) {
	target := into.Addr().Interface()
	if json.Unmarshal(answer, target) == nil {
		return nil
	}
	into.SetZero()
	var members map[string]json.RawMessage
	var elements []json.RawMessage
	_, isUnmarshaler := target.(json.Unmarshaler)
	switch {
	case !isUnmarshaler && into.Kind() == reflect.Struct && json.Unmarshal(answer, &members) == nil:
		for i := range into.NumField() {
			name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
			if member, ok := members[name]; ok {
				unread = append(unread, decodeValue(member, into.Field(i), at+"/"+name)...)
			}
		}
		return unread
	case !isUnmarshaler && into.Kind() == reflect.Slice && json.Unmarshal(answer, &elements) == nil:
		into.Set(reflect.MakeSlice(into.Type(), len(elements), len(elements)))
		for i, element := range elements {
			unread = append(unread, decodeValue(element, into.Index(i), at+"/"+strconv.Itoa(i))...)
		}
		return unread
	}
	return []string{at}
}

// essential matches the values without which a response is useless: those that identify its
// resources, and the next page.
var essential = regexp.MustCompile(`^(/data(/\d+)?(/(id|type|attributes))?|/links(/next)?)?$`)

// isUsable reports whether a response is useful without the undecoded values.
func isUsable(unread []string) bool { return !slices.ContainsFunc(unread, essential.MatchString) }
