package input

import (
	"bytes"
	"errors"
	"strings"
)

// document splits JSON that isn't made of lines: values over several lines, one
// behind the other. It goes into a list, and into that of a batch, so that they
// may be of any length.
type document struct {
	limit int

	in    region
	begin object   // of the value that may be a batch, while that isn't known
	value scan     // of the value that began, or of what follows a batch's list
	seen  int      // how much of the text at hand value knows
	over  Position // where that value begins if it is over the limit and was let go
	last  Position // of the last event
	count int      // of the events in the list
}

// region is where in a document the text goes on.
type region int

const (
	betweenValues region = iota
	inList
	inBatch
	behindBatch  // between a batch's list and the end of the object
	inMember     // within a value that stands behind a batch's list
	inTwice      // within a second batch of an object, the first of which was given
	behindBroken // within what follows a batch's list and has no names
	inLine       // within what is no event, and ends with its line
)

// errCutOff is the error of a file that ends within a value.
var errCutOff = errors.New("the JSON ends before it is whole; was it cut off?")

func (d *document) split(chunk *Chunk, text []byte, at Position, last bool) (int, error) {
	pos, line := 0, lineCounter{text: text, line: at.Line}
	most := maxFound
	if chunk.ahead > 0 {
		most = maxFoundAlone
	}
	for len(chunk.found) < most {
		if !d.isWithin() {
			pos = d.skipSpace(text, pos)
			if pos == len(text) {
				if last && d.in != betweenValues {
					return pos, errCutOff
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
		n, ends := d.end(text[pos:], last)
		switch {
		case !ends && last:
			return pos, errCutOff
		case !ends:
			return d.wait(text, pos, n, line.at(pos)), nil
		}
		d.add(chunk, text[pos:pos+n], line.at(pos))
		pos += n
	}
	return pos, nil
}

// isWithin tells that the text goes on with a value.
func (d *document) isWithin() bool {
	return d.seen > 0 || d.over.Line > 0 || d.in == inMember || d.in == behindBroken || d.in == inLine
}

// skipSpace is where the next value begins, or what ends a list.
func (d *document) skipSpace(text []byte, pos int) int {
	for pos < len(text) {
		switch {
		case isSpace(text[pos]), d.in != betweenValues && text[pos] == ',':
			pos++
		case d.in == betweenValues && bytes.HasPrefix(text[pos:], byteOrderMark):
			pos += len(byteOrderMark)
		default:
			return pos
		}
	}
	return pos
}

// enter goes into a list, or out of one, and tells how much of the text that takes.
// It may be known only with more text.
func (d *document) enter(text []byte, last bool) (n int, known bool) {
	switch {
	case d.in == betweenValues && text[0] == '[':
		d.in, d.count = inList, 0
		return 1, true
	case d.in == betweenValues && text[0] == '{':
		d.begin.text, d.begin.pos = text[:min(len(text), d.limit)], max(d.begin.pos, 1)
		at, known := d.begin.batchBegin()
		d.begin.text = nil // which may get other memory
		if known = known || last || len(text) >= d.limit; known {
			d.begin = object{}
		}
		if at > 0 {
			d.in, d.count = inBatch, 0
			return at + 1, true
		}
		return 0, known
	case d.in == betweenValues:
		d.in = inLine
	case d.in == inList && text[0] == ']':
		d.in = betweenValues
		return 1, true
	case d.in == inBatch && text[0] == ']':
		d.in = behindBatch
		return 1, true
	case d.in == behindBatch && text[0] == '}':
		d.in = betweenValues
		return 1, true
	case d.in == behindBatch:
		return d.enterMember(text, last)
	}
	return 0, true
}

// enterMember goes to the value of the member that text begins with, behind a batch's list.
// One that is a batch too is given whole, with its name, which makes an error of it: the
// events of the first were given when it wasn't known.
func (d *document) enterMember(text []byte, last bool) (n int, known bool) {
	member := object{text: text}
	name, ok := member.next()
	most := d.limit + maxKnownName // that is waited for
	switch {
	case ok && member.pos <= most && strings.IndexByte(",]}", text[member.pos]) < 0:
		if string(name) == `"batch"` {
			d.in, d.seen = inTwice, member.pos
			return 0, true
		}
		d.in = inMember
		return member.pos, true
	case ok, member.ended, last, len(text) > most:
		d.in, d.value = behindBroken, scan{begun: true, depth: 1}
		return 0, true
	}
	return 0, false
}

// end is where the value ends that text begins with or goes on with.
func (d *document) end(text []byte, last bool) (n int, ends bool) {
	seen := d.seen
	d.seen = 0
	if d.in == inLine {
		if n = bytes.IndexByte(text[seen:], '\n'); n < 0 {
			return len(text), last
		}
		return seen + n, true
	}
	n, ends = d.value.value(text[seen:])
	return seen + n, ends
}

// wait keeps what there is of a value until there is more, unless it is over the
// limit or no event.
func (d *document) wait(text []byte, pos, seen, line int) int {
	switch {
	case d.in == inMember, d.in == behindBroken, d.over.Line > 0:
		return len(text)
	case len(text)-pos > d.limit:
		d.over.Line = line
		return len(text)
	}
	d.seen = seen
	return pos
}

// formsIn are the forms of events by where they are in a document.
var formsIn = [...]Form{betweenValues: FormJSON, inList: FormJSONArray, inBatch: FormBatch, behindBatch: FormBatch}

// add takes in a value that is whole. It has the number that comes next in its list, or
// a later one if its line has that already.
func (d *document) add(chunk *Chunk, text []byte, line int) {
	d.value = scan{}
	switch d.in {
	case behindBroken:
		d.in = betweenValues
		return
	case inMember:
		d.in = behindBatch
		return
	case inTwice:
		d.in = behindBatch
	case inLine:
		d.in = betweenValues
	}
	event := Event{Position: Position{File: chunk.from.File, Line: line}, Form: formsIn[d.in], Ended: true, Text: text}
	switch {
	case d.over.Line > 0:
		event.Line, event.Text, event.TooLong = d.over.Line, nil, true
		d.over = Position{}
	case len(text) > d.limit:
		event.Text, event.TooLong = nil, true
	}
	if d.in != betweenValues {
		event.Event = d.count + 1
	}
	if event.Line == d.last.Line {
		event.Event = max(event.Event, d.last.Event+1)
	}

	last := event.Position
	var held *holding
	if !event.TooLong && mayHoldEvents(text) {
		if h, ok := open(event); ok {
			events := h.count()
			if events == 0 {
				return
			}
			last.Event = h.value.Event + events - 1
			held = &h
		}
	}
	d.last, d.count = last, last.Event
	event.Next = last
	event.Next.Event++
	if held != nil {
		held.value.Next = event.Next
	}
	chunk.found = append(chunk.found, found{event, held})
}

// lineCounter tells the lines of ever later places in a text.
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
