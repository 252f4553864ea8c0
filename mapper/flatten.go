package mapper

import (
	"slices"
	"strconv"
)

// flatten flattens nested objects to dotted keys if the config says so. A list whose first
// element is an object or null becomes key[0].sub and so on. Other lists, and empty values,
// stay unchanged. place returns the path that a member has in the event. If there are more than
// maxKeys keys, which can't be sent, the result has one more than that. If the result exceeds
// maxSize bytes, flatten sets a limit error.
func (m *mapping) flatten(o object, maxKeys, maxSize int, place placer) object {
	if !m.cfg.FlattenProperties {
		return o
	}
	return m.flattenObject(o, maxKeys, maxSize, place)
}

// A placer returns the path that a member has in the event, where its name may be another.
type placer func(*mapping, *member) string

func (m *mapping) flattenObject(o object, maxKeys, maxSize int, place placer) object {
	if !slices.ContainsFunc(o, func(p member) bool { return isExpandable(p.value) || p.items }) {
		return o
	}
	f := flattener{mapping: m, place: place, maxKeys: maxKeys, maxSize: maxSize}
	for i := range o {
		if p := &o[i]; !p.isExpanded() {
			f.keys.add(p.name(), p.hash)
		}
	}
	if len(f.keys.list) > maxKeys {
		return o
	}
	for i := range o {
		p := &o[i]
		if p.isExpanded() {
			f.member, f.name = p, p.name()
			f.key = append(f.key[:0], f.name...)
			f.expand(&splitter{src: p.value})
			continue
		}
		f.out = append(f.out, *p)
		if p.items {
			list := &f.out[len(f.out)-1]
			list.value, list.hasSpace = m.flattenItems(p, maxSize), false
		}
	}
	return f.out
}

// isExpanded reports whether the member is flattened to other members.
func (m *member) isExpanded() bool { return isExpandable(m.value) && !m.items }

// flattenItems flattens each item of a list separately.
func (m *mapping) flattenItems(list *member, maxSize int) value {
	if list.value.isLongerThan(m.revision.limits.elements) {
		return list.value // exceeds a limit
	}
	if m.trace != nil { // the list is one field, so the origins in it aren't those of properties
		defer func(own map[string]origin) { m.trace.properties = own }(m.trace.properties)
		m.trace.properties = make(map[string]origin)
	}
	out := append(make([]byte, 0, len(list.value)), '[')
	for i, item := range list.value.elements() {
		if i > 0 {
			out = append(out, ',')
		}
		if !item.isObject() {
			out = item.appendCompact(out)
			continue
		}
		fields := item.members()
		for j := range fields {
			f := &fields[j]
			f.hash, f.hasSpace = hashName(f.name()), true
		}
		at := container{list, i}
		place := func(m *mapping, f *member) string { return at.pathOf(m.ownItemField(at, f.name())) }
		fields = m.flattenObject(fields, maxItemFields, maxSize, place)
		if out = fields.appendTo(out); len(out) > maxSize {
			m.setLimitError(limitError(CodeTooLarge, "", "exceeds the limit of %d bytes after flattening", maxSize))
			return list.value
		}
	}
	return append(out, ']')
}

type flattener struct {
	*mapping
	place            placer
	maxKeys, maxSize int
	member           *member // the current one
	name             []byte  // its name
	// keys are the keys of members that aren't flattened, which take precedence, and the
	// generated keys, the first of which takes precedence.
	keys nameSet
	// key is the key of the current value. All levels share the buffer, so that the cost is
	// proportional to the input at any depth.
	key           []byte
	out           object
	size          int // of the generated members
	collidingSize int // total size of the keys that collide
	done          bool
}

// expand flattens the value at the position of s.
func (f *flattener) expand(s *splitter) {
	if !isExpandable(s.src[s.pos:]) {
		f.add(s.next())
		return
	}
	depth, inObject := len(f.key), s.src[s.pos] == '{'
	s.pos++
	for i := 0; s.more() && s.src[s.pos] != '}' && s.src[s.pos] != ']'; i++ {
		if inObject {
			f.key = append(append(f.key, '.'), s.next().content()...)
			s.more() // skip the colon
		} else {
			f.key = append(strconv.AppendInt(append(f.key, '['), int64(i), 10), ']')
		}
		f.expand(s)
		f.key = f.key[:depth]
	}
	s.pos++
}

func (f *flattener) add(v value) {
	if f.done {
		return
	}
	hash := hashName(f.key)
	if f.keys.has(f.key, hash) {
		if f.trace != nil || f.omittedWarnings == 0 {
			f.warnCollision(f.place(f.mapping, f.member)+truncate(f.key[len(f.name):]), "another value has the same name, or flattens to it")
		} else {
			f.omittedWarnings++
		}
		// A long key can be written in many ways, each of which has to be compared.
		if f.collidingSize += len(f.key); f.collidingSize > maxCollidingKeys {
			f.setLimitError(limitError(CodeTooLarge, "", "names that collide after flattening exceed the limit of %d bytes", maxCollidingKeys))
			f.done = true
		}
		return
	}
	if f.size += len(f.key) + len(`"":,`) + v.compactSize(); f.size > f.maxSize {
		f.setLimitError(limitError(CodeTooLarge, "", "exceeds the limit of %d bytes after flattening", f.maxSize))
		f.done = true
		return
	}
	made := newMember(string(f.key), v)
	f.keys.add(made.name(), hash)
	if f.trace != nil {
		f.traceFlattened(string(f.key), string(f.name), f.place(f.mapping, f.member))
	}
	f.out = append(f.out, made)
	f.done = len(f.keys.list) > f.maxKeys
}

// isExpandable reports whether the value that src begins with is flattened.
func isExpandable(src value) bool {
	if !src.isObject() && !src.isList() {
		return false
	}
	inside := splitter{src: src[1:]}
	inside.more()
	switch first := inside.src[inside.pos]; {
	case first == '}' || first == ']':
		return false
	case src.isList():
		return first == '{' || first == 'n'
	}
	return true
}
