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
	if q.outage.failures++; q.outage.failures == maxFailures {
		q.stop(fmt.Errorf("%d requests in a row could not be sent, the last: %w", maxFailures, reason))
	}
}

// release is called when Klaviyo has answered: what is held back is at fault. It
// gives the events to reject.
func (q *Queue) release() []letter {
	q.outage.answered = true
	q.outage.failures = 0
	return q.refuseHeld()
}

// decide is called when nothing but what is held back is left to send.
func (q *Queue) decide() {
	if !q.outage.answered {
		q.stop(fmt.Errorf("no request was answered: %w", q.outage.held[0].reason))
		return
	}
	if letters := q.refuseHeld(); len(letters) > 0 {
		q.start(func() { q.reject(letters) })
	}
}

func (q *Queue) refuseHeld() (letters []letter) {
	for _, h := range q.outage.held {
		letters = append(letters, q.refuse(h.call, h.reason)...)
	}
	q.outage.held = nil
	return letters
}
