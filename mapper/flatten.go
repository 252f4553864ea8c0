package mapper

import (
	"slices"
	"strconv"
)

// flatten turns nested objects into dotted keys, if the config says so. A list
// whose first element is an object or null becomes key[0].sub, …; other lists, and
// whatever is empty, stay whole. place gives the path of a member in the event. Of more
// than most keys, which can't be sent, there is one too many in what it returns; more
// than limit bytes it notes as an error.
func (m *mapping) flatten(o object, most, limit int, place func(*mapping, []byte) string) object {
	if !m.cfg.FlattenProperties {
		return o
	}
	return m.flattenObject(o, most, limit, place)
}

func (m *mapping) flattenObject(o object, most, limit int, place func(*mapping, []byte) string) object {
	if !slices.ContainsFunc(o, func(p member) bool { return expands(p.value) || p.items }) {
		return o
	}
	f := flattener{mapping: m, place: place, most: most, limit: limit}
	for i := range o {
		if p := &o[i]; !p.isTakenApart() {
			f.keys.add(p.name(), p.hash)
		}
	}
	if len(f.keys.list) > most {
		return o
	}
	for _, p := range o {
		if !p.isTakenApart() {
			if p.items {
				p.value, p.hasSpace = m.flattenItems(&p, limit, place), false
			}
			f.out = append(f.out, p)
			continue
		}
		f.name = p.name()
		f.key = append(f.key[:0], f.name...)
		f.expand(&splitter{src: p.value})
	}
	return f.out
}

// isTakenApart says that the member becomes others.
func (m *member) isTakenApart() bool { return expands(m.value) && !m.items }

// flattenItems flattens each item of a list in itself.
func (m *mapping) flattenItems(list *member, limit int, place func(*mapping, []byte) string) value {
	if list.value.isLongerThan(m.revision.limits.elements) {
		return list.value // it can't be sent
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
		at := place(m, list.name()) + "[" + strconv.Itoa(i) + "]."
		fields = m.flattenObject(fields, maxItemFields, limit, func(_ *mapping, name []byte) string { return at + shown(name) })
		if out = fields.appendTo(out); len(out) > limit {
			m.setLimitError(limitError(CodeTooLarge, "", "exceeds the limit of %d bytes after flattening", limit))
			return list.value
		}
	}
	return append(out, ']')
}

type flattener struct {
	*mapping
	place       func(*mapping, []byte) string
	most, limit int
	name        []byte // of the member at hand
	// keys are those that o has itself and that stay, which win, and those generated so
	// far, of which the first wins.
	keys nameSet
	// key is that of the value at hand. One buffer serves all levels, so that the
	// work stays in proportion to the input, however deep it is.
	key  []byte
	out  object
	size int // of what was generated
	lost int // bytes of the keys that were taken
	full bool
}

// expand reads the value that s stands at, and adds what it flattens to.
func (f *flattener) expand(s *splitter) {
	if !expands(s.src[s.pos:]) {
		f.add(s.next())
		return
	}
	depth, inObject := len(f.key), s.src[s.pos] == '{'
	s.pos++
	for i := 0; s.more() && s.src[s.pos] != '}' && s.src[s.pos] != ']'; i++ {
		if inObject {
			f.key = append(append(f.key, '.'), s.next().content()...)
			s.more() // past the colon
		} else {
			f.key = append(strconv.AppendInt(append(f.key, '['), int64(i), 10), ']')
		}
		f.expand(s)
		f.key = f.key[:depth]
	}
	s.pos++
}

func (f *flattener) add(v value) {
	if f.full {
		return
	}
	hash := hashName(f.key)
	if f.keys.has(f.key, hash) {
		if f.trace != nil || f.omittedWarnings == 0 {
			f.warnCollision(f.place(f.mapping, f.name)+shown(f.key[len(f.name):]), "another value has the same name, or flattens to it")
		} else {
			f.omittedWarnings++
		}
		// A long key may be written in a million ways, each of which is compared.
		if f.lost += len(f.key); f.lost > maxLostKeys {
			f.setLimitError(limitError(CodeTooLarge, "", "names that collide after flattening exceed the limit of %d bytes", maxLostKeys))
			f.full = true
		}
		return
	}
	if f.size += len(f.key) + len(`"":,`) + v.compactSize(); f.size > f.limit {
		f.setLimitError(limitError(CodeTooLarge, "", "exceeds the limit of %d bytes after flattening", f.limit))
		f.full = true
		return
	}
	made := newMember(string(f.key), v)
	f.keys.add(made.name(), hash)
	if f.trace != nil {
		f.flattened(string(f.key), string(f.name), f.place(f.mapping, f.name))
	}
	f.out = append(f.out, made)
	f.full = len(f.keys.list) > f.most
}

// expands says whether flattening takes apart the value that src begins with.
func expands(src value) bool {
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
