package input

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// A scan finds the end of a value by brackets and quotes only. It doesn't validate JSON. It
// continues with the next text if a text ends within the value. The zero scan is before a
// value.
type scan struct {
	started  bool
	depth    int // of the brackets that are open
	inString bool
	escaped  bool // by a backslash before
}

// value scans text, which begins with the value or continues it. It returns how much of it
// belongs to the value, and whether the value ends there. The end of a number or literal is
// only known from what follows.
//
// JSON strings don't contain line breaks. If one does, a quote is missing, and the value ends
// with the line, so that following lines aren't affected.
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
			if s.started && s.depth == 0 {
				return i, true
			}
			s.inString = true
		case b == '{' || b == '[':
			if s.started && s.depth == 0 {
				return i, true
			}
			s.depth++
		case s.depth > 0 && (b == '}' || b == ']'):
			if s.depth--; s.depth == 0 {
				return i + 1, true
			}
		case s.depth == 0 && s.started && (isSpace(b) || b == ',' || b == ']' || b == '}'):
			return i, true
		}
		s.started = true
	}
	return len(text), false
}

// valueEnd returns the end of the value that text begins with, or 0 if it is incomplete.
func valueEnd(text []byte) int {
	var s scan
	n, ends := s.value(text)
	if !ends {
		return 0
	}
	return n
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// An object reads the members of the object that text begins with. If text is incomplete, it
// can continue with more of it without scanning any of it again.
type object struct {
	text     []byte
	pos      int
	done     bool // text has the end of the object, or isn't an object
	complete bool // pos is after the end of the object

	at      memberPart
	name    int  // start of the name
	nameEnd int  // end of the name
	scan    scan // of the name or value at pos
	scanned int  // how much of the text after pos was scanned
}

// A memberPart is the next part of a member.
type memberPart int

const (
	memberName memberPart = iota
	memberColon
	memberValue
)

func newObject(text []byte) *object { return &object{text: text, pos: 1} }

// next moves to the value of the next member and returns its name, in quotes. It returns the
// same member until value is called.
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
			if !o.skipValue() {
				return nil, false
			}
			o.name, o.nameEnd, o.at = begin, o.pos, memberColon
		case o.at == memberName && c == ',':
			o.pos++
		case o.at == memberName && c == '}':
			o.pos++
			o.done, o.complete = true, true
			return nil, false
		default:
			o.done = true
			return nil, false
		}
	}
	return nil, false
}

// maxKnownName is the length of the longest relevant name when fully escaped.
const maxKnownName = len(`""`) + len("payload")*len(`\u0000`)

// unescape removes unnecessary escapes from a quoted name.
func unescape(name []byte) []byte {
	if len(name) > maxKnownName || bytes.IndexByte(name, '\\') < 0 {
		return name
	}
	text, err := jsontext.AppendUnquote(nil, name)
	if err != nil {
		return name
	}
	name, _ = jsontext.AppendQuote(nil, text) // only fails for invalid UTF-8, which it replaces
	return name
}

// value returns the current value and moves after it. It returns nil if the value is
// incomplete.
func (o *object) value() []byte {
	begin := o.pos
	if !o.skipValue() {
		return nil
	}
	o.at = memberName
	return o.text[begin:o.pos]
}

// skipValue moves after the current name or value, if it is complete.
func (o *object) skipValue() bool {
	n, ends := o.scan.value(o.text[o.pos+o.scanned:])
	if o.scanned += n; !ends {
		return false
	}
	o.pos += o.scanned
	o.scan, o.scanned = scan{}, 0
	return true
}

func (o *object) skipSpace() {
	for o.pos < len(o.text) && isSpace(o.text[o.pos]) {
		o.pos++
	}
}
