package command

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// pointedText is a JSON text of which values are told by their JSON Pointers. It takes
// apart each object and list that these lead through only once, for there may be
// thousands.
type pointedText struct {
	text  json.RawMessage
	parts map[string]map[string]json.RawMessage // by pointer, then by name or index
}

func newPointedText(text []byte) pointedText {
	return pointedText{text, map[string]map[string]json.RawMessage{}}
}

var pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")

// at gives the value that a JSON Pointer names, or nothing.
func (t pointedText) at(pointer string) json.RawMessage {
	end := strings.LastIndexByte(pointer, '/')
	if end < 0 {
		return t.text
	}
	outer := pointer[:end]
	parts, ok := t.parts[outer]
	if !ok {
		parts = partsOf(t.at(outer))
		t.parts[outer] = parts
	}
	return parts[pointerUnescapes.Replace(pointer[end+1:])]
}

// valueAt gives the value at a dotted path, such as properties.items[3].price, or nothing.
// A name may have dots and brackets itself, of which a path tells nothing.
func valueAt(value json.RawMessage, path string) json.RawMessage {
	if path == "" {
		return value
	}
	isList := bytes.HasPrefix(bytes.TrimSpace(value), []byte("["))
	parts := partsOf(value)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		step := name
		if isList {
			step = "[" + name + "]"
		}
		rest, ok := strings.CutPrefix(path, step)
		if ok && rest != "" && rest[0] != '[' {
			rest, ok = strings.CutPrefix(rest, ".")
		}
		if !ok {
			continue
		}
		if found := valueAt(parts[name], rest); found != nil {
			return found
		}
	}
	return nil
}

// partsOf gives the members of an object, or the elements of a list by their index.
func partsOf(value json.RawMessage) map[string]json.RawMessage {
	var parts map[string]json.RawMessage
	if json.Unmarshal(value, &parts) == nil {
		return parts
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return nil
	}
	parts = make(map[string]json.RawMessage, len(list))
	for i, element := range list {
		parts[strconv.Itoa(i)] = element
	}
	return parts
}
