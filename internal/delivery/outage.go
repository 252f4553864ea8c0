package delivery

import "fmt"

// outage is what is known of Klaviyo's being there. The package comment has the
// rule.
type outage struct {
	answered bool   // some request of this run
	failures int    // in a row
	held     []held // since the last answer
}

// held is a call that Klaviyo didn't take.
type held struct {
	call   *call
	reason error
}

// hold keeps a call back, or stops delivery if it is one too many.
func (q *Queue) hold(c *call, reason error) {
	if q.ctx.Err() != nil {
		return // it would have been tried longer
	}
	q.outage.held = append(q.outage.held, held{c, reason})
	if c.again {
		return // it was counted when it failed first
	}
	if q.outage.failures++; q.outage.failures == maxFailures {
		q.stop(fmt.Errorf("%d requests in a row could not be sent, the last: %w", maxFailures, reason))
	}
}

// release is called when Klaviyo has answered: what is held back is sent again, and
// is at fault if it was before. It gives the events to reject.
func (q *Queue) release() []letter {
	q.outage.answered = true
	q.outage.failures = 0
	return q.retryHeld()
}

// decide is called when nothing but what is held back is left to send.
func (q *Queue) decide() {
	if !q.outage.answered {
		q.stop(fmt.Errorf("no request was answered: %w", q.outage.held[0].reason))
		return
	}
	if letters := q.retryHeld(); len(letters) > 0 {
		q.start(func() { q.reject(letters) })
	}
}

// retryHeld sends what is held back again, once, and refuses what was.
func (q *Queue) retryHeld() (letters []letter) {
	for _, h := range q.outage.held {
		if h.call.again {
			letters = append(letters, q.refuse(h.call, h.reason)...)
			continue
		}
		h.call.again = true
		q.lanes.add(h.call)
	}
	q.outage.held = nil
	return letters
}
