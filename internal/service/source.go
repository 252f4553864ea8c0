package service

import (
	"context"
	"errors"
	"io"

	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// source gives the events of an account's stream: those of one message after the other.
type source struct {
	messages messages
	from     stream.Position       // of the first event; zero once there was a message
	read     func(stream.Position) // is told of each event that is given

	data    []byte        // of the message that is under way
	message *inbox.Reader // of data, or nil
	at      stream.Position
	damaged bool // the event that was given last stands for the rest of a damaged message
	sent    []byte
	repeats repeats
}

// messages are those of a stream, as a [stream.Reader] gives them.
type messages interface {
	Next(ctx context.Context) (stream.Message, error)
	Close()
}

func newSource(account *stream.Account, from stream.Position, read func(stream.Position)) *source {
	return &source{messages: account.Read(max(from.Seq, 1) - 1), from: from, read: read}
}

// Next waits for the next event. There is no last one.
func (s *source) Next(ctx context.Context) (input.Event, error) {
	for {
		if s.message == nil {
			m, err := s.messages.Next(ctx)
			if err != nil {
				return input.Event{}, err
			}
			begin := input.Position{Line: int(m.Seq)}
			if m.Seq == s.from.Seq {
				begin.Event = s.from.Event
			}
			s.from = stream.Position{} // a stream that was restored may have another message there
			s.data, s.message, s.at = m.Data, inbox.Read(m.Data, begin), positionOf(begin)
		}
		event, err := s.message.Next()
		var damage *inbox.DamagedError
		switch {
		case errors.Is(err, io.EOF):
			s.message = nil
			continue
		case errors.As(err, &damage):
			event = s.rest()
			s.message = nil
		case err != nil:
			return input.Event{}, err
		}
		s.damaged, s.sent = damage != nil, nil
		if !s.damaged {
			s.sent = s.message.Sent()
		}
		s.at = positionOf(event.Position)
		s.read(s.at)
		return event, nil
	}
}

// rest is what can't be read of a damaged message, as one event.
func (s *source) rest() input.Event {
	seq := int(s.at.Seq)
	return input.Event{
		Position: input.Position{Line: seq, Event: s.at.Event + 1},
		Next:     input.Position{Line: seq + 1},
		Form:     input.FormJSON, Ended: true, Text: s.data,
	}
}

// text is that of the event that Next has just given. The error says that it is none.
func (s *source) text(event input.Event) ([]byte, error) {
	if s.damaged {
		return event.Text, &mapper.Error{Code: "damaged_message", Message: "the stored message is damaged, or wasn't stored by this program"}
	}
	return event.Text, nil
}

// isRepeat reports whether the event that Next has just given was given before.
func (s *source) isRepeat() bool { return s.sent != nil && s.repeats.add(s.at, s.sent) }

func (s *source) close() { s.messages.Close() }

// positionOf is where an event stands in the stream: an event's line is the sequence of its
// message.
func positionOf(at input.Position) stream.Position {
	return stream.Position{Seq: uint64(at.Line), Event: at.Event}
}

// inputPosition is the position of an event in the stream, for a transfer.
func inputPosition(at stream.Position) input.Position {
	return input.Position{Line: int(max(at.Seq, 1)), Event: at.Event}
}

// isBefore tells whether a position is before another.
func isBefore(a, b stream.Position) bool {
	return a.Seq < b.Seq || a.Seq == b.Seq && a.Event < b.Event
}
