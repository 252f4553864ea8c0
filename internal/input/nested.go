package input

import "bytes"

// A nestedIterator iterates over the events in a value, of which there may be very many. It has
// no pointers to itself, so that a copy is independent. The zero nestedIterator is empty.
type nestedIterator struct {
	outer   Event   // the value without its text; its number is that of the next event
	copied  bool    // the events aren't part of the value's memory
	lists   [3]list // each is in an element of the previous one; the first is for sequences
	depth   int     // of the current list
	current element // the next event to return
}

// A list is the rest of a list of events, without brackets.
type list struct {
	form Form
	rest []byte
}

// An element is an event in a list. If text is nil there is none.
type element struct {
	form Form
	text []byte
}

// mayNest is a quick check that is false for most values without nested events.
func mayNest(text []byte) bool {
	return bytes.Contains(text, []byte(`batch"`)) || bytes.Contains(text, []byte(`payload"`)) ||
		mayBeSequence(bytes.TrimLeft(text, " \t"))
}

// openNested returns an iterator over the events in a value. It reports false if the value is
// itself an event.
func openNested(value Event) (nestedIterator, bool) {
	held := findNested(value.Text)
	value.Text = nil // allows the memory of a copied line to be released
	h := nestedIterator{outer: value, copied: held.copied}
	switch {
	case held.form == "":
		return nestedIterator{}, false
	case held.sequence:
		h.outer.Event = max(value.Event, 1)
		h.lists[0] = list{held.form, held.text}
		h.advance()
	case isList(held.text):
		h.outer.Event = max(value.Event, 1)
		h.depth, h.lists[1] = 1, newList(held)
		h.advance()
	default:
		h.current = element{held.form, held.text}
	}
	return h, true
}

func newList(c nestedEvents) list { return list{c.form, c.text[1 : len(c.text)-1]} }

// next returns the next event. Events of a list are numbered from the value's number, or from
// 1. The position after the last one is that after the value.
func (h *nestedIterator) next() (Event, bool) {
	if h.current.text == nil {
		return Event{}, false
	}
	event := h.outer
	event.Form, event.Text = h.current.form, h.current.text
	h.outer.Event++
	if h.advance(); h.current.text != nil {
		event.Next = h.outer.Position
	}
	return event, true
}

// count returns the number of remaining events.
func (h nestedIterator) count() (n int) {
	for ; h.current.text != nil; h.advance() {
		n++
	}
	return n
}

// advance moves to the next event. A list may contain batches and lines of the archive besides
// events.
func (h *nestedIterator) advance() {
	for {
		h.current = h.lists[h.depth].take()
		switch {
		case h.current.text == nil && h.depth == 0:
			return
		case h.current.text == nil:
			h.depth--
			continue
		case h.depth == len(h.lists)-1 || !mayNest(h.current.text):
			return
		}
		held := findNested(h.current.text)
		switch {
		case held.form == "":
			return
		case !isList(held.text):
			h.current = element{held.form, held.text}
			return
		}
		h.depth++
		h.lists[h.depth] = newList(held)
	}
}

// take removes and returns the first element.
func (l *list) take() element {
	for i, b := range l.rest {
		if isSpace(b) || b == ',' {
			continue
		}
		var s scan
		n, _ := s.value(l.rest[i:])
		text := l.rest[i : i+n]
		l.rest = l.rest[i+n:]
		return element{l.form, text}
	}
	*l = list{} // releases the text
	return element{}
}
