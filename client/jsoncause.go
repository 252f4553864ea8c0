package client

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// encoding/json is another implementation from Go 1.27 on. What is said here of its errors
// is the same with both.

const invalidNumber = "json: invalid number literal"

// syntaxFaults are the kinds of a json.SyntaxError, and the words that tell them. The first
// that matches counts.
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

// syntaxFault leaves out the characters that e quotes.
func syntaxFault(e *json.SyntaxError) string {
	for _, fault := range syntaxFaults {
		if saying(fault.words...)(e) != "" {
			return fault.text
		}
	}
	return "invalid JSON"
}

// describeSyntax gives the kind and the place.
func describeSyntax(e *json.SyntaxError) string {
	text := syntaxFault(e)
	if e.Offset > 0 {
		text += fmt.Sprintf(" at offset %d", e.Offset)
	}
	return text
}

// describeMismatch gives the path and the types, and not the value, which e quotes if it
// is a number.
func describeMismatch(e *json.UnmarshalTypeError) string {
	found, _, _ := strings.Cut(e.Value, " ")
	return fmt.Sprintf("%s is a JSON %s, not a Go %s, at offset %d", fieldPath(e.Field), found, goType(e.Type), e.Offset)
}

var (
	index     = regexp.MustCompile(`^\d+$`)
	fieldName = regexp.MustCompile(`^[$_a-zA-Z]\w*$`)
)

// fieldPath names the fields that a value is in. Go 1.27 names the indexes of lists too,
// which are left out, and the keys of maps, which may be personal data: the path ends at
// what isn't a field's name.
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

// describeMarshaler gives the type and the reason, without an offset: that is one in what
// MarshalJSON wrote, which nobody sees.
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

// goType is the name of a type, or of what a pointer points to. Go 1.27 marshals
// addressable values, and has json.RawMessage as another name for jsontext.Value.
func goType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return rawMessage.Replace(t.String())
}
