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

// A value is a JSON value as in the event.
type value []byte

// A member is a member of an object.
type member struct {
	quoted value // the name as in the event, in quotes
	value  value
	hash   uint64 // of the name
	// levels is the depth of nesting in the value.
	levels uint16
	nameID nameID
	// from is the nameID of the event's own name if the name is Klaviyo's, else 0.
	from nameID
	// escaped means that the name has escapes.
	escaped bool
	// hasSpace means that the value has whitespace outside of strings.
	hasSpace bool
	// items means that the value is a list of items, which flows loop over. Flattening doesn't
	// flatten the list itself.
	items bool
}

// An object is a JSON object in its original order. Names are unique.
type object []member

// newMember returns a member that isn't in the event.
func newMember(name string, v value) member {
	quoted, _ := jsontext.AppendQuote(nil, name) // only fails for invalid UTF-8, which it replaces
	m := member{quoted: quoted, value: v, hash: hashName([]byte(name)), escaped: true}
	m.nameID = knownNames.find([]byte(name), m.hash)
	if v.isObject() || v.isList() {
		m.levels, m.hasSpace = maxNesting, true // the depth isn't known
	}
	return m
}

// name returns the unescaped name.
func (m *member) name() []byte {
	if m.escaped {
		return m.quoted.content()
	}
	return m.quoted[1 : len(m.quoted)-1]
}

// isMapped reports whether the name is Klaviyo's, not the event's.
func (m *member) isMapped() bool { return m.from != 0 }

// ownName returns the name that the member has in the event.
func (m *member) ownName() []byte {
	if m.isMapped() {
		return []byte(knownNames.names[m.from])
	}
	return m.name()
}

func (v value) isNull() bool   { return len(v) > 0 && v[0] == 'n' }
func (v value) isString() bool { return len(v) > 0 && v[0] == '"' }
func (v value) isObject() bool { return len(v) > 0 && v[0] == '{' }
func (v value) isList() bool   { return len(v) > 0 && v[0] == '[' }
func (v value) isBool() bool   { return len(v) > 0 && (v[0] == 't' || v[0] == 'f') }

func (v value) isNumber() bool {
	return len(v) > 0 && (v[0] == '-' || '0' <= v[0] && v[0] <= '9')
}

// isTruthy reports whether JavaScript treats the value as true, as RudderStack does.
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

// text returns the content of a string.
func (v value) text() string { return string(v.content()) }

// content returns the content of a string without copying it if it has no escapes.
func (v value) content() []byte {
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	text, _ := jsontext.AppendUnquote(nil, v) // a lone surrogate becomes U+FFFD
	return text
}

// escapedSize returns the size of a text when escaped in a body.
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

