package delivery

import (
	"context"
	"errors"
	"fmt"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// maxFailures is how many events in a row may fail because Klaviyo takes no
// requests, before delivery stops.
const maxFailures = 5

// outcome is what the error of an event's requests means.
type outcome int

const (
	delivered   outcome = iota
	refused             // the event is at fault
	unavailable         // Klaviyo took no request, however often it was tried
	faulty              // the account is at fault, so that every event would fail
	interrupted         // delivery has stopped
)

// outcomes gives the meaning of the errors that aren't the event's fault.
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

// settle does what is to be done with an event after its requests. An error
// stops delivery and leaves the event undone.
func (q *Queue) settle(event Event, err error) error {
	outcome := q.outcome(err)
	switch outcome {
	case faulty, interrupted:
		return err
	case unavailable:
		if q.ctx.Err() != nil {
			return err
		}
	}
	if n := q.count(outcome); n >= maxFailures {
		return fmt.Errorf("%d events in a row could not be sent, the last: %w", n, err)
	}
	if outcome == delivered {
		return nil
	}
	if err := q.cfg.Reject(event, err); err != nil {
		return fmt.Errorf("keep a dead letter: %w", err)
	}
	return nil
}

// count counts an event and gives the number of those in a row, up to it, that
// found Klaviyo unavailable.
func (q *Queue) count(outcome outcome) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch outcome {
	case delivered:
		q.delivered++
		q.failures = 0
	case unavailable:
		q.failures++
	case refused:
		q.failures = 0 // Klaviyo answers
	}
	return q.failures
}
