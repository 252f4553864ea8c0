package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// edit replaces the value at a JSON Pointer by the result of change, which gets nil if there is
// no value and returns nil to remove it. Everything else stays unchanged. It returns an error
// if a value on the way has no members.
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
	members, err := parseMembers(object)
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
	return members.encode(object[0])
}

// lookUp returns the value at a JSON Pointer, or nil.
func lookUp(v json.RawMessage, pointer string) (found json.RawMessage) {
	_, _ = edit(v, pointer, func(v json.RawMessage) json.RawMessage { found = v; return v })
	return found
}

// members are the members of an object, or the elements of a list with their indexes as names.
type members []member

type member struct {
	name  string
	value json.RawMessage
}

func parseMembers(v json.RawMessage) (members, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	opening, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	if kind := opening.Kind(); kind != '{' && kind != '[' {
		return nil, fmt.Errorf("a %s has no members", kind)
	}
	var all members
	for isList := opening.Kind() == '['; d.PeekKind() != '}' && d.PeekKind() != ']'; {
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

// encode encodes the members as an object or a list, according to the opening character.
func (m members) encode(opening byte) (json.RawMessage, error) {
	out := []byte{opening}
	for i, member := range m {
		if i > 0 {
			out = append(out, ',')
		}
		if opening == '{' {
			out, _ = jsontext.AppendQuote(out, member.name) // replaces invalid UTF-8
			out = append(out, ':')
		}
		out = append(out, member.value...)
	}
	return append(out, opening+2), nil // in ASCII, the closing character follows two after the opening one
}
