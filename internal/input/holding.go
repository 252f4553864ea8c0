package input

import "bytes"

// holding gives the events that a value holds, one after the other: they may be a
// million times as many as are wanted at once. Nothing of it points to itself, so that
// a copy goes on by itself. The zero holding has no event.
type holding struct {
	value  Event   // what holds them, without its text; its number is that of the next of them
	copied bool    // they aren't a part of the value's text
	lists  [3]list // each is in an element of the one before; the first is for values in a row
	depth  int     // of the list that was reached
	next   element // which tells whether an event is the last
}

// list is what is left of a list of events, without its brackets.
type list struct {
	form Form
	rest []byte
}

// element is an event in a list. There is none if it has no text.
type element struct {
	form Form
	text []byte
}

// mayHoldEvents tells values that can hold events from those that surely are events, at
// little cost for each.
func mayHoldEvents(text []byte) bool {
	return bytes.Contains(text, []byte(`batch"`)) || bytes.Contains(text, []byte(`payload"`)) ||
		mayBeRow(bytes.TrimLeft(text, " \t"))
}

// open looks into a value. It is false of one that holds nothing and is an event itself.
func open(value Event) (holding, bool) {
	held := inside(value.Text)
	value.Text = nil // the memory of a copied string's line can be let go
	h := holding{value: value, copied: held.copied}
	switch {
	case held.form == "":
		return holding{}, false
	case held.row:
		h.value.Event = max(value.Event, 1)
		h.lists[0] = list{held.form, held.text}
		h.advance()
	case isList(held.text):
		h.value.Event = max(value.Event, 1)
		h.depth, h.lists[1] = 1, newList(held)
		h.advance()
	default:
		h.next = element{held.form, held.text}
	}
	return h, true
}

func newList(c contents) list { return list{c.form, c.text[1 : len(c.text)-1]} }

// take gives the next event. Those of a list have numbers in a row, from the value's own
// on, or from 1 if it has none. After the last comes what is after the value.
func (h *holding) take() (Event, bool) {
	if h.next.text == nil {
		return Event{}, false
	}
	event := h.value
	event.Form, event.Text = h.next.form, h.next.text
	h.value.Event++
	if h.advance(); h.next.text != nil {
		event.Next = h.value.Position
	}
	return event, true
}

// count is how many events are left.
func (h holding) count() (n int) {
	for ; h.next.text != nil; h.advance() {
		n++
	}
	return n
}

// advance goes to the next event. In the value's list batches and lines of the archive
// may stand among events.
func (h *holding) advance() {
	for {
		h.next = h.lists[h.depth].take()
		switch {
		case h.next.text == nil && h.depth == 0:
			return
		case h.next.text == nil:
			h.depth--
			continue
		case h.depth == len(h.lists)-1 || !mayHoldEvents(h.next.text):
			return
		}
		held := inside(h.next.text)
		switch {
		case held.form == "":
			return
		case !isList(held.text):
			h.next = element{held.form, held.text}
			return
		}
		h.depth++
		h.lists[h.depth] = newList(held)
	}
}

// take takes off the first element.
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
	*l = list{} // lets go of the text
	return element{}
}
