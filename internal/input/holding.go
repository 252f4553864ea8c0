package input

import "bytes"

// holding gives the events that a value holds, one after the other: they may be a
// million times as many as are wanted at once. Nothing of it points to itself, so that
// a copy goes on by itself. The zero holding has no event.
type holding struct {
	value Event   // what holds them; its number is that of the next of them
	outer list    // of the value
	inner list    // of the element of outer that was reached
	next  element // which tells whether an event is the last
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
		bytes.TrimLeft(text, " \t")[0] == '['
}

// open looks into a value. It is false of one that holds nothing and is an event itself.
func open(value Event) (holding, bool) {
	form, text := inside(value.Text)
	switch {
	case form == "":
		return holding{}, false
	case !isList(text):
		return holding{value: value, next: element{form, text}}, true
	}
	value.Event = max(value.Event, 1)
	h := holding{value: value, outer: newList(form, text)}
	h.advance()
	return h, true
}

func newList(form Form, text []byte) list { return list{form, text[1 : len(text)-1]} }

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
		if h.next = h.inner.take(); h.next.text != nil {
			return
		}
		if h.next = h.outer.take(); h.next.text == nil || !mayHoldEvents(h.next.text) {
			return
		}
		form, text := inside(h.next.text)
		switch {
		case form == "":
			return
		case !isList(text):
			h.next = element{form, text}
			return
		}
		h.inner = newList(form, text)
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
