package input

import "bytes"

// A Chunk is a part of the input with whole events. It has its own memory, so that several can
// be processed concurrently. A single Chunk isn't safe for concurrent use. The zero Chunk is
// ready to use.
type Chunk struct {
	text      []byte // what was read
	readAhead int    // memory of what was read ahead of it
	size      int    // memory of both
	from      Position
	limit     int
	verbatim  bool

	lines    []byte         // whole lines to be processed
	at       Position       // where they begin
	seekable bool           // reading can start at each of them
	pending  []pendingEvent // events to return before them
	next     int            // index in pending
	nested   nestedIterator // events to return before all others
}

// A pendingEvent is an event, or a value with several events.
type pendingEvent struct {
	Event
	nested *nestedIterator
}

// Small values take more memory than their text. So a chunk has at most maxPending of them, or
// maxPendingAlone if the chunk is large and processed alone.
const (
	maxPending      = 4 << 10
	maxPendingAlone = 16 << 10
)

// chunkSize is the number of bytes that are read at once.
const chunkSize = 256 << 10

// maxReusedSize is the maximum amount of memory that is kept for the next chunk.
const maxReusedSize = 4 * chunkSize

// begin clears the chunk. It shrinks the memory if a long line enlarged it.
func (c *Chunk) begin(of *content) {
	text := c.text[:0]
	if cap(text) < chunkSize || cap(text) > maxReusedSize {
		text = make([]byte, 0, chunkSize)
	}
	clear(c.pending)
	*c = Chunk{text: text, from: of.from, limit: of.limit, verbatim: of.verbatim, pending: c.pending[:0]}
}

// Size returns the memory of the chunk for text in bytes, including that of a long line which
// is split into several chunks. It may be large because of a line that exceeded the limit and
// isn't in the chunk.
func (c *Chunk) Size() int { return c.size }

// isEmpty reports whether there are no events.
func (c *Chunk) isEmpty() bool { return len(c.lines) == 0 && c.next == len(c.pending) }

// Next returns the next event of the chunk, if there is one. It may be a line that contains
// events, see [Chunk.Unwrap].
func (c *Chunk) Next() (Event, bool) {
	for {
		event, ok := c.nested.next()
		switch {
		case ok:
		case c.next < len(c.pending):
			next := &c.pending[c.next]
			c.next++
			if next.nested != nil {
				c.nested = *next.nested
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

// Unwrap reports whether the event that Next returned last is a line that contains events. Next
// then returns these. It isn't needed for an event that has a type.
func (c *Chunk) Unwrap(event Event) bool {
	if c.verbatim || event.Form != FormJSONLines || event.TooLong || !mayNest(event.Text) {
		return false
	}
	held, ok := openNested(event)
	if !ok {
		return false
	}
	c.nested = held
	if held.copied && len(c.lines) == 0 {
		c.text, c.lines = nil, nil // release the memory, since the events are a copy
	}
	return true
}

var byteOrderMark = []byte("\uFEFF")

// cutLine removes and returns the first line, without its line ending and the byte order mark
// of a file.
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

// isBefore reports whether an event is before a position in the same file.
func (e *Event) isBefore(p Position) bool {
	return e.Line < p.Line || e.Line == p.Line && e.Event < p.Event
}
