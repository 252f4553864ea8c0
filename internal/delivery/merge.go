package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"
)

// The merged result of two requests for a profile: for each field the later value counts,
// including null. Custom properties are fields, but values inside of them aren't.

// latest returns the merged value of a field.
func latest[F any](earlier, later F) F {
	if isZero(later) {
		return earlier
	}
	return later
}

func isZero(v any) bool { return reflect.ValueOf(v).IsZero() }

// mergeProperties merges objects of custom properties by name. Values keep their bytes.
func mergeProperties(earlier, later json.RawMessage) (json.RawMessage, error) {
	if len(earlier) == 0 {
		return later, nil
	}
	if len(later) == 0 {
		return earlier, nil
	}
	merged, err := properties(earlier)
	if err != nil {
		return nil, err
	}
	index := make(map[string]int, len(merged))
	for i, p := range merged {
		index[p.name] = i
	}
	changes, err := properties(later)
	if err != nil {
		return nil, err
	}
	for _, p := range changes {
		if i, ok := index[p.name]; ok {
			merged[i] = p
		} else {
			merged = append(merged, p)
		}
	}

	object := make([]byte, 0, len(earlier)+len(later))
	for _, p := range merged {
		object = append(object, ',')
		object = append(object, p.quoted...)
		object = append(object, ':')
		object = append(object, p.value...)
	}
	if len(object) == 0 {
		return later, nil
	}
	object[0] = '{'
	return append(object, '}'), nil
}

var errNotObject = errors.New("custom properties are not an object")

// A property is a custom property.
type property struct {
	name          string
	quoted, value []byte
}

// properties parses an object, which may contain a lone surrogate, like events.
func properties(object json.RawMessage) ([]property, error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(object), jsontext.AllowInvalidUTF8(true))
	if token, err := decoder.ReadToken(); err != nil || token.Kind() != '{' {
		return nil, errors.Join(errNotObject, err)
	}
	var found []property
	for decoder.PeekKind() != '}' {
		quoted, err := decoder.ReadValue()
		if err != nil {
			return nil, err
		}
		p := property{quoted: bytes.Clone(quoted)}
		name, _ := jsontext.AppendUnquote(nil, quoted) // only fails for a lone surrogate, which it replaces
		p.name = string(name)
		value, err := decoder.ReadValue()
		if err != nil {
			return nil, err
		}
		p.value = bytes.Clone(value)
		found = append(found, p)
	}
	return found, nil
}
