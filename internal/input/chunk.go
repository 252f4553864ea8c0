package input

import "bytes"

// Chunk is a part of the input that holds whole events. It has its own memory, so
// that several can be worked on at the same time. It isn't safe for concurrent
// use itself. The zero Chunk is ready for use.
type Chunk struct {
	text     []byte // what was read
	ahead    int    // how much memory is taken by what was read ahead of it
	from     Position
	limit    int
	verbatim bool

	lines    []byte   // whole lines that weren't looked at yet
	at       Position // where they begin
	seekable bool     // reading can begin at each of them
	found    []found  // what is to be given before them
	given    int      // how many of found
	held     holding  // what is to be given before all that
}

// found is an event, or several that a value holds.
type found struct {
	Event
	held *holding
}

// Small values take more memory than their text, so that no more than maxFound are found
// in a chunk, and maxFoundAlone in one that is worked on alone because of its Size.
const (
	maxFound      = 4 << 10
	maxFoundAlone = 16 << 10
)

// chunkSize is how many bytes are read at once.
const chunkSize = 256 << 10

// keptSize is how much memory is kept for the next chunk.
const keptSize = 4 * chunkSize

// begin empties the chunk, and gives it less memory where a long line took much.
func (c *Chunk) begin(of *content) {
	text := c.text[:0]
	if cap(text) < chunkSize || cap(text) > keptSize {
		text = make([]byte, 0, chunkSize)
	}
	clear(c.found)
	*c = Chunk{text: text, from: of.from, limit: of.limit, verbatim: of.verbatim, found: c.found[:0]}
}

// Size is how much memory the chunk has for text, in bytes, with that of a long line
// which is given in several chunks. A long line may have made it large that isn't in the
// chunk, since it is over the limit.
func (c *Chunk) Size() int { return cap(c.text) + c.ahead }

// isEmpty tells that there is nothing to give.
func (c *Chunk) isEmpty() bool { return len(c.lines) == 0 && c.given == len(c.found) }

// Next gives the next event of the chunk, if there is one. It may be a line that
// holds events, see [Chunk.Unwrap].
func (c *Chunk) Next() (Event, bool) {
	for {
		event, ok := c.held.take()
		switch {
		case ok:
		case c.given < len(c.found):
			next := &c.found[c.given]
			c.given++
			if next.held != nil {
				c.held = *next.held
				continue
			}
			event = next.Event
		case len(c.lines) == 0:
			return Event{}, false
		default:
			event = c.cutLine()
			if !event.TooLong && len(bytes.TrimSpace(event.Text)) == 0 ||
				event.Line == c.from.Line && c.from.Event > 0 && c.Unwrap(event) {
				continue
			}
		}
		if !event.isBefore(c.from) {
			return event, true
		}
	}
}

// Unwrap tells whether the event that Next has just given is a line that holds events,
// which Next then gives in its place. Whoever knows that an event has a type need not
// ask.
func (c *Chunk) Unwrap(event Event) bool {
	if c.verbatim || event.Form != FormJSONLines || event.TooLong || !mayHoldEvents(event.Text) {
		return false
	}
	held, ok := open(event)
	if ok {
		c.held = held
	}
	return ok
}

var byteOrderMark = []byte("\uFEFF")

// cutLine takes off the first line, without its end and without what some editors
// put before a file's first line.
func (c *Chunk) cutLine() Event {
	line := Event{Position: c.at, Form: FormJSONLines, Ended: true}
	size := bytes.IndexByte(c.lines, '\n')
	if size < 0 {
		line.Text, line.Ended, size = c.lines, false, len(c.lines)
	} else {
		line.Text, size = c.lines[:size], size+1
	}
	c.lines = c.lines[size:]
	c.at.Line++
	if c.seekable {
		c.at.Offset += int64(size)
	}
	line.Next = c.at

	line.Text = bytes.TrimSuffix(line.Text, []byte("\r"))
	if line.Line == 1 {
		line.Text = bytes.TrimPrefix(line.Text, byteOrderMark)
	}
	if len(line.Text) > c.limit {
		line.Text, line.TooLong = nil, true
	}
	return line
}

// isBefore tells whether an event stands before a position of the same file.
func (e *Event) isBefore(p Position) bool {
	return e.Line < p.Line || e.Line == p.Line && e.Event < p.Event
}
