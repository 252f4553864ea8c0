package inbox

import (
	"fmt"
	"io"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Reader gives the events of a message in order. It isn't safe for concurrent use.
type Reader struct {
	rest   []byte // of the message: the requests that weren't opened yet
	from   input.Position
	next   input.Position // of the event that comes next
	held   input.Iterator // the events of the request that is open
	server server         // what completes them
	replay bool           // they were dead letters
	sent   []byte         // see Sent
	err    error          // why there is no more after them
}

// DamagedError is the error of a message that Append hasn't made.
type DamagedError struct {
	// Sequence is that of the message in its stream.
	Sequence int
	// Err says what is wrong.
	Err error
}

// Error names the message.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("message %d of the stream is damaged: %v", e.Sequence, e.Err)
}

// Unwrap gives Err.
func (e *DamagedError) Unwrap() error { return e.Err }

// Read gives a Reader of the message whose sequence is from.Line. Its first event is the
// one with the number from.Event; 0 stands for all of them.
func Read(message []byte, from input.Position) *Reader {
	r := &Reader{rest: message, from: from, next: input.Position{Line: from.Line, Event: 1}}
	r.open()
	return r
}

// open opens requests until one has an event.
func (r *Reader) open() {
	for !r.held.More() && r.err == nil {
		if len(r.rest) == 0 {
			r.err = io.EOF
			return
		}
		request, rest, err := cut(r.rest)
		if r.rest = rest; err != nil {
			r.err = &DamagedError{Sequence: r.from.Line, Err: err}
			return
		}
		var sentAt []byte
		r.held, sentAt = hold(request.Kind, input.Event{
			Position: r.next, Form: input.FormJSON, Ended: true, Text: request.Body,
		})
		r.server, r.replay = newServer(request, sentAt), request.Kind == Event
	}
}

// Next gives the next event, or [io.EOF] after the last. Its Line is the sequence of the
// message, and its number counts the events of the message from 1. After the last event the
// next position is the message with the next sequence.
//
// The text stays as it is as long as the message does. A message that is damaged is a
// [DamagedError], behind the events that can be read.
func (r *Reader) Next() (input.Event, error) {
	for {
		event, ok := r.held.Next()
		if !ok {
			return input.Event{}, r.err
		}
		event.Position = r.next
		r.next.Event++
		server := r.server
		if r.sent = event.Text; r.replay {
			r.sent = nil
		}
		r.open()
		if event.Event < r.from.Event {
			continue
		}
		event.Next = r.next
		if r.err == io.EOF && !r.held.More() {
			event.Next = input.Position{Line: r.next.Line + 1}
		}
		event.Text = server.complete(event.Text)
		return event, nil
	}
}

// Sent is the text of the event that Next has just given as its sender sent it, or nil if no
// sender did: it was a dead letter. An SDK's event is completed differently each time.
func (r *Reader) Sent() []byte { return r.sent }
