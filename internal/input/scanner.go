package input

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// scan finds where a value ends, by its brackets and quotes alone: whether it is
// JSON is another's question. It goes on with the next text where one ends within
// the value. The zero scan is before a value.
type scan struct {
	begun    bool
	depth    int // of the brackets that are open
	inString bool
	escaped  bool // by a backslash before
}

// value scans text, which begins with the value or goes on with it. It gives how
// much of it is the value's, and whether the value ends there: a number and its
// like end with what follows.
//
// No string of JSON goes beyond its line. One that does lacks a quote, and the
// value ends with the line, so that those on other lines come to no harm.
func (s *scan) value(text []byte) (n int, ends bool) {
	for i, b := range text {
		switch {
		case s.escaped && b != '\n':
			s.escaped = false
		case s.inString && b == '\\':
			s.escaped = true
		case s.inString && b == '"':
			if s.inString = false; s.depth == 0 {
				return i + 1, true
			}
		case s.inString && b == '\n':
			return i, true
		case s.inString:
		case b == '"':
			if s.begun && s.depth == 0 {
				return i, true
			}
			s.inString = true
		case b == '{' || b == '[':
			if s.begun && s.depth == 0 {
				return i, true
			}
			s.depth++
		case s.depth > 0 && (b == '}' || b == ']'):
			if s.depth--; s.depth == 0 {
				return i + 1, true
			}
		case s.depth == 0 && s.begun && (isSpace(b) || b == ',' || b == ']' || b == '}'):
			return i, true
		}
		s.begun = true
	}
	return len(text), false
}

// valueEnd is where the value ends that text begins with, or 0 if it doesn't.
func valueEnd(text []byte) int {
	var s scan
	n, ends := s.value(text)
	if !ends {
		return 0
	}
	return n
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// object reads the members of the object that text begins with.
type object struct {
	text  []byte
	pos   int
	ended bool // text has the object's end, or something else than an object
	whole bool // pos is behind it
}

func newObject(text []byte) *object { return &object{text: text, pos: 1} }

// next goes to the value of the next member and gives its name, in quotes.
func (o *object) next() (name []byte, ok bool) {
	for o.skipSpace(); o.pos < len(o.text); o.skipSpace() {
		switch o.text[o.pos] {
		case '"':
			if name = o.value(); name == nil {
				return nil, false
			}
			o.skipSpace()
			if o.pos == len(o.text) {
				return nil, false
			}
			if o.text[o.pos] != ':' {
				o.ended = true
				return nil, false
			}
			o.pos++
			o.skipSpace()
			return unescape(name), o.pos < len(o.text)
		case ',':
			o.pos++
		case '}':
			o.pos++
			o.ended, o.whole = true, true
			return nil, false
		default:
			o.ended = true
			return nil, false
		}
	}
	return nil, false
}

// unescape writes a name, which stays in quotes, without escapes that it can do without.
func unescape(name []byte) []byte {
	if bytes.IndexByte(name, '\\') < 0 {
		return name
	}
	text, err := jsontext.AppendUnquote(nil, name)
	if err != nil {
		return name
	}
	name, _ = jsontext.AppendQuote(nil, text) // fails on invalid UTF-8 only, which it replaces
	return name
}

// value gives the value at hand and goes behind it; nil if it isn't whole.
func (o *object) value() []byte {
	begin := o.pos
	o.pos += valueEnd(o.text[begin:])
	if o.pos == begin {
		return nil
	}
	return o.text[begin:o.pos]
}

func (o *object) skipSpace() {
	for o.pos < len(o.text) && isSpace(o.text[o.pos]) {
		o.pos++
	}
}
