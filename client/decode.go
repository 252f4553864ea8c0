package client

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// decode reads an answer into a generated type as far as it can be read. It gives JSON
// Pointers to what is of another type than described, whose places stay zero.
func decode(answer []byte, into any) (unread []string) {
	return decodeValue(answer, reflect.ValueOf(into).Elem(), "")
}

// decodeWhole reads an answer into a type of the caller's. What doesn't fit it can't be told
// from what can be done without, so that either all of it is read or the call fails.
func decodeWhole(answer []byte, into any) (unread []string) {
	if json.Unmarshal(answer, into) != nil {
		return []string{""}
	}
	return nil
}

// decodeValue reads the value at a place. It takes apart only what can't be read as a
// whole: a type that reads itself doesn't say what of it is wrong.
func decodeValue(answer []byte, into reflect.Value, at string) (unread []string) {
	target := into.Addr().Interface()
	if json.Unmarshal(answer, target) == nil {
		return nil
	}
	into.SetZero()
	var members map[string]json.RawMessage
	var elements []json.RawMessage
	_, readsItself := target.(json.Unmarshaler)
	switch {
	case !readsItself && into.Kind() == reflect.Struct && json.Unmarshal(answer, &members) == nil:
		for i := range into.NumField() {
			name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
			if member, ok := members[name]; ok {
				unread = append(unread, decodeValue(member, into.Field(i), at+"/"+name)...)
			}
		}
		return unread
	case !readsItself && into.Kind() == reflect.Slice && json.Unmarshal(answer, &elements) == nil:
		into.Set(reflect.MakeSlice(into.Type(), len(elements), len(elements)))
		for i, element := range elements {
			unread = append(unread, decodeValue(element, into.Index(i), at+"/"+strconv.Itoa(i))...)
		}
		return unread
	}
	return []string{at}
}

// needed matches what no reader can do without: what the resources of an answer are, and
// where the next page is.
var needed = regexp.MustCompile(`^(/data(/\d+)?(/(id|type|attributes))?|/links(/next)?)?$`)

// isReadable tells whether an answer is of use without some of its values.
func isReadable(unread []string) bool { return !slices.ContainsFunc(unread, needed.MatchString) }
