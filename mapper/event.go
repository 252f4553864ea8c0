package mapper

import "strings"

// mapping is the work on one event: its parts, and what was said of them so far.
type mapping struct {
	*Mapper
	size     int // of the event, in bytes
	objects  [rootCount]object
	warnings []Warning
	// unused are the values that a rule met and could not use where they belong.
	unused []unusedValue
	// externalID is the id of a record that rETL identifies people by.
	externalID value
	retl       bool
}

// unusedValue is a value that stays a custom property under its name.
type unusedValue struct {
	root  root
	name  string
	value value
}

// parts are the objects within an event that rules start from, outer before inner.
var parts = []struct {
	path path
	root root
	// anything says that the part may be something else than an object.
	anything bool
}{
	{newPath("traits"), rootTraits, false},
	{newPath("context"), rootContext, false},
	{newPath("context.traits"), rootContextTraits, false},
	{newPath("properties"), rootProperties, false},
	{newPath("T.properties"), rootTraitsOptions, false},
	{newPath("C.properties"), rootContextOptions, false},
	{newPath("T.address"), rootTraitsAddress, true},
	{newPath("C.address"), rootContextAddress, true},
}

// readParts finds the parts of the event. One that is no object counts as absent.
func (m *mapping) readParts() {
	for _, part := range parts {
		v, ok := m.lookup(part.path)
		switch {
		case !ok || v.isNull():
		case v.isObject():
			m.objects[part.root] = v.members()
		case part.anything:
		default:
			m.warn(CodeWrongType, part.path.text, "not an object; it counts as absent")
			m.keepUnused(part.path, v)
		}
		if part.root == rootContext {
			m.readRETL()
		}
	}
}

// lookup follows a path.
func (m *mapping) lookup(p path) (value, bool) {
	o := m.objects[p.root]
	for i, key := range p.keys {
		v, ok := o.get(key)
		if !ok || i == len(p.keys)-1 {
			return v, ok
		}
		if !v.isObject() {
			return nil, false
		}
		o = v.members()
	}
	return nil, false
}

func (m *mapping) warn(code Code, field, message string) {
	m.warnings = append(m.warnings, Warning{Code: code, Field: field, Message: message})
}

// keepUnused remembers a value that no rule can use. The first of a name keeps it.
func (m *mapping) keepUnused(p path, v value) {
	name, direct := p.name()
	if !direct {
		return // it stays within the object it stands in
	}
	switch p.root {
	case rootEvent:
		if name != "userId" {
			return
		}
	case rootTraits, rootContextTraits, rootProperties:
	default:
		return
	}
	for _, u := range m.unused {
		if u.name == name && (u.root == rootProperties) == (p.root == rootProperties) {
			return
		}
	}
	m.unused = append(m.unused, unusedValue{root: p.root, name: name, value: v})
}

func (m *mapping) isUnused(r root, name string) bool {
	for _, u := range m.unused {
		if u.root == r && u.name == name {
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
	// null says that nothing usable was found, but a null.
	null bool
}

// firstText gives the first usable text: a string that isn't blank, or a number
// or boolean as its JSON text.
func (m *mapping) firstText(from []path) (textValue, bool) {
	null := false
	for _, p := range from {
		v, ok := m.lookup(p)
		if !ok {
			continue
		}
		switch {
		case v.isNull():
			null = true
		case v.isString():
			if text := v.text(); strings.TrimSpace(text) != "" {
				return textValue{text: text, value: v, path: p}, true
			}
		case v.isNumber(), v.isBool():
			return textValue{text: string(v), value: v, path: p}, true
		default:
			m.warn(CodeWrongType, p.text, "text is needed here; it is an object or a list")
			m.keepUnused(p, v)
		}
	}
	return textValue{null: null}, false
}

// firstFlag gives the first usable flag: a boolean or its name in any case. There
// is true if any of the paths holds something.
func (m *mapping) firstFlag(from []path) (flag, ok, there bool) {
	for _, p := range from {
		v, found := m.lookup(p)
		if !found {
			continue
		}
		there = true
		switch {
		case v.isNull():
			continue
		case v.isBool():
			return v[0] == 't', true, true
		case v.isString():
			switch text := strings.ToLower(v.text()); {
			case text == "true" || text == "false":
				return text == "true", true, true
			case strings.TrimSpace(text) == "":
				continue
			}
		}
		m.warn(CodeWrongType, p.text, "true or false is needed here")
	}
	return false, false, there
}

// numberValue is what a number field found.
type numberValue struct {
	text string
	path path
	ok   bool
}

// isIn says whether the number stands under that name directly in its root.
func (n numberValue) isIn(name string) bool {
	last, direct := n.path.name()
	return n.ok && direct && last == name
}

// firstNumber gives the first usable number: one of JSON's, or a string that
// wholly is one.
func (m *mapping) firstNumber(from []path) numberValue {
	for _, p := range from {
		v, ok := m.lookup(p)
		if !ok || v.isNull() || v.isString() && strings.TrimSpace(v.text()) == "" {
			continue
		}
		if text, ok := v.number(); ok {
			return numberValue{text: text, path: p, ok: true}
		}
		m.warn(CodeNotNumeric, p.text, "not a number; it stays a property")
	}
	return numberValue{}
}
