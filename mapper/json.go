package mapper

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// value is a JSON value as the bytes it came as.
type value []byte

// member is a name and its value in an object.
type member struct {
	quoted value // the name as it came, in quotes
	value  value
	hash   uint64 // of the name
	// levels is how many objects and lists stand in each other in the value.
	levels uint16
	word   nameID
	// escaped says that there are escapes in the name.
	escaped bool
	// hasSpace says that there is white space in the value, outside of strings.
	hasSpace bool
	// mapped says that the name is not the event's, but Klaviyo's.
	mapped bool
	// items says that it is a list of items, which flows loop over and flattening leaves one.
	items bool
}

// object is a JSON object, in the order it came in. Names are unique.
type object []member

// newMember is a member that an event doesn't have as such.
func newMember(name string, v value) member {
	quoted, _ := jsontext.AppendQuote(nil, name) // fails on invalid UTF-8 only, which it replaces
	m := member{quoted: quoted, value: v, hash: hashName([]byte(name)), escaped: true}
	m.word = knownNames.find([]byte(name), m.hash)
	if v.isObject() || v.isList() {
		m.levels, m.hasSpace = maxNesting, true // for all that is known
	}
	return m
}

// name is the text of the name.
func (m *member) name() []byte {
	if m.escaped {
		return m.quoted.content()
	}
	return m.quoted[1 : len(m.quoted)-1]
}

func (v value) isNull() bool   { return len(v) > 0 && v[0] == 'n' }
func (v value) isString() bool { return len(v) > 0 && v[0] == '"' }
func (v value) isObject() bool { return len(v) > 0 && v[0] == '{' }
func (v value) isList() bool   { return len(v) > 0 && v[0] == '[' }
func (v value) isBool() bool   { return len(v) > 0 && (v[0] == 't' || v[0] == 'f') }

func (v value) isNumber() bool {
	return len(v) > 0 && (v[0] == '-' || '0' <= v[0] && v[0] <= '9')
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
func (v value) text() string { return string(v.content()) }

// content is the content of a string, as a part of it where that can be.
func (v value) content() []byte {
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	text, _ := jsontext.AppendUnquote(nil, v) // a lone surrogate becomes U+FFFD
	return text
}

// escapedSize is the length of a text within the quotes of a string, as bodies have it.
func escapedSize(text []byte) int {
	separators := bytes.Count(text, []byte("\u2028")) + bytes.Count(text, []byte("\u2029"))
	size := len(text) + separators*(len(`\u2028`)-len("\u2028"))
	for _, c := range text {
		switch {
		case bytes.IndexByte([]byte("\b\f\n\r\t\"\\"), c) >= 0:
			size += len(`\n`) - 1
		case c < ' ':
			size += len(`\u0001`) - 1
		}
	}
	return size
}

// isBlank says that a string has nothing in it, or space.
func (v value) isBlank() bool {
	if !v.isString() {
		return false
	}
	for inner := v[1 : len(v)-1]; len(inner) > 0; {
		r, size := utf8.DecodeRune(inner)
		isSpace := showsNothing(r)
		if r == '\\' {
			size = escapeLength(inner)
			isSpace = isSpaceEscape(inner[:size])
		}
		if !isSpace {
			return false
		}
		inner = inner[size:]
	}
	return true
}

// isSpaceEscape says that an escape stands for white space.
func isSpaceEscape(escape []byte) bool {
	if escape[1] != 'u' {
		return bytes.IndexByte([]byte("nrtf"), escape[1]) >= 0
	}
	r, err := strconv.ParseUint(string(escape[2:]), 16, 32)
	return err == nil && showsNothing(rune(r))
}

// validate says why line is no JSON value, or nil. What is one, the scanner has taken
// down then.
//
// A lone surrogate escape is let through, for SDKs send them when they cut a
// string within an emoji; raw bytes that aren't UTF-8 are not.
func (s *scanner) validate(line []byte) *Error {
	if s.scan(line) {
		return nil
	}
	if !utf8.Valid(line) {
		return &Error{Code: CodeInvalidJSON, Message: fmt.Sprintf("invalid UTF-8 at byte %d; convert the input to UTF-8", invalidUTF8(line))}
	}
	if s.twice > 0 {
		return &Error{Code: CodeInvalidJSON, Field: namePath(line[:s.pos]), Message: "duplicate name in one object; keep one of them"}
	}
	return syntaxError(line)
}

// syntaxError says what is wrong with a line that isn't valid JSON.
func syntaxError(line []byte) *Error {
	d := jsontext.NewDecoder(bytes.NewBuffer(line), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	_, err := d.ReadValue()
	if err == nil {
		return &Error{Code: CodeInvalidJSON, Message: fmt.Sprintf("unexpected text after the JSON value at byte %d; put one event on each line", d.InputOffset())}
	}
	e := &Error{Code: CodeInvalidJSON}
	if len(bytes.TrimSpace(line)) == 0 {
		e.Message = "there is no event: it is empty"
		return e
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		e.Message = "incomplete JSON: the line was cut off, or the event spans several lines; put each event on one line"
		return e
	}
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		e.Message = "invalid JSON"
		return e
	}
	if strings.Contains(syntactic.Err.Error(), "depth") { // jsontext doesn't export it
		e.Message = "objects and lists are nested more than 10,000 levels deep"
		return e
	}
	// The error's own words quote what stands there, which may be personal.
	e.Message = fmt.Sprintf("invalid JSON at byte %d", syntactic.ByteOffset)
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

// namePath is the dotted path of the name that a text ends in, which is valid so far.
func namePath(text []byte) string {
	type level struct {
		isList bool
		index  int
		name   value
	}
	var open []level
	for s := (splitter{src: text}); s.pos < len(text); {
		switch c := text[s.pos]; c {
		case '{', '[':
			open = append(open, level{isList: c == '['})
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			open[len(open)-1].index++
		case '"':
			open[len(open)-1].name = s.next() // or a value that another name follows
			continue
		}
		s.pos++
	}
	var path []byte
	for i, at := range open {
		switch {
		case at.isList:
			path = append(strconv.AppendInt(append(path, '['), int64(at.index), 10), ']')
		case i > 0:
			path = append(path, '.')
			fallthrough
		default:
			path = append(path, shown(at.name.content())...)
		}
		if len(path) > maxShown {
			break
		}
	}
	return shown(path)
}

// elements goes through a list whose JSON is known to be valid.
func (v value) elements() iter.Seq2[int, value] {
	return func(yield func(int, value) bool) {
		for i, s := 0, v.inside(); s.more() && yield(i, s.next()); i++ {
		}
	}
}

// isLongerThan says whether a list has more than n elements.
func (v value) isLongerThan(n int) bool {
	for i := range v.elements() {
		if i == n {
			return true
		}
	}
	return false
}

// get gives the member of an object that has a name, or nothing.
func (v value) get(name string) value {
	for s := v.inside(); s.more(); {
		quoted := s.next()
		s.more() // past the colon
		if found := s.next(); string(quoted.content()) == name {
			return found
		}
	}
	return nil
}

// inside is what stands between the braces or brackets.
func (v value) inside() splitter { return splitter{src: v[1 : len(v)-1]} }

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

// members splits an object whose JSON is known to be valid.
func (v value) members() object {
	var o object
	for s := v.inside(); s.more(); {
		quoted := s.next()
		s.more() // past the colon
		o = append(o, member{quoted: quoted, value: s.next(), escaped: true})
	}
	return o
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return string(m.name()) == name })
}

