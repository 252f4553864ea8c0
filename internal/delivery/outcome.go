package delivery

import (
	"context"
	"errors"
	"net/http"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// outcome is what the error of a request means.
type outcome int

const (
	delivered   outcome = iota
	refused             // the request is at fault
	unavailable         // Klaviyo didn't take it, however often it was tried
	misdirected         // something else than Klaviyo answered, or may have
	faulty              // the account or its quota is at fault, so that every such request would fail
	interrupted         // delivery has stopped
)

// outcomes gives the meaning of each blame. An error of nobody's is a Sender's own.
var outcomes = map[client.Blame]outcome{
	client.BlameNobody:    refused,
	client.BlameRequest:   refused,
	client.BlameAccount:   faulty,
	client.BlamePath:      misdirected,
	client.BlameTemporary: unavailable,
}

func (q *Queue) outcome(err error) outcome {
	switch {
	case err == nil, errors.Is(err, client.ErrUnexpectedResponse): // the request was taken
		return delivered
	case q.ctx.Err() != nil && errors.Is(err, context.Canceled):
		return interrupted
	case errors.Is(err, client.ErrRateLimited):
		// No request is at fault for that, and answers to other operations tell nothing of it.
		return faulty
	}
	return outcomes[client.BlameOf(err)]
}

// handleResult does what follows from a call's error.
func (q *Queue) handleResult(c *call, err error) {
	if q.outage.probe == c {
		q.outage.probe = nil
	}
	outcome := q.outcome(err)
	switch outcome {
	case delivered:
		q.release()
		q.requestDone(c)
	case refused:
		if isAnswered(err) {
			q.release()
		}
		q.refuse(c, err)
	case unavailable, misdirected:
		q.hold(c, err)
	case faulty, interrupted:
		if !c.isGathered() || !isForbidden(err) {
			q.stop(err)
			return
		}
		// The key may not call the operation for many, which needs more scopes.
		q.release()
		q.lanes.ungather(c)
		for _, one := range apart(c.tasks) {
			q.lanes.add(one)
		}
	}
	if c.rest != nil {
		q.cameBack(c, outcome != refused && !c.mended)
	}
	if q.outage.probing {
		q.probeNext()
	}
}

// cameBack notes that an event has gone alone, and sends the others when all have that were
// named.
func (q *Queue) cameBack(c *call, misled bool) {
	r := c.rest
	c.rest = nil
	r.named--
	r.misled = r.misled || misled
	if r.named > 0 {
		return
	}
	for _, other := range r.calls {
		other.misled = r.misled
		q.lanes.add(other)
	}
}

// refuse splits a call of several events, and rejects the events of one that can't
// be split.
func (q *Queue) refuse(c *call, reason error) {
	if parts := q.split(c, reason); len(parts) > 0 {
		for _, part := range parts {
			q.lanes.add(part)
		}
		return
	}
	for _, t := range c.tasks {
		q.reject(t, reason)
	}
}

// isForbidden tells whether the key isn't allowed a call.
func isForbidden(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal) && refusal.StatusCode == http.StatusForbidden && errors.Is(err, client.ErrUnauthorized)
}

// isAnswered tells whether a refusal is Klaviyo's, not the client's.
func isAnswered(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal) && refusal.StatusCode != 0
}
