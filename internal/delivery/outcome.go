package delivery

import (
	"context"
	"errors"
	"net/http"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// An outcome is the meaning of a request's error.
type outcome int

const (
	delivered    outcome = iota
	refused              // the request is at fault
	unavailable          // Klaviyo didn't accept it in any attempt
	misdirected          // something other than Klaviyo responded, or may have
	accountError         // the account or its quota is at fault, so that all such requests would fail
	interrupted          // delivery has stopped
)

// outcomes maps each Blame to an outcome. With BlameNobody the error is the Sender's own.
var outcomes = map[client.Blame]outcome{
	client.BlameNobody:    refused,
	client.BlameRequest:   refused,
	client.BlameAccount:   accountError,
	client.BlamePath:      misdirected,
	client.BlameTemporary: unavailable,
}

func (q *Queue) outcome(err error) outcome {
	switch {
	case err == nil, errors.Is(err, client.ErrUnexpectedResponse): // the request was accepted
		return delivered
	case q.ctx.Err() != nil && errors.Is(err, context.Canceled):
		return interrupted
	case errors.Is(err, client.ErrRateLimited):
		// No request is at fault, and responses of other operations don't show whether it
		// continues.
		return accountError
	}
	return outcomes[client.BlameOf(err)]
}

// handleResult handles the result of a call.
func (q *Queue) handleResult(c *call, err error) {
	if q.outage.probe == c {
		q.outage.probe = nil
	}
	outcome := q.outcome(err)
	switch outcome {
	case delivered:
		q.resume()
		q.requestDone(c)
	case refused:
		if isAnswered(err) {
			q.resume()
		}
		q.refuse(c, err)
	case unavailable, misdirected:
		q.hold(c, err)
	case accountError, interrupted:
		if !c.isBulk() || !isForbidden(err) {
			q.stop(err)
			return
		}
		// The key lacks the scopes of the bulk operation.
		q.resume()
		q.lanes.disableBulk(c)
		for _, one := range sendAlone(c.tasks) {
			q.lanes.add(one)
		}
	}
	if c.remainder != nil {
		q.aloneDone(c, outcome != refused && !c.hasWarnings)
	}
	if q.outage.probing {
		q.probeNext()
	}
}

// aloneDone records that an event was sent alone. When all named ones were, it sends the
// remainder.
func (q *Queue) aloneDone(c *call, wrongPointers bool) {
	r := c.remainder
	c.remainder = nil
	r.named--
	r.wrongPointers = r.wrongPointers || wrongPointers
	if r.named > 0 {
		return
	}
	for _, other := range r.calls {
		other.wrongPointers = r.wrongPointers
		q.lanes.add(other)
	}
}

// refuse splits a call of several events. It rejects the events of a call that can't be split.
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

// isForbidden reports whether the key lacks a scope.
func isForbidden(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal) && refusal.StatusCode == http.StatusForbidden && errors.Is(err, client.ErrUnauthorized)
}

// isAnswered reports whether Klaviyo rejected the request, not the client.
func isAnswered(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal) && refusal.StatusCode != 0
}
