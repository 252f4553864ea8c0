package input

import "bytes"

// Held gives the events that a value holds, one after the other. A copy goes on by itself.
// The zero Held has no event.
type Held struct{ holding }

// Hold gives the events of a value that stands alone, such as the body of a request: those
// that a line with the same text holds, or the value itself where it holds none. Unlike a
// line it may go over several. Its events are numbered from its own number on, or from 1.
func Hold(value Event) Held {
	trimmed := value
	if trimmed.Text = bytes.TrimSpace(value.Text); len(trimmed.Text) > 0 && mayHoldEvents(trimmed.Text) {
		if h, ok := open(trimmed); ok {
			return Held{h}
		}
	}
	return HoldItself(value)
}

// HoldBatch gives the elements of the list in the body of RudderStack's batch call, whatever
// they hold, and the value that the body has for sentAt, or nil. A body that is no such call
// is given itself.
func HoldBatch(value Event) (held Held, sentAt []byte) {
	list, sentAt := batchOf(bytes.TrimSpace(value.Text))
	if list == nil {
		return HoldItself(value), nil
	}
	h := holding{value: value}
	h.value.Text, h.value.Event = nil, max(value.Event, 1)
	h.depth = len(h.lists) - 1 // where no element is looked into
	h.lists[h.depth] = newList(contents{form: FormBatch, text: list})
	h.advance()
	return Held{h}, sentAt
}

// HoldItself gives the value itself, whatever it holds.
func HoldItself(value Event) Held {
	text := value.Text
	if text == nil {
		text = []byte{}
	}
	value.Text = nil
	return Held{holding{value: value, next: element{value.Form, text}}}
}

// batchOf finds the list of a batch call's body, and its sentAt. There is no list unless
// text is a whole object that has one once.
func batchOf(text []byte) (list, sentAt []byte) {
	if len(text) == 0 || text[0] != '{' {
		return nil, nil
	}
	o := newObject(text)
	for name, ok := o.next(); ok; name, ok = o.next() {
		twice := false
		value := o.value()
		switch string(name) {
		case `"batch"`:
			twice, list = list != nil, value
		case `"sentAt"`:
			twice, sentAt = sentAt != nil, value
		}
		if twice || value == nil {
			return nil, nil // the mapper names the fault
		}
	}
	if !o.whole || o.pos != len(text) || !isList(list) {
		return nil, nil
	}
	return list, sentAt
}

// More tells whether there is another event.
func (h *Held) More() bool { return h.next.text != nil }

// Next gives the next event, if there is one. Its Next is the position of the one after
// it, and after the last that of the value.
func (h *Held) Next() (Event, bool) { return h.take() }

// Count is how many events are left.
func (h Held) Count() int { return h.count() }
