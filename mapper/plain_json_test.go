package mapper_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// JSON, as the twin reads and writes it.

// pairs is a JSON object in its order.
type pairs []pair

type pair struct {
	name string
	raw  json.RawMessage
}

func (o pairs) get(name string) (json.RawMessage, bool) {
	for _, p := range o {
		if p.name == name {
			return p.raw, true
		}
	}
	return nil, false
}

func (o pairs) with(name string, raw json.RawMessage) pairs {
	out := slices.Clone(o)
	for i := range out {
		if out[i].name == name {
			out[i].raw = raw
			return out
		}
	}
	return append(out, pair{name, raw})
}

// orMissing adds a member unless there is one of that name.
func (o pairs) orMissing(name string, raw json.RawMessage) pairs {
	if _, ok := o.get(name); ok {
		return o
	}
	return append(o, pair{name, raw})
}

func pairsOf(raw json.RawMessage) pairs {
	if kindOf(raw) != '{' {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	must(d.Token())
	o := pairs{}
	for d.More() {
		name := must(d.Token()).(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			panic(err)
		}
		o = append(o, pair{name, value})
	}
	return o
}

func listOf(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		panic(err)
	}
	return list
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// kindOf is what a value begins with: one of {["0tfn, or 0 if there is none.
func kindOf(raw json.RawMessage) byte {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
		return 0
	case raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9':
		return '0'
	}
	return raw[0]
}

func textOf(raw json.RawMessage) string {
	if kindOf(raw) != '"' {
		return string(bytes.TrimSpace(raw))
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		panic(err)
	}
	return s
}

// encodePlain writes a body, the names of fields in their alphabet's order.
func encodePlain(kind string, attributes map[string]any) string {
	return encodeValue(map[string]any{"data": map[string]any{"type": kind, "attributes": attributes}})
}

func encodeValue(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, encodeValue(name)+":"+encodeValue(v[name]))
		}
		return "{" + strings.Join(members, ",") + "}"
	case []map[string]any:
		var list []string
		for _, one := range v {
			list = append(list, encodeValue(one))
		}
		return "[" + strings.Join(list, ",") + "]"
	case specialProfile:
		special, custom := encodeValue(v.special), encodePairs(v.custom)
		switch {
		case len(v.custom) == 0:
			return special
		case len(v.special) == 0:
			return custom
		}
		return strings.TrimSuffix(special, "}") + "," + strings.TrimPrefix(custom, "{")
	case pairs:
		return encodePairs(v)
	case json.RawMessage:
		return compactPlain(v)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// encodePairs writes values as they came, but for white space.
func encodePairs(o pairs) string {
	var members []string
	for _, p := range o {
		members = append(members, encodeValue(p.name)+":"+compactPlain(p.raw))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func compactPlain(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		panic(err)
	}
	return b.String()
}