// isBlank reports whether a string is empty or consists of invisible characters.
func (v value) isBlank() bool {
	if !v.isString() {
		return false
	}
	for inner := v[1 : len(v)-1]; len(inner) > 0; {
		r, size := utf8.DecodeRune(inner)
		isSpace := isInvisible(r)
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

// isSpaceEscape reports whether an escape stands for an invisible character.
func isSpaceEscape(escape []byte) bool {
	if escape[1] != 'u' {
		return bytes.IndexByte([]byte("nrtf"), escape[1]) >= 0
	}
	r, err := strconv.ParseUint(string(escape[2:]), 16, 32)
	return err == nil && isInvisible(rune(r))
}

// validate scans line and returns an error if it isn't valid JSON. Lone surrogate escapes are
// allowed, since SDKs create them when they truncate a string within an emoji. Invalid UTF-8
// isn't.
func (s *scanner) validate(line []byte) *Error {
	if s.scan(line) {
		return nil
	}
	if !utf8.Valid(line) {
		return &Error{Code: CodeInvalidJSON, Message: fmt.Sprintf("invalid UTF-8 at byte %d; convert the input to UTF-8", invalidUTF8(line))}
	}
	if s.duplicateAt > 0 {
		return &Error{Code: CodeInvalidJSON, Field: namePath(line[:s.pos]), Message: "duplicate name in one object; keep one of them"}
	}
	return syntaxError(line)
}

// syntaxError returns the error for a line that isn't valid JSON.
func syntaxError(line []byte) *Error {
	d := jsontext.NewDecoder(bytes.NewBuffer(line), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	_, err := d.ReadValue()
	if err == nil {
		return &Error{Code: CodeInvalidJSON, Message: fmt.Sprintf("unexpected text after the JSON value at byte %d; put one event on each line", d.InputOffset())}
	}
	e := &Error{Code: CodeInvalidJSON}
	if len(bytes.TrimSpace(line)) == 0 {
		e.Message = "empty event"
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
	if strings.Contains(syntactic.Err.Error(), "depth") { // jsontext doesn't export this error
		e.Message = "objects and lists are nested more than 10,000 levels deep"
		return e
	}
	// The text of the error may quote personal data.
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

// namePath returns the dotted path of the name at the end of a text, which is valid up to
// there.
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
			open[len(open)-1].name = s.next() // or a value, which the next name replaces
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
			path = append(path, truncate(at.name.content())...)
		}
		if len(path) > maxTruncated {
			break
		}
	}
	return truncate(path)
}

// elements iterates over a valid list.
func (v value) elements() iter.Seq2[int, value] {
	return func(yield func(int, value) bool) {
		for i, s := 0, v.contents(); s.more() && yield(i, s.next()); i++ {
		}
	}
}

// isLongerThan reports whether a list has more than n elements.
func (v value) isLongerThan(n int) bool {
	for i := range v.elements() {
		if i == n {
			return true
		}
	}
	return false
}

// get returns the member of an object with the name, or nil.
func (v value) get(name string) value {
	for s := v.contents(); s.more(); {
		quoted := s.next()
		s.more() // skip the colon
		if found := s.next(); string(quoted.content()) == name {
			return found
		}
	}
	return nil
}

// contents returns a splitter for the members or elements.
func (v value) contents() splitter { return splitter{src: v[1 : len(v)-1]} }

// A splitter splits the content of a valid object or list into values.
type splitter struct {
	src []byte
	pos int
}

// more skips separators, and reports whether a value follows.
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

// next returns the value at the position that more found.
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

// members splits a valid object.
func (v value) members() object {
	var o object
	for s := v.contents(); s.more(); {
		quoted := s.next()
		s.more() // skip the colon
		o = append(o, member{quoted: quoted, value: s.next(), escaped: true})
	}
	return o
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return string(m.name()) == name })
}

// appendTo appends the object as JSON without whitespace.
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

// fits reports whether the object without whitespace has at most limit bytes.
func (o object) fits(limit int) bool {
	return o.size(value.size) <= limit || o.size(value.compactSize) <= limit
}

// json encodes the object without whitespace. It reports false if that exceeds limit bytes.
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

// size returns the size of the object as JSON, given the sizes of its values.
func (o object) size(of func(value) int) int {
	size := len("{}")
	for i := range o {
		size += len(o[i].quoted) + len(":,") + of(o[i].value)
	}
	return max(size-len(","), len("{}"))
}

// namesSize returns the total size of the names as in the event.
func (o object) namesSize() (size int) {
	for i := range o {
		size += len(o[i].quoted)
	}
	return size
}

// compact returns the value without whitespace. It reports false if that exceeds limit bytes.
func (v value) compact(limit int) ([]byte, bool) {
	size := len(v)
	if size > limit {
		if size = v.compactSize(); size > limit {
			return nil, false
		}
	}
	return v.appendCompact(make([]byte, 0, size)), true
}

// compactSize returns the size of the value without whitespace.
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

// appendCompact appends the value without whitespace.
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

// number returns the number of a JSON number, or of a string that is one.
func (v value) number() (value, bool) {
	text := v
	if v.isString() {
		text = trimBytes(v.content())
	}
	if len(text) == 0 || len(text) > maxScalar || numberLength(text) != len(text) {
		return nil, false
	}
	return text, fitsDouble(string(text))
}
