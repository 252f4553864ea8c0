package mapper

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// mapping is the work on one event: its parts, and what was said of them so far. Its
// memory serves one event after the other.
type mapping struct {
	*Mapper
	scanner
	event    []byte
	id       string // the event's messageId
	warnings []Warning
	// omittedWarnings is the number of warnings beyond the most that an event has.
	omittedWarnings int
	// broken is the first limit that was found broken before limits are checked, and taken
	// the bytes of text that rules took, escaped.
	broken *Error
	taken  int
	// unused are the values that a rule met and could not use where they belong.
	unused []unusedValue
	// externalID is the id of a record that rETL identifies people by.
	externalID value
	retl       bool
	// skipped is the reason why nothing is to be sent, once that is known.
	skipped SkipReason
	// itemTexts are the lists of items that stand in strings.
	itemTexts [rootCount]bool
	// leaves are the properties that identify the person, and aren't the event's then.
	leaves wordSet
	trace  *trace // nil unless the mapping is to be explained

	// What is built on the way to a request and copied into it.
	custom, own object
	items       []byte
	unquoted    []byte
	names       nameSet
	meant       event // or its profile alone
	subscribes  subscription
	itemScanner *scanner // of an item whose members weren't taken down
}

// unusedValue is a value that stays a custom property under its name.
type unusedValue struct {
	path  path
	value value
}

// readParts looks at the parts of the event. One that is no object counts as absent.
func (m *mapping) readParts() {
	for i := range parts {
		part := &parts[i]
		v, ok := m.lookup(part.path)
		if !v.isObject() && !part.root.isList() && !part.several {
			m.forget(part.root) // a trait that rETL sets may stand in its place
			if ok && !v.isNull() && !part.anything {
				m.warn(CodeWrongType, part.path.text, "must be an object; ignored")
				m.keepUnused(part.path, v)
			}
		}
		if part.root == rootContext {
			m.readRETL()
		}
	}
}

// lookup follows a path.
func (m *mapping) lookup(p path) (value, bool) {
	at := m.at[p.root][p.word]
	if at == 0 {
		return nil, false
	}
	return m.parts[p.root][at-1].value, true
}

// set gives a part's member of that name another value, or adds one.
func (m *mapping) set(r root, name string, v value) {
	made := newMember(name, v)
	at := m.parts[r].index(name)
	if at >= 0 {
		made.quoted = m.parts[r][at].quoted
		m.parts[r][at] = made
		return
	}
	m.parts[r] = append(m.parts[r], made)
	m.at[r][made.word] = int32(len(m.parts[r]))
}

// content is the content of a string, until it is called again.
func (m *mapping) content(v value) []byte {
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	m.unquoted, _ = jsontext.AppendUnquote(m.unquoted[:0], v) // a lone surrogate becomes U+FFFD
	return m.unquoted
}

func (m *mapping) warn(code Code, field, message string) {
	if len(m.warnings) == maxWarnings {
		m.omittedWarnings++
		return
	}
	m.warnings = append(m.warnings, Warning{Code: code, Field: field, Message: message})
}

// keepUnused remembers a value that no rule can use. The first of a name keeps it.
func (m *mapping) keepUnused(p path, v value) {
	switch p.root {
	case rootEvent:
		if p.text != "userId" {
			return
		}
	case rootTraits, rootContextTraits, rootProperties:
	default:
		return // it stays within the object it stands in
	}
	for _, u := range m.unused {
		if u.path.word == p.word && (u.path.root == rootProperties) == (p.root == rootProperties) {
			return
		}
	}
	m.unused = append(m.unused, unusedValue{path: p, value: v})
}

func (m *mapping) isUnused(r root, w nameID) bool {
	for _, u := range m.unused {
		if u.path.root == r && u.path.word == w {
			return true
		}
	}
	return false
}

// textValue is what a string field found.
type textValue struct {
	text  string
	value value // as it came
	path  path
	// null is where a null is, if nothing usable was found.
	null *path
	// unusable says that something was met that is no text.
	unusable bool
}

