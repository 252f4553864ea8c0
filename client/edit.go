package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// edit changes the value that a JSON Pointer leads to; nil takes it away, and one that
// isn't there is nil. Everything else stays as it is written. A value on the way that
// leads no further is an error.
func edit(v json.RawMessage, pointer string, change func(json.RawMessage) json.RawMessage) (json.RawMessage, error) {
	if pointer == "" {
		return change(v), nil
	}
	name, rest, more := strings.Cut(pointer[1:], "/")
	if more {
		rest = "/" + rest
	}
	object := v
	if len(v) == 0 || string(v) == "null" {
		object = json.RawMessage("{}")
	}
	members, err := membersOf(object)
	if err != nil {
		return nil, err
	}
	at := len(members)
	for i, m := range members {
		if m.name == name {
			at = i
			break
		}
	}
	var old json.RawMessage
	if at < len(members) {
		old = members[at].value
	}
	changed, err := edit(old, rest, change)
	switch {
	case err != nil:
		return nil, err
	case at == len(members) && changed == nil:
		return v, nil
	case at == len(members):
		members = append(members, member{name, changed})
	case changed == nil:
		members = append(members[:at:at], members[at+1:]...)
	default:
		members[at].value = changed
	}
	return members.write(object[0])
}

// look gives the value that a JSON Pointer leads to, or nil.
func look(v json.RawMessage, pointer string) (found json.RawMessage) {
	_, _ = edit(v, pointer, func(v json.RawMessage) json.RawMessage { found = v; return v })
	return found
}

// members are those of an object, or the elements of a list by their numbers.
type members []member

type member struct {
	name  string
	value json.RawMessage
}

func membersOf(v json.RawMessage) (members, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	open, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	if kind := open.Kind(); kind != '{' && kind != '[' {
		return nil, fmt.Errorf("a %s has no members", kind)
	}
	var all members
	for isList := open.Kind() == '['; d.PeekKind() != '}' && d.PeekKind() != ']'; {
		name := strconv.Itoa(len(all))
		if !isList {
			token, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			name = token.String()
		}
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		end := d.InputOffset()
		all = append(all, member{name, v[end-int64(len(value)) : end : end]})
	}
	return all, nil
}

// write makes them an object or a list again, as it was opened.
func (m members) write(open byte) (json.RawMessage, error) {
	out := []byte{open}
	for i, member := range m {
		if i > 0 {
			out = append(out, ',')
		}
		if open == '{' {
			out, _ = jsontext.AppendQuote(out, member.name) // replaces invalid UTF-8
			out = append(out, ':')
		}
		out = append(out, member.value...)
	}
	return append(out, open+2), nil // the closing one of either is two behind
}
