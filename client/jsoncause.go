package client

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// Go 1.27 replaces the implementation of encoding/json. The texts here are the same for both.

const invalidNumber = "json: invalid number literal"

// syntaxFaults are the kinds of json.SyntaxError, and the words that identify them. The first
// match counts.
var syntaxFaults = []struct {
	text  string
	words []string
}{
	{"unexpected end of JSON input", []string{"unexpected end of JSON input"}},
	{"invalid character looking for beginning of value", []string{"looking for beginning of value"}},
	{"invalid character looking for beginning of object key string", []string{"looking for beginning of object key string"}},
	{"invalid character after object key:value pair", []string{"after object key:value pair"}},
	{"invalid character after object key", []string{"after object key"}},
	{"invalid character after array element", []string{"after array element", "after array value"}},
	{"invalid character after top-level value", []string{"after top-level value"}},
	{"invalid character in literal", []string{"in literal "}},
	{"invalid character in numeric literal", []string{"numeric literal"}},
	{"invalid escape sequence in string", []string{"in string escape code", "hexadecimal character escape", "invalid escape sequence"}},
	{"invalid character in string", []string{"in string"}},
	{"exceeded max depth", []string{"exceeded max depth"}},
}

// syntaxFault describes e without the characters that it quotes.
func syntaxFault(e *json.SyntaxError) string {
	for _, fault := range syntaxFaults {
		if containing(fault.words...)(e) != "" {
			return fault.text
		}
	}
	return "invalid JSON"
}

// describeSyntax returns the kind and the offset.
func describeSyntax(e *json.SyntaxError) string {
	text := syntaxFault(e)
	if e.Offset > 0 {
		text += fmt.Sprintf(" at offset %d", e.Offset)
	}
	return text
}

// describeMismatch returns the field and the types, but not the value, which e quotes if it is
// a number.
func describeMismatch(e *json.UnmarshalTypeError) string {
	found, _, _ := strings.Cut(e.Value, " ")
	return fmt.Sprintf("%s is a JSON %s, not a Go %s, at offset %d", fieldPath(e.Field), found, goType(e.Type), e.Offset)
}

var (
	index     = regexp.MustCompile(`^\d+$`)
	fieldName = regexp.MustCompile(`^[$_a-zA-Z]\w*$`)
)

// fieldPath returns the names of the fields on the path. The path of Go 1.27 also contains list
// indexes, which are omitted, and map keys, which may be personal data: the result ends before
// the first element that isn't a field name.
func fieldPath(path string) string {
	var names []string
	for name := range strings.SplitSeq(path, ".") {
		if index.MatchString(name) {
			continue
		}
		if !fieldName.MatchString(name) {
			break
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "the body"
	}
	return strings.Join(names, ".")
}

// describeMarshaler returns the type and the reason, without the offset, which is meaningless
// to the caller: it refers to the output of MarshalJSON.
func describeMarshaler(e *json.MarshalerError) string {
	if e.Type == reflect.TypeFor[*json.Number]() {
		return invalidNumber
	}
	reason := describe(e.Err)
	if syntax, ok := e.Err.(*json.SyntaxError); ok {
		reason = syntaxFault(syntax)
	}
	return fmt.Sprintf("json: a %s: %s", goType(e.Type), reason)
}

var rawMessage = strings.NewReplacer("encoding/json/jsontext.Value", "encoding/json.RawMessage", "jsontext.Value", "json.RawMessage")

// goType returns the name of a type, without pointers. Go 1.27 marshals addressable values, and
// json.RawMessage is an alias of jsontext.Value.
func goType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return rawMessage.Replace(t.String())
}
