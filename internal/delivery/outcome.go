package delivery

import (
	"context"
	"errors"
	"fmt"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// maxFailures is how many requests in a row Klaviyo may not take, before delivery
// stops.
const maxFailures = 5

// outcome is what the error of a request means.
type outcome int

const (
	delivered   outcome = iota
	refused             // the request is at fault
	unavailable         // Klaviyo didn't take it, however often it was tried
	faulty              // the account is at fault, so that every request would fail
	interrupted         // delivery has stopped
)

// outcomes gives the meaning of the errors that aren't the request's fault.
var outcomes = []struct {
	err     error
	outcome outcome
}{
	{client.ErrUnauthorized, faulty},
	{client.ErrRevisionRetired, faulty},
	{client.ErrUnavailable, unavailable},
	{client.ErrRateLimited, unavailable},
}

func (q *Queue) outcome(err error) outcome {
	if err == nil {
		return delivered
	}
	if q.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return interrupted
	}
	for _, known := range outcomes {
		if errors.Is(err, known.err) {
			return known.outcome
		}
	}
	return refused
}

// letter is an event that can't be delivered.
type letter struct {
	task   *task
	reason error
}

// settle does what follows from a call's error, and gives the events to reject.
func (q *Queue) settle(c *call, err error) []letter {
	switch q.outcome(err) {
	case delivered:
		letters := q.release()
		q.took(c)
		return letters
	case refused:
		var letters []letter
		if isAnswered(err) {
			letters = q.release()
		}
		return append(letters, q.refuse(c, err)...)
	case unavailable:
		q.hold(c, err)
	case faulty, interrupted:
		q.stop(err)
	}
	return nil
}

// refuse splits a call of several events, and gives the events to reject of one
// that can't be split.
func (q *Queue) refuse(c *call, reason error) []letter {
	if parts := c.split(reason); len(parts) > 0 {
		for _, part := range parts {
			q.lanes.add(part)
		}
		return nil
	}
	letters := make([]letter, len(c.tasks))
	for i, t := range c.tasks {
		letters[i] = letter{t, reason}
	}
	return letters
}

// reject keeps the events that can't be delivered, and takes them out. It takes
// the lock.
func (q *Queue) reject(letters []letter) {
	for _, l := range letters {
		if err := q.cfg.Reject(l.task.event, l.reason); err != nil {
			q.stop(fmt.Errorf("keep a dead letter: %w", err))
			return
		}
		q.mu.Lock()
		q.finish(l.task)
		q.mu.Unlock()
	}
}

// isAnswered tells whether a refusal is Klaviyo's, not the client's.
func isAnswered(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal) && refusal.StatusCode != 0
}
