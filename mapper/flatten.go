package mapper

import (
	"slices"
	"strconv"
)

// flatten turns nested objects into dotted keys, if the config says so. A list
// whose first element is an object or null becomes key[0].sub, …; other lists, and
// whatever is empty, stay whole. place gives the path of a member in the event.
func (m *mapping) flatten(o object, place func(*mapping, string) string) object {
	if !m.cfg.FlattenProperties {
		return o
	}
	if !slices.ContainsFunc(o, func(p member) bool { return expands(p.value) }) {
		return o
	}
	f := flattener{mapping: m, place: place, literal: make(map[string]bool, len(o)), taken: make(map[string]bool, len(o))}
	for _, p := range o {
		if !expands(p.value) {
			f.literal[string(p.name())] = true
		}
	}
	for _, p := range o {
		if !expands(p.value) {
			f.out = append(f.out, p)
			continue
		}
		f.name = string(p.name())
		f.key = append(f.key[:0], p.name()...)
		f.expand(&splitter{src: p.value})
	}
	return f.out
}

type flattener struct {
	*mapping
	place func(*mapping, string) string
	name  string // of the member at hand
	// literal are the keys that o has itself and that stay; they win.
	literal map[string]bool
	// taken are the keys generated so far; the first wins.
	taken map[string]bool
	// key is that of the value at hand. One buffer serves all levels, so that the
	// work stays in proportion to the input, however deep it is.
	key  []byte
	out  object
	size int
}

// maxFlattened bounds what a small but deep value can grow to: more than any
// request may hold, so that checking the size afterwards finds it.
const maxFlattened = 2 * maxEventSize

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
			f.key = append(append(f.key, '.'), s.next().text()...)
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
	if f.size > maxFlattened {
		return
	}
	key := string(f.key)
	if f.literal[key] || f.taken[key] {
		f.warnCollision(f.place(f.mapping, f.name)+key[len(f.name):], "another value flattens to it or has it")
		return
	}
	f.taken[key] = true
	f.size += len(key) + len(v)
	if f.trace != nil {
		f.flattened(key, f.name, f.place(f.mapping, f.name))
	}
	f.out = append(f.out, newMember(key, v))
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
