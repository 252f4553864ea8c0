package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// publishFor is how long a publish is tried.
const publishFor = 8 * time.Second

// Publish keeps a message with so many events in it. It returns once the message is on the
// disk, of the majority of the servers on a cluster, with its sequence. It is tried for 8
// seconds under the id, which must be another for each message, so that it is kept once.
// The error is [ErrFull] if the backlog has no room, [ErrTooLarge], or [ErrUnavailable]:
// then the message may be kept or not.
func (a *Account) Publish(ctx context.Context, data []byte, events int, id string) (seq uint64, err error) {
	if len(data) > MaxMessage {
		return 0, tooLarge("message", len(data), MaxMessage)
	}
	message := messageOf(a.subject(strconv.Itoa(events)), data, id)
	seq, err = a.engine.publish(ctx, message)
	switch {
	case err == nil:
		a.refusal.accepted(storedSize(message))
	case errors.Is(err, ErrFull):
		a.refusal.refused(storedSize(message))
	}
	return seq, err
}

func messageOf(subject string, data []byte, id string) *nats.Msg {
	message := nats.NewMsg(subject)
	message.Data = data
	if id != "" {
		message.Header.Set(jetstream.MsgIDHeader, id)
	}
	return message
}

func tooLarge(what string, size, most int) error {
	return fmt.Errorf("%w: the %s has %d bytes, and at most %d are kept", ErrTooLarge, what, size, most)
}

func (e *Engine) publish(ctx context.Context, message *nats.Msg) (seq uint64, err error) {
	ctx, cancel := e.within(ctx, publishFor)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if e.host != nil && e.host.failure() != nil {
			return 0, fmt.Errorf("%w: %w", ErrUnavailable, e.host.failure())
		}
		seq, err := e.publishOnce(ctx, message)
		if err == nil || errors.Is(err, ErrFull) {
			e.note(ctx, nil)
			return seq, err
		}
		if !e.pause(ctx, wait) {
			e.note(context.WithoutCancel(ctx), err)
			return 0, unavailable(err)
		}
	}
}

func (e *Engine) publishOnce(ctx context.Context, message *nats.Msg) (seq uint64, err error) {
	err = attempt(ctx, func(ctx context.Context) error {
		ack, err := e.js.PublishMsg(ctx, message, jetstream.WithRetryAttempts(0))
		if err == nil {
			seq = ack.Sequence
		}
		return err
	})
	if code(err) == codeStoreFailed && strings.Contains(err.Error(), textMaxBytes) {
		return 0, ErrFull
	}
	return seq, err
}
