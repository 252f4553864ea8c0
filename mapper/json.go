package mapper

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// value is a JSON value as the bytes it came as.
type value []byte

// member is a name and its value in an object.
type member struct {
	name   string
	quoted []byte // the name as it came, in quotes
	value  value
}

// object is a JSON object, in the order it came in. Names are unique.
type object []member

func newMember(name string, v value) member {
	quoted, _ := jsontext.AppendQuote(nil, name) // fails on invalid UTF-8 only, which it replaces
	return member{name: name, quoted: quoted, value: v}
}

func (v value) isNull() bool   { return len(v) > 0 && v[0] == 'n' }
func (v value) isString() bool { return len(v) > 0 && v[0] == '"' }
func (v value) isObject() bool { return len(v) > 0 && v[0] == '{' }
func (v value) isList() bool   { return len(v) > 0 && v[0] == '[' }
func (v value) isBool() bool   { return len(v) > 0 && (v[0] == 't' || v[0] == 'f') }

func (v value) isNumber() bool {
	return len(v) > 0 && (v[0] == '-' || '0' <= v[0] && v[0] <= '9')
}

// isEmpty says that an object or a list has nothing in it.
func (v value) isEmpty() bool {
	inside := splitter{src: v[1 : len(v)-1]}
	return !inside.more()
}

// isTruthy is what JavaScript takes for true, which RudderStack's flags follow.
func (v value) isTruthy() bool {
	switch {
	case v.isString():
		return len(v) > 2
	case v.isNumber():
		return bytes.ContainsAny(mantissa(v), "123456789")
	}
	return !v.isNull() && len(v) > 0 && v[0] != 'f'
}

func mantissa(number []byte) []byte {
	if i := bytes.IndexAny(number, "eE"); i >= 0 {
		return number[:i]
	}
	return number
}

// text is the content of a string.
func (v value) text() string {
	if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	text, _ := jsontext.AppendUnquote(nil, v) // a lone surrogate becomes U+FFFD
	return string(text)
}

// validate says why line is no JSON value, or nil.
//
// A lone surrogate escape is let through, for SDKs send them when they cut a
// string within an emoji; raw bytes that aren't UTF-8 are not.
func validate(line []byte) *Error {
	if !utf8.Valid(line) {
		return &Error{Code: CodeInvalidJSON, Message: fmt.Sprintf("byte %d is not UTF-8; convert the input to UTF-8", invalidUTF8(line))}
	}
	if jsontext.Value(line).IsValid(jsontext.AllowInvalidUTF8(true)) {
		return nil
	}
	return syntaxError(line)
}

// syntaxError says what is wrong with a line that is no JSON value.
func syntaxError(line []byte) *Error {
	d := jsontext.NewDecoder(bytes.NewBuffer(line), jsontext.AllowInvalidUTF8(true))
	_, err := d.ReadValue()
	if err == nil {
		return &Error{Code: CodeInvalidJSON, Message: fmt.Sprintf("something follows the value at byte %d; put one event on a line", d.InputOffset())}
	}
	e := &Error{Code: CodeInvalidJSON}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		e.Message = "the line ends in the middle of a value; was it cut off?"
		return e
	}
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		e.Message = "not JSON"
		return e
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		e.Field = dotted(syntactic.JSONPointer)
		e.Message = "the name is there twice in one object; keep one of them"
		return e
	}
	if strings.Contains(syntactic.Err.Error(), "depth") { // jsontext doesn't export it
		e.Message = "objects and lists stand more than 10,000 levels deep"
		return e
	}
	// The error's own words quote what stands there, which may be personal.
	e.Message = fmt.Sprintf("not JSON at byte %d", syntactic.ByteOffset)
	return e
}

func invalidUTF8(line []byte) int {
	offset := 0
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
		line = line[size:]
	}
	return offset
}

func dotted(p jsontext.Pointer) string {
	var tokens []string
	for token := range p.Tokens() {
		tokens = append(tokens, token)
	}
	return strings.Join(tokens, ".")
}

// members splits an object whose JSON is known to be valid.
func (v value) members() object {
	var o object
	s := splitter{src: v[1 : len(v)-1]}
	for s.more() {
		quoted := s.next()
		s.more() // past the colon
		o = append(o, member{name: value(quoted).text(), quoted: quoted, value: s.next()})
	}
	return o
}

// elements splits a list whose JSON is known to be valid.
func (v value) elements() []value {
	var list []value
	s := splitter{src: v[1 : len(v)-1]}
	for s.more() {
		list = append(list, s.next())
	}
	return list
}

// splitter finds the values in the inside of an object or a list that is valid.
type splitter struct {
	src []byte
	pos int
}

// more passes over what separates values and says whether one follows.
func (s *splitter) more() bool {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.pos++
		default:
			return true
		}
	}
	return false
}

// next gives the value at the position that more found.
func (s *splitter) next() value {
	start := s.pos
	switch s.src[s.pos] {
	case '"':
		s.skipString()
	case '{', '[':
		s.skipContainer()
	default:
		for s.pos < len(s.src) && bytes.IndexByte([]byte(" \t\r\n,:]}"), s.src[s.pos]) < 0 {
			s.pos++
		}
	}
	return value(s.src[start:s.pos:s.pos])
}

func (s *splitter) skipString() {
	for s.pos++; s.src[s.pos] != '"'; s.pos++ {
		if s.src[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
}

func (s *splitter) skipContainer() {
	for depth := 0; ; {
		switch s.src[s.pos] {
		case '"':
			s.skipString()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.pos++
		if depth == 0 {
			return
		}
	}
}

func (o object) get(name string) (value, bool) {
	for i := range o {
		if o[i].name == name {
			return o[i].value, true
		}
	}
	return nil, false
}

// set replaces the member of that name, or adds one.
func (o object) set(name string, v value) object {
	for i := range o {
		if o[i].name == name {
			replaced := append(object(nil), o...)
			replaced[i].value = v
			return replaced
		}
	}
	return append(o[:len(o):len(o)], newMember(name, v))
}

// appendTo writes the object as JSON.
func (o object) appendTo(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range o {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, o[i].quoted...)
		dst = append(dst, ':')
		dst = append(dst, o[i].value...)
	}
	return append(dst, '}')
}

func (o object) json() []byte {
	size := 2
	for i := range o {
		size += len(o[i].quoted) + len(o[i].value) + 2
	}
	return o.appendTo(make([]byte, 0, size))
}

// number is v's number as text, where v is a number or a string that is one.
func (v value) number() (string, bool) {
	switch {
	case v.isNumber():
		return string(v), fitsDouble(string(v))
	case v.isString():
		text := strings.TrimSpace(v.text())
		return text, isJSONNumber(text) && fitsDouble(text)
	}
	return "", false
}
