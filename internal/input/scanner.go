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

// object reads the members of the object that text begins with. Where text isn't whole it
// can go on with more of it, and looks at none of it again.
type object struct {
	text  []byte
	pos   int
	ended bool // text has the object's end, or something else than an object
	whole bool // pos is behind it

	at      memberPart
	name    int  // where the name begins
	nameEnd int  // and ends
	part    scan // of the name or the value at pos
	seen    int  // how much of the text from pos on part knows
}

// memberPart is what of a member comes next.
type memberPart int

const (
	memberName memberPart = iota
	memberColon
	memberValue
)

func newObject(text []byte) *object { return &object{text: text, pos: 1} }

// next goes to the value of the next member and gives its name, in quotes. It gives the
// same one until its value is taken.
func (o *object) next() (name []byte, ok bool) {
	for o.skipSpace(); o.pos < len(o.text); o.skipSpace() {
		switch c := o.text[o.pos]; {
		case o.at == memberValue:
			return unescape(o.text[o.name:o.nameEnd]), true
		case o.at == memberColon && c == ':':
			o.pos++
			o.at = memberValue
		case o.at == memberName && c == '"':
			begin := o.pos
			if !o.pass() {
				return nil, false
			}
			o.name, o.nameEnd, o.at = begin, o.pos, memberColon
		case o.at == memberName && c == ',':
			o.pos++
		case o.at == memberName && c == '}':
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

// maxKnownName is the length of the longest name that is asked for, all of it escaped.
const maxKnownName = len(`""`) + len("payload")*len(`\u0000`)

// unescape writes a name, which stays in quotes, without escapes that it can do without.
func unescape(name []byte) []byte {
	if len(name) > maxKnownName || bytes.IndexByte(name, '\\') < 0 {
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
	if !o.pass() {
		return nil
	}
	o.at = memberName
	return o.text[begin:o.pos]
}

// pass goes behind the name or the value at hand, if it is whole.
func (o *object) pass() bool {
	n, ends := o.part.value(o.text[o.pos+o.seen:])
	if o.seen += n; !ends {
		return false
	}
	o.pos += o.seen
	o.part, o.seen = scan{}, 0
	return true
}

func (o *object) skipSpace() {
	for o.pos < len(o.text) && isSpace(o.text[o.pos]) {
		o.pos++
	}
}
