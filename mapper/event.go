package mapper

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A mapping is the state of mapping one event. Mappings are pooled.
type mapping struct {
	*Mapper
	scanner
	event    []byte
	id       string // the event's messageId
	warnings []Warning
	// omittedWarnings is the number of warnings after the first maxWarnings.
	omittedWarnings int
	// limitErr is the first limit error found while reading. textSize is the size, escaped, of
	// the texts that rules used.
	limitErr *Error
	textSize int
	// unused are values that are invalid for the fields that they map to.
	unused []unusedValue
	// externalID is the id by which reverse ETL identifies the record.
	externalID value
	retl       bool
	// skipReason is the reason to send nothing, if there is one.
	skipReason SkipReason
	// itemsInText marks lists of items that are in strings.
	itemsInText [rootCount]bool
	// identifying are properties that identify the person. They aren't properties of the event
	// then.
	identifying nameIDSet
	trace       *trace // nil unless Explain was called

	// Buffers that are reused.
	custom, properties object
	items              []byte
	unquoted           []byte
	names              nameSet
	parsed             event // for an identify only the profile is used
	parsedSubscription subscription
	itemScanner        *scanner // for items whose members weren't recorded
}

// An unusedValue is a value that is kept as a custom property.
type unusedValue struct {
	path  path
	value value
}

// readParts validates the nested objects of the event. Values of another type are ignored.
func (m *mapping) readParts() {
	for i := range nestedObjects {
		part := &nestedObjects[i]
		v, ok := m.lookup(part.path)
		if !v.isObject() && !part.root.isList() && !part.repeatable {
			m.clear(part.root) // its members may have been set by reverse ETL
			if ok && !v.isNull() && !part.anyType {
				m.warn(CodeWrongType, part.path.text, "must be an object, so nothing is read from it")
				m.keepUnused(part.path, v)
			}
		}
		if part.root == rootContext {
			m.readRETL()
		}
	}
}

// lookup returns the value at a path.
func (m *mapping) lookup(p path) (value, bool) {
	at := m.indexes[p.root][p.nameID]
	if at == 0 {
		return nil, false
	}
	return m.members[p.root][at-1].value, true
}

// set sets a member of a nested object.
func (m *mapping) set(r root, name string, v value) {
	made := newMember(name, v)
	at := m.members[r].index(name)
	if at >= 0 {
		made.quoted = m.members[r][at].quoted
		m.members[r][at] = made
		return
	}
	m.members[r] = append(m.members[r], made)
	m.indexes[r][made.nameID] = int32(len(m.members[r]))
}

// content returns the content of a string. It is valid until the next call.
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

// keepUnused keeps a value that no rule can use. The first value with a name is kept.
func (m *mapping) keepUnused(p path, v value) {
	switch p.root {
	case rootEvent:
		if p.text != "userId" {
			return
		}
	case rootTraits, rootContextTraits, rootProperties:
	default:
		return // it stays in its object
	}
	for _, u := range m.unused {
		if u.path.nameID == p.nameID && (u.path.root == rootProperties) == (p.root == rootProperties) {
			return
		}
	}
	m.unused = append(m.unused, unusedValue{path: p, value: v})
}

func (m *mapping) isUnused(r root, w nameID) bool {
	for _, u := range m.unused {
		if u.path.root == r && u.path.nameID == w {
			return true
		}
	}
	return false
}

// A textValue is the value of a text field.
type textValue struct {
	text  string
	value value // as in the event
	path  path
	// null is the path of a null, if there is no usable value.
	null *path
	// unusable means that there was a value that isn't text.
	unusable bool
}

// firstText returns the first usable text: a string that isn't blank, or a number or boolean as
// its JSON text.
func (m *mapping) firstText(r *rule) (textValue, bool) { return m.firstTextExcept(r, nil) }

// firstTextExcept skips texts for which exclude, if not nil, returns true.
func (m *mapping) firstTextExcept(r *rule, exclude func(path, []byte) bool) (textValue, bool) {
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
		if exclude != nil && exclude(*p, text) {
			continue
		}
		m.traceRule(r, p.text)
		return textValue{text: string(m.countText(text)), value: v, path: *p, unusable: unusable}, true
	}
	return textValue{null: null, unusable: unusable}, false
}

// countText counts a text that is sent. If the total exceeds the limit of a request, it
// truncates the text, since the event is rejected.
func (m *mapping) countText(text []byte) []byte {
	limit := m.revision.limits.event
	if m.isWellBelow(limit, 0) {
		return text
	}
	if m.textSize += escapedSize(text); m.textSize > limit {
		m.setLimitError(m.eventTooLarge())
		return text[:min(len(text), maxTruncated)]
	}
	return text
}

// maxFlag is the length of "false" with all letters escaped.
const maxFlag = len(`"\u0066\u0061\u006c\u0073\u0065"`)

// A flagValue is the value of a flag.
type flagValue struct {
	isTrue, ok bool
	path       path // of the flag or, if there is none, of the first unusable value
	// present means that any of the paths has a value. unusable means that one of the values
	// read isn't a flag, null or blank.
	present, unusable bool
}

// firstFlag returns the first usable flag: a boolean, or "true" or "false" in any case.
func (m *mapping) firstFlag(r *rule) flagValue {
	var none flagValue
	for _, p := range r.from {
		v, found := m.lookup(p)
		if !found {
			continue
		}
		none.present = true
		switch {
		case v.isNull():
			continue
		case v.isBool():
			m.traceRule(r, p.text)
			return flagValue{isTrue: v[0] == 't', ok: true, path: p, present: true}
		case v.isBlank():
			continue
		case v.isString() && len(v) <= maxFlag:
			if text := v.text(); strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
				m.traceRule(r, p.text)
				return flagValue{isTrue: len(text) == len("true"), ok: true, path: p, present: true}
			}
		}
		m.warn(CodeWrongType, p.text, "must be true or false")
		if !none.unusable {
			none.path, none.unusable = p, true
		}
	}
	return none
}

// A numberValue is the value of a number field.
type numberValue struct {
	text value
	path path
	ok   bool
	// isMoney means that the number was formatted as money, and is also kept as a property.
	isMoney bool
}

// isIn reports whether the number is to be removed from the properties.
func (n *numberValue) isIn(w nameID) bool { return n.ok && !n.isMoney && n.path.nameID == w }

// firstNumber returns the first usable number: a JSON number, a string that is one, or money
// formatted as text.
func (m *mapping) firstNumber(r *rule) numberValue {
	for _, p := range r.from {
		v, ok := m.lookup(p)
		if !ok || v.isNull() || v.isBlank() {
			continue
		}
		if text, ok := v.number(); ok {
			m.traceRule(r, p.text)
			return numberValue{text: text, path: p, ok: true}
		}
		if text, ok := v.money(); ok {
			m.warn(CodeMoneyAsText, p.text, "money formatted as text: parsed as a number, and kept as a property")
			m.traceRule(r, p.text)
			return numberValue{text: text, path: p, ok: true, isMoney: true}
		}
		m.warn(CodeNotNumeric, p.text, "not a number: kept as a property")
	}
	return numberValue{}
}