// firstText gives the first usable text: a string that isn't blank, or a number
// or boolean as its JSON text.
func (m *mapping) firstText(r *rule) (textValue, bool) { return m.firstTextBut(r, nil) }

// firstTextBut passes over what isOther says of a text at a path, if it isn't nil.
func (m *mapping) firstTextBut(r *rule, isOther func(path, []byte) bool) (textValue, bool) {
	var null *path
	unusable := false
	for i := range r.from {
		p := &r.from[i]
		v, ok := m.lookup(*p)
		if !ok {
			continue
		}
		var text []byte
		switch {
		case v.isNull():
			if null == nil {
				null = p
			}
			continue
		case v.isString():
			if v.isBlank() {
				continue
			}
			text = m.content(v)
		case v.isNumber(), v.isBool():
			text = v
		default:
			m.warn(CodeWrongType, p.text, "must be text, not an object or a list")
			m.keepUnused(*p, v)
			unusable = true
			continue
		}
		if isOther != nil && isOther(*p, text) {
			continue
		}
		m.traceTaken(r, p.text)
		return textValue{text: string(m.take(text)), value: v, path: *p, unusable: unusable}, true
	}
	return textValue{null: null, unusable: unusable}, false
}

// take counts a text that a rule takes, as it is sent. More than a request may have is cut,
// for the event is refused.
func (m *mapping) take(text []byte) []byte {
	most := m.revision.limits.event
	if m.isFarBelow(most, 0) {
		return text
	}
	if m.taken += escapedSize(text); m.taken > most {
		m.setLimitError(m.eventTooLarge())
		return text[:min(len(text), maxShown)]
	}
	return text
}

// maxFlag is the length of "false" with all its letters escaped.
const maxFlag = len(`"\u0066\u0061\u006c\u0073\u0065"`)

// flagValue is what a flag found.
type flagValue struct {
	isTrue, ok bool
	path       path
	// there is true if any of the paths holds something, unusable if one of them that was
	// met holds something else than a flag, null or a blank.
	there, unusable bool
}

// firstFlag gives the first usable flag: a boolean or its name in any case.
func (m *mapping) firstFlag(r *rule) flagValue {
	there, unusable := false, false
	for _, p := range r.from {
		v, found := m.lookup(p)
		if !found {
			continue
		}
		there = true
		switch {
		case v.isNull():
			continue
		case v.isBool():
			m.traceTaken(r, p.text)
			return flagValue{isTrue: v[0] == 't', ok: true, path: p, there: true}
		case v.isBlank():
			continue
		case v.isString() && len(v) <= maxFlag:
			if text := v.text(); strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
				m.traceTaken(r, p.text)
				return flagValue{isTrue: len(text) == len("true"), ok: true, path: p, there: true}
			}
		}
		m.warn(CodeWrongType, p.text, "must be true or false")
		unusable = true
	}
	return flagValue{there: there, unusable: unusable}
}

// numberValue is what a number field found.
type numberValue struct {
	text value
	path path
	ok   bool
	// isMoney says that the number was written for people, and stays where it is.
	isMoney bool
}

// isIn says whether the number is to leave that name in the properties.
func (n *numberValue) isIn(w nameID) bool { return n.ok && !n.isMoney && n.path.word == w }

// firstNumber gives the first usable number: one of JSON's, a string that wholly is one, or
// money as people write it.
func (m *mapping) firstNumber(r *rule) numberValue {
	for _, p := range r.from {
		v, ok := m.lookup(p)
		if !ok || v.isNull() || v.isBlank() {
			continue
		}
		if text, ok := v.number(); ok {
			m.traceTaken(r, p.text)
			return numberValue{text: text, path: p, ok: true}
		}
		if text, ok := v.money(); ok {
			m.warn(CodeMoneyAsText, p.text, "money formatted as text: parsed as a number, and kept as a property")
			m.traceTaken(r, p.text)
			return numberValue{text: text, path: p, ok: true, isMoney: true}
		}
		m.warn(CodeNotNumeric, p.text, "not a number: kept as a property")
	}
	return numberValue{}
}
