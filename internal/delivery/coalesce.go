package delivery

// How much becomes one request. The API takes 100,000 bytes of a profile; an
// update names its id as well.
const (
	maxCoalesced    = 100
	maxProfileBytes = 99_000
)

// coalesce adds to an identify's call the identifies that follow it in the
// person's line. None has begun: each waits for the one before.
//
// They have one result together if they have the same identifiers. If one had an
// identifier more, and that belonged to another profile, it would decide which
// profile all the fields go to. Only the last may have further requests, such as
// a subscription: what follows a profile sees no later one.
func (q *Queue) coalesce(c *call) {
	b := c.batching()
	if b == nil || b.merge == nil || c.tasks[0].alone {
		return
	}
	last, whole := c.tasks[0], c.tasks[0].requests[0].Body()
	for len(c.tasks) < maxCoalesced {
		next := last.follower()
		if next == nil {
			break
		}
		q.load(next)
		merged, ok := b.merge(whole, next.requests[0].Body())
		if !ok || len(appendBody(nil, merged)) > maxProfileBytes {
			q.putAway(next)
			break
		}
		whole, last = merged, next
		c.tasks = append(c.tasks, next)
	}
	if len(c.tasks) > 1 {
		c.request = combined{c.operation, whole}
	}
}

// follower gives the event that waits for this one alone and may go in one call with it,
// if their next requests are of the same operation. Only the last request of this one may.
func (t *task) follower() *task {
	next := t.next
	if len(t.steps) > 1 || next == nil || next.alone || next.waits > 1 || next.steps[0].operation != t.steps[0].operation {
		return nil
	}
	return next
}
