package inbox

import (
	"fmt"
	"io"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Reader returns the events of a message in order. It isn't safe for concurrent use.
type Reader struct {
	rest   []byte // the requests of the message that aren't open yet
	from   input.Position
	next   input.Position // of the next event
	held   input.Iterator // the events of the open request
	server server         // completes the events
	replay bool           // the events were dead letters
	sent   []byte         // see Sent
	err    error          // returned after the last event
}

// DamagedError means that a message doesn't have the form that Append writes.
type DamagedError struct {
	// Sequence is the sequence of the message in its stream.
	Sequence int
	// Err is the reason.
	Err error
}

// Error returns the text of the error, with the sequence of the message.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("message %d of the stream is damaged: %v", e.Sequence, e.Err)
}

// Unwrap returns Err.
func (e *DamagedError) Unwrap() error { return e.Err }

// Read returns a Reader of the message with the sequence from.Line. It begins at the event with
// the number from.Event; 0 means all events.
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

// Next returns the next event, or [io.EOF] after the last. Its Line is the sequence of the
// message, and its number counts the events of the message from 1. After the last event the
// next position is the message with the next sequence.
//
// The text is valid as long as the message isn't changed. If a message is damaged, Next returns
// a [DamagedError] after the events that can be read.
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

// Sent returns the text of the last event as its sender sent it, or nil if the event was a dead
// letter. The text that Next returns differs each time that an SDK sends an event.
func (r *Reader) Sent() []byte { return r.sent }
