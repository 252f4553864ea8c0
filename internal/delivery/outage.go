package delivery

import (
	"fmt"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// When there is an outage, and how long it is waited for. The package comment has the rules.
const (
	// maxFailures is the number of successive failed requests that means an outage.
	maxFailures = 5
	// maxOutage is the maximum duration of an outage. maxInitialOutage applies if no request of
	// this run got a response yet: then the address or the network is probably wrong.
	maxOutage        = 5 * time.Minute
	maxInitialOutage = time.Minute
	// probeInterval is the time from the end of a probe to the next.
	probeInterval = 15 * time.Second
)

// An outage is the state of Klaviyo's availability.
type outage struct {
	lastResponse time.Time // time of the last response, zero if there was none in this run
	failures     int       // failed requests since the last response, each counted once
	// since is the start of the first request that failed since the last response, or the time of
	// that response if later. It is zero if none has failed.
	since    time.Time
	reason   error        // error of the last of them
	statuses statusCounts // since the last accepted request
	held     []heldCall   // since the last response
	// probing means that only probes are sent, one at a time. It begins at maxFailures, and
	// earlier if there is no response for a while after a failure.
	probing bool
	probe   *call       // in flight
	timer   *time.Timer // for the next probe
}

// A heldCall is a call that failed, which may be due to an outage.
type heldCall struct {
	call   *call
	reason error
}

// hold holds back a call that failed.
func (q *Queue) hold(c *call, reason error) {
	if q.ctx.Err() != nil {
		return // the retries were cut short
	}
	o := &q.outage
	if o.since.IsZero() {
		o.since = c.start
		if o.lastResponse.After(o.since) {
			o.since = o.lastResponse
		}
	}
	if !c.retried && !c.held { // counted when it first failed
		o.failures++
	}
	c.held = true
	o.reason = reason
	o.statuses.add(countStatus(reason))
	o.held = append(o.held, heldCall{c, reason})
	o.probing = o.probing || o.failures >= maxFailures
	if !o.probing && o.timer == nil {
		o.timer = time.AfterFunc(probeInterval, q.probeQuiet)
	}
}

// probeQuiet probes though few requests have failed: without other traffic no request would show
// whether Klaviyo responds again.
func (q *Queue) probeQuiet() {
	q.mu.Lock()
	defer q.mu.Unlock()
	o := &q.outage
	o.timer = nil
	o.probing = o.probing || len(o.held) > 0
	if o.probing && q.stopOutage() {
		return
	}
	if o.probe == nil {
		q.sendProbe()
	}
}

// probeNext schedules a probe, or stops delivery.
func (q *Queue) probeNext() {
	o := &q.outage
	if !q.stopOutage() && o.timer == nil && o.probe == nil {
		o.timer = time.AfterFunc(probeInterval, func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.sendProbe()
		})
	}
}

// stopOutage stops delivery if the outage has lasted too long, or if waiting won't help. It
// reports whether it did.
func (q *Queue) stopOutage() bool {
	o := &q.outage
	limit := o.limit()
	switch {
	case isMisdirected(o.reason):
		q.stop(misdirectedError(o.statuses, o.reason))
	case time.Since(o.since) >= limit:
		q.stop(o.err(limit))
	default:
		return false
	}
	return true
}

// limit returns the maximum duration of the outage.
func (o *outage) limit() time.Duration {
	if o.lastResponse.IsZero() {
		return maxInitialOutage
	}
	return maxOutage
}

// sendProbe sends one request, preferably one that hasn't failed yet, since the held ones may
// be at fault themselves.
func (q *Queue) sendProbe() {
	o := &q.outage
	if !o.probing || q.ctx.Err() != nil {
		return
	}
	o.timer = nil
	o.probe = q.lanes.next(0)
	switch {
	case o.probe != nil:
	case len(o.held) > 0:
		o.probe, o.held = o.held[0].call, o.held[1:]
	default: // the client rejected all held requests
		q.endProbes()
		q.dispatch()
		q.changed.Broadcast()
		return
	}
	q.begin(o.probe)
}

// err returns the error when delivery stops after an outage.
func (o *outage) err(lasted time.Duration) error {
	if !o.statuses.anyResponse() {
		return fmt.Errorf("no request got a response for %v; the last error: %w", lasted, o.reason)
	}
	return fmt.Errorf("no request succeeded for %v (%s); the last error: %w", lasted, o.statuses, o.reason)
}

// isMisdirected reports whether something other than Klaviyo's API responds, so that waiting
// doesn't help and no event is at fault.
func isMisdirected(reason error) bool { return client.BlameOf(reason) == client.BlamePath }

// misdirectedError returns the error when delivery stops for that reason.
func misdirectedError(answers statusCounts, reason error) error {
	return fmt.Errorf("requests do not reach Klaviyo's API (%s); the last error: %w", answers, reason)
}

// resume is called when Klaviyo has responded. Held requests are sent again. Those that were
// already sent again while Klaviyo was available are rejected.
func (q *Queue) resume() {
	wasOutage := q.outage.failures >= maxFailures
	q.endProbes()
	q.outage.lastResponse = time.Now()
	q.outage.failures, q.outage.since = 0, time.Time{}
	q.outage.statuses = nil
	if !wasOutage {
		q.retryHeld()
		return
	}
	for _, h := range q.outage.held {
		h.call.held = false
		q.lanes.add(h.call)
	}
	q.outage.held = nil
}

// endProbes allows all requests again.
func (q *Queue) endProbes() {
	q.outage.probing = false
	if q.outage.timer != nil {
		q.outage.timer.Stop()
		q.outage.timer = nil
	}
}

// retryOrProbe is called when only held requests are left.
func (q *Queue) retryOrProbe() {
	if !q.outage.lastResponse.IsZero() {
		q.retryHeld()
		return
	}
	q.outage.probing = true
	q.probeNext()
}

// retryHeld sends held requests again, once, and rejects those that were sent again before. It
// stops delivery if that isn't the event's fault.
func (q *Queue) retryHeld() {
	holding := q.outage.held
	q.outage.held = nil
	for _, h := range holding {
		h.call.held = false
		switch {
		case h.call.retried && isMisdirected(h.reason):
			q.stop(misdirectedError(countStatus(h.reason), h.reason))
			return
		case h.call.retried:
			q.refuse(h.call, h.reason)
			continue
		}
		h.call.retried = true
		q.lanes.add(h.call)
	}
}
