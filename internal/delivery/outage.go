package delivery

import (
	"fmt"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// What makes an outage, and how long one is waited out. The package comment has the
// rule.
const (
	// maxFailures is how many requests in a row Klaviyo may not take.
	maxFailures = 5
	// maxOutage is how long it may answer nothing; maxSilence is that of a run in
	// which it hasn't answered yet, for then the address or the network is likelier
	// at fault.
	maxOutage  = 5 * time.Minute
	maxSilence = time.Minute
	// probeWait is the time from one probe's end to the next one's begin.
	probeWait = 15 * time.Second
)

// outage is what is known of Klaviyo's being there.
type outage struct {
	answered time.Time // the last request that was, zero if none of this run was
	failures int       // requests since the last answer, each counted once
	since    time.Time // when the first of them began, or when the last was answered if later
	reason   error     // of the last of them
	answers  answers   // since the last request that was taken
	held     []held    // since the last answer
	// probing says that nothing is sent but probes, one at a time.
	probing bool
	probe   *call       // that is under way
	timer   *time.Timer // of the next one
}

// held is a call that Klaviyo didn't take.
type held struct {
	call   *call
	reason error
}

// hold keeps a call back.
func (q *Queue) hold(c *call, reason error) {
	if q.ctx.Err() != nil {
		return // it would have been tried longer
	}
	o := &q.outage
	if o.failures == 0 {
		o.since = c.began
		if o.answered.After(o.since) {
			o.since = o.answered
		}
	}
	if !c.again && !c.held { // else it was counted when it failed first
		o.failures++
	}
	c.held = true
	o.reason = reason
	o.answers.add(answersOf(reason))
	o.held = append(o.held, held{c, reason})
	o.probing = o.probing || o.failures >= maxFailures
}

// probeNext has a probe sent after a while, or stops delivery if they were in vain
// for long enough, or would be for good.
func (q *Queue) probeNext() {
	o := &q.outage
	limit := o.patience()
	switch {
	case isMisdirected(o.reason):
		q.stop(misdirection(o.answers, o.reason))
	case time.Since(o.since) >= limit:
		q.stop(o.silence(limit))
	case o.timer == nil && o.probe == nil:
		o.timer = time.AfterFunc(probeWait, func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.sendProbe()
		})
	}
}

// patience is how long Klaviyo may answer nothing.
func (o *outage) patience() time.Duration {
	if o.answered.IsZero() {
		return maxSilence
	}
	return maxOutage
}

// sendProbe sends one request: one that hasn't failed yet if there is any, for those
// held back may be at fault themselves.
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
	default: // the client has refused all that were held back
		q.endProbes()
		q.dispatch()
		q.changed.Broadcast()
		return
	}
	q.begin(o.probe)
}

// silence is the error of delivery that stops because nothing was taken for so long.
func (o *outage) silence(lasted time.Duration) error {
	if !o.answers.any() {
		return fmt.Errorf("no request was answered for %v, the last: %w", lasted, o.reason)
	}
	return fmt.Errorf("no request was taken for %v (%s), the last: %w", lasted, o.answers, o.reason)
}

// isMisdirected tells that something else than Klaviyo's API is at its address, so
// that waiting doesn't help, and no event is at fault.
func isMisdirected(reason error) bool { return client.BlameOf(reason) == client.BlamePath }

// misdirection is the error of delivery that stops for such a reason.
func misdirection(answers answers, reason error) error {
	return fmt.Errorf("requests don't reach Klaviyo's API (%s), the last: %w", answers, reason)
}

// release is called when Klaviyo has answered: what is held back is sent again, and
// is at fault if it was before while Klaviyo was there.
func (q *Queue) release() {
	wasOutage := q.outage.probing
	q.endProbes()
	q.outage.answered = time.Now()
	q.outage.failures = 0
	q.outage.answers = nil
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

// endProbes lets all requests be sent again.
func (q *Queue) endProbes() {
	q.outage.probing = false
	if q.outage.timer != nil {
		q.outage.timer.Stop()
		q.outage.timer = nil
	}
}

// decide is called when nothing but what is held back is left to send.
func (q *Queue) decide() {
	if !q.outage.answered.IsZero() {
		q.retryHeld()
		return
	}
	q.outage.probing = true
	q.probeNext()
}

// retryHeld sends what is held back again, once, and refuses what was. It stops
// delivery where that isn't the event's fault.
func (q *Queue) retryHeld() {
	holding := q.outage.held
	q.outage.held = nil
	for _, h := range holding {
		h.call.held = false
		switch {
		case h.call.again && isMisdirected(h.reason):
			q.stop(misdirection(answersOf(h.reason), h.reason))
			return
		case h.call.again:
			q.refuse(h.call, h.reason)
			continue
		}
		h.call.again = true
		q.lanes.add(h.call)
	}
}
