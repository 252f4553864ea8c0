package delivery

// Limits of a merged request. The API allows 100,000 bytes for a profile; an update also
// contains its id.
const (
	maxCoalesced    = 100
	maxProfileBytes = 99_000
)

// coalesce merges the identifies that follow in the person's queue into an identify's call.
// None of them has started, since each waits for the previous one.
//
// Only identifies with the same identifiers are merged: an additional identifier that belongs
// to another profile would determine which profile all the fields are written to. Only the last
// one may have further requests, such as a subscription, since what follows an identify must
// not see later ones.
func (q *Queue) coalesce(c *call) {
	b := c.batching()
	if b == nil || b.merge == nil || c.tasks[0].sendAlone {
		return
	}
	last, mergedBody := c.tasks[0], c.tasks[0].requests[0].Body()
	for len(c.tasks) < maxCoalesced {
		next := last.mergeableNext()
		if next == nil {
			break
		}
		q.load(next)
		candidate, ok := b.merge(mergedBody, next.requests[0].Body())
		if !ok || len(appendBody(nil, candidate)) > maxProfileBytes {
			q.unload(next)
			break
		}
		mergedBody, last = candidate, next
		c.tasks = append(c.tasks, next)
	}
	if len(c.tasks) > 1 {
		c.request = batchRequest{c.operation, mergedBody}
	}
}

// mergeableNext returns the event that waits only for this one and whose next request has the
// same operation, or nil. This event must have only one request left.
func (t *task) mergeableNext() *task {
	next := t.next
	if len(t.steps) > 1 || next == nil || next.sendAlone || next.blockers > 1 || next.steps[0].operation != t.steps[0].operation {
		return nil
	}
	return next
}
