package input

import (
	"bytes"
	"errors"
	"strings"
)

// A document splits JSON values that may span several lines. It splits the list of an array or
// a batch into events, so that these may be of any length.
type document struct {
	limit int

	state     documentState
	begin     object   // of the value that may be a batch, until that is known
	value     scan     // of the current value, or of what follows a batch's list
	scanned   int      // how much of the text value has scanned
	tooLong   Position // start of the current value if it exceeds the limit
	lastEvent Position // position of the last event
	count     int      // number of events in the list
}

// A documentState is where the text continues.
type documentState int

const (
	betweenValues documentState = iota
	inList
	inBatch
	afterBatch      // between a batch's list and the end of the object
	inMember        // within a value after a batch's list
	inSecondBatch   // within a second batch of an object
	inInvalidMember // within something invalid after a batch's list
	inLine          // within a line that isn't an event
)

// errIncomplete means that a file ends within a value.
var errIncomplete = errors.New("incomplete JSON at the end of the file; it may have been cut off")

func (d *document) split(chunk *Chunk, text []byte, at Position, last bool) (int, error) {
	pos, line := 0, lineCounter{text: text, line: at.Line}
	most := maxPending
	if chunk.readAhead > 0 {
		most = maxPendingAlone
	}
	for len(chunk.pending) < most {
		if !d.inValue() {
			pos = d.skipSpace(text, pos)
			if pos == len(text) {
				if last && d.state != betweenValues {
					return pos, errIncomplete
				}
				return pos, nil
			}
			entered, known := d.enter(text[pos:], last)
			if pos += entered; !known {
				return pos, nil
			}
			if entered > 0 {
				continue
			}
		}
		n, ends := d.valueEnd(text[pos:], last)
		switch {
		case !ends && last:
			return pos, errIncomplete
		case !ends:
			return d.needMore(text, pos, n, line.at(pos)), nil
		}
		d.add(chunk, text[pos:pos+n], line.at(pos))
		pos += n
	}
	return pos, nil
}

// inValue reports whether the text continues within a value.
func (d *document) inValue() bool {
	return d.scanned > 0 || d.tooLong.Line > 0 || d.state == inMember || d.state == inInvalidMember || d.state == inLine
}

// skipSpace returns the position of the next value or the end of a list.
func (d *document) skipSpace(text []byte, pos int) int {
	for pos < len(text) {
		switch {
		case isSpace(text[pos]), d.state != betweenValues && text[pos] == ',':
			pos++
		case d.state == betweenValues && bytes.HasPrefix(text[pos:], byteOrderMark):
			pos += len(byteOrderMark)
		default:
			return pos
		}
	}
	return pos
}

// enter enters or leaves a list, and returns how many bytes that takes. known is false if more
// text is needed.
func (d *document) enter(text []byte, last bool) (n int, known bool) {
	switch {
	case d.state == betweenValues && text[0] == '[':
		d.state, d.count = inList, 0
		return 1, true
	case d.state == betweenValues && text[0] == '{':
		d.begin.text, d.begin.pos = text[:min(len(text), d.limit)], max(d.begin.pos, 1)
		at, known := d.begin.batchStart()
		d.begin.text = nil // the memory may change
		if known = known || last || len(text) >= d.limit; known {
			d.begin = object{}
		}
		if at > 0 {
			d.state, d.count = inBatch, 0
			return at + 1, true
		}
		return 0, known
	case d.state == betweenValues:
		d.state = inLine
	case d.state == inList && text[0] == ']':
		d.state = betweenValues
		return 1, true
	case d.state == inBatch && text[0] == ']':
		d.state = afterBatch
		return 1, true
	case d.state == afterBatch && text[0] == '}':
		d.state = betweenValues
		return 1, true
	case d.state == afterBatch:
		return d.enterMember(text, last)
	}
	return 0, true
}

// enterMember moves to the value of a member after a batch's list. A second batch is returned
// as a whole, with its name, as an invalid event, since the events of the first have already
// been returned.
func (d *document) enterMember(text []byte, last bool) (n int, known bool) {
	member := object{text: text}
	name, ok := member.next()
	most := d.limit + maxKnownName // maximum length to wait for
	switch {
	case ok && member.pos <= most && strings.IndexByte(",]}", text[member.pos]) < 0:
		if string(name) == `"batch"` {
			d.state, d.scanned = inSecondBatch, member.pos
			return 0, true
		}
		d.state = inMember
		return member.pos, true
	case ok, member.done, last, len(text) > most:
		d.state, d.value = inInvalidMember, scan{started: true, depth: 1}
		return 0, true
	}
	return 0, false
}

// valueEnd returns the end of the value that text begins with or continues.
func (d *document) valueEnd(text []byte, last bool) (n int, ends bool) {
	seen := d.scanned
	d.scanned = 0
	if d.state == inLine {
		if n = bytes.IndexByte(text[seen:], '\n'); n < 0 {
			return len(text), last
		}
		return seen + n, true
	}
	n, ends = d.value.value(text[seen:])
	return seen + n, ends
}

// needMore keeps the beginning of a value until there is more text, unless it exceeds the limit
// or isn't an event.
func (d *document) needMore(text []byte, pos, seen, line int) int {
	switch {
	case d.state == inMember, d.state == inInvalidMember, d.tooLong.Line > 0:
		return len(text)
	case len(text)-pos > d.limit:
		d.tooLong.Line = line
		return len(text)
	}
	d.scanned = seen
	return pos
}

// stateForms has the form of events by state.
var stateForms = [...]Form{betweenValues: FormJSON, inList: FormJSONArray, inBatch: FormBatch, afterBatch: FormBatch}

// add adds a complete value. Its number is the next in its list, or a later one if the line
// already has an event with that number.
func (d *document) add(chunk *Chunk, text []byte, line int) {
	d.value = scan{}
	switch d.state {
	case inInvalidMember:
		d.state = betweenValues
		return
	case inMember:
		d.state = afterBatch
		return
	case inSecondBatch:
		d.state = afterBatch
	case inLine:
		d.state = betweenValues
	}
	event := Event{Position: Position{File: chunk.from.File, Line: line}, Form: stateForms[d.state], Ended: true, Text: text}
	switch {
	case d.tooLong.Line > 0:
		event.Line, event.Text, event.TooLong = d.tooLong.Line, nil, true
		d.tooLong = Position{}
	case len(text) > d.limit:
		event.Text, event.TooLong = nil, true
	}
	if d.state != betweenValues {
		event.Event = d.count + 1
	}
	if event.Line == d.lastEvent.Line {
		event.Event = max(event.Event, d.lastEvent.Event+1)
	}

	last := event.Position
	var held *nestedIterator
	if !event.TooLong && mayNest(text) {
		if h, ok := openNested(event); ok {
			events := h.count()
			if events == 0 {
				return
			}
			last.Event = h.outer.Event + events - 1
			held = &h
		}
	}
	d.lastEvent, d.count = last, last.Event
	event.Next = last
	event.Next.Event++
	if held != nil {
		held.outer.Next = event.Next
	}
	chunk.pending = append(chunk.pending, pendingEvent{event, held})
}

// A lineCounter returns the line numbers of increasing positions in a text.
type lineCounter struct {
	text []byte
	pos  int
	line int
}

func (c *lineCounter) at(pos int) int {
	c.line += bytes.Count(c.text[c.pos:pos], newline)
	c.pos = pos
	return c.line
}