// appendTo writes the object as JSON, without white space.
func (o object) appendTo(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range o {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, o[i].quoted...)
		dst = append(dst, ':')
		if o[i].hasSpace {
			dst = o[i].value.appendCompact(dst)
		} else {
			dst = append(dst, o[i].value...)
		}
	}
	return append(dst, '}')
}

// fits says whether the object has at most limit bytes as JSON without white space.
func (o object) fits(limit int) bool {
	return o.size(value.size) <= limit || o.size(value.compactSize) <= limit
}

// json writes the object, without white space, or nothing if it has more than limit bytes
// then.
func (o object) json(limit int) ([]byte, bool) {
	size := o.size(value.size)
	if size > limit {
		if size = o.size(value.compactSize); size > limit {
			return nil, false
		}
	}
	return o.appendTo(make([]byte, 0, size)), true
}

func (v value) size() int { return len(v) }

// size is the length of the object as JSON, with that of its values.
func (o object) size(of func(value) int) int {
	size := len("{}")
	for i := range o {
		size += len(o[i].quoted) + len(":,") + of(o[i].value)
	}
	return max(size-len(","), len("{}"))
}

// namesSize is the length of the names, as they came.
func (o object) namesSize() (size int) {
	for i := range o {
		size += len(o[i].quoted)
	}
	return size
}

// compact writes the value without white space, or nothing if it has more than limit bytes
// then.
func (v value) compact(limit int) ([]byte, bool) {
	size := len(v)
	if size > limit {
		if size = v.compactSize(); size > limit {
			return nil, false
		}
	}
	return v.appendCompact(make([]byte, 0, size)), true
}

// compactSize is the length of the value without white space.
func (v value) compactSize() int {
	size := 0
	for s := (splitter{src: v}); s.pos < len(s.src); {
		switch s.src[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '"':
			size += len(s.next())
		default:
			size++
			s.pos++
		}
	}
	return size
}

// appendCompact writes the value without white space.
func (v value) appendCompact(dst []byte) []byte {
	s := splitter{src: v}
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		case '"':
			dst = append(dst, s.next()...)
		default:
			dst = append(dst, c)
			s.pos++
		}
	}
	return dst
}

// number is v's number as text, where v is a number or a string that is one.
func (v value) number() (value, bool) {
	text := v
	if v.isString() {
		text = trimBytes(v.content())
	}
	if len(text) == 0 || len(text) > maxTyped || numberLength(text) != len(text) {
		return nil, false
	}
	return text, fitsDouble(string(text))
}
