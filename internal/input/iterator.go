package input

import "bytes"

// An Iterator iterates over the events in a value. A copy is independent. The zero Iterator is
// empty.
type Iterator struct{ nestedIterator }

// Split iterates over the events in a value that isn't part of a file, such as the body of a
// request. They are the events that a line with the same text contains, or the value itself if
// it contains none. Unlike a line, it may span several lines. Events are numbered from the
// value's number, or from 1.
func Split(value Event) Iterator {
	trimmed := value
	if trimmed.Text = bytes.TrimSpace(value.Text); len(trimmed.Text) > 0 && mayNest(trimmed.Text) {
		if h, ok := openNested(trimmed); ok {
			return Iterator{h}
		}
	}
	return Single(value)
}

// SplitBatch iterates over the elements of the list in the body of RudderStack's batch call,
// without looking for events in them. It also returns the value of sentAt, or nil. If the body
// isn't such a call, it is the only element.
func SplitBatch(value Event) (held Iterator, sentAt []byte) {
	list, sentAt := batchOf(bytes.TrimSpace(value.Text))
	if list == nil {
		return Single(value), nil
	}
	h := nestedIterator{outer: value}
	h.outer.Text, h.outer.Event = nil, max(value.Event, 1)
	h.depth = len(h.lists) - 1 // elements aren't searched for events
	h.lists[h.depth] = newList(nestedEvents{form: FormBatch, text: list})
	h.advance()
	return Iterator{h}, sentAt
}

// Single iterates over the value itself.
func Single(value Event) Iterator {
	text := value.Text
	if text == nil {
		text = []byte{}
	}
	value.Text = nil
	return Iterator{nestedIterator{outer: value, current: element{value.Form, text}}}
}

// batchOf returns the list and sentAt of a batch call's body. The list is nil if text isn't a
// complete object, or has a name twice.
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
			return nil, nil // the mapper reports the error
		}
	}
	if !o.complete || o.pos != len(text) || !isList(list) {
		return nil, nil
	}
	return list, sentAt
}

// More reports whether there is another event.
func (h *Iterator) More() bool { return h.current.text != nil }

// Next returns the next event, if there is one. Its Next is the position of the following
// event, or after the last event that of the value.
func (h *Iterator) Next() (Event, bool) { return h.next() }

// Count returns the number of remaining events.
func (h Iterator) Count() int { return h.count() }
