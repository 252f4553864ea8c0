package delivery

import "time"

// dispatch begins what can begin. The caller holds the lock, as those of all
// methods here that don't take it.
func (q *Queue) dispatch() {
	for q.ctx.Err() == nil && !q.outage.probing {
		for c := q.lanes.next(q.mayWait()); c != nil; c = q.lanes.next(q.mayWait()) {
			q.begin(c)
		}
		switch {
		case q.busy > 0, !q.complete && !q.blocked:
			return // more will come
		case !q.batches.isEmpty():
			q.batches.each(q.flush)
		case len(q.outage.held) > 0:
			q.decide()
		default:
			return
		}
	}
}

// mayWait is how long what is ready may wait for more to go with it: not at all where
// nothing can make more ready, and a moment where only the end of a call can, which makes
// room for more input.
func (q *Queue) mayWait() time.Duration {
	switch {
	case !q.complete && !q.blocked:
		return q.cfg.BatchWait
	case q.busy > 0:
		return min(q.cfg.BatchWait, momentsWait)
	}
	return 0
}

// momentsWait is enough for some thousand events to be read.
const momentsWait = 50 * time.Millisecond

// begin makes a call's request, if it was never made, and sends it.
func (q *Queue) begin(c *call) {
	if c.request == nil && !c.isGathered() {
		for _, t := range c.tasks {
			q.load(t)
		}
		c.request = c.tasks[0].requests[0]
		if len(c.tasks) > 1 {
			c.request = c.together()
		}
		q.coalesce(c)
	}
	q.lanes.begin(c)
	c.began = time.Now()
	q.start(func() {
		if c.request == nil {
			q.fill(c)
		}
		if c.isGathered() && c.batching().job != nil {
			q.performJob(c)
			return
		}
		q.perform(c)
	})
}

// start runs a function that may take long, without the lock, and dispatches what
// has become ready.
func (q *Queue) start(work func()) {
	q.busy++
	go func() {
		work()
		q.mu.Lock()
		defer q.mu.Unlock()
		q.busy--
		q.dispatch()
		q.changed.Broadcast()
	}()
}

// perform makes a call and does what follows from the answer. It takes the lock.
func (q *Queue) perform(c *call) {
	response, err := q.cfg.Sender.Send(q.ctx, c.request)
	c.mended = err == nil && len(response.Warnings) > 0
	if err == nil && q.cfg.Warn != nil {
		for _, warning := range response.Warnings {
			for _, t := range c.tasks {
				q.cfg.Warn(t.event(), warning)
			}
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lanes.done(c)
	q.handleResult(c, err)
}

// requestDone notes that a call's request is done.
func (q *Queue) requestDone(c *call) {
	for _, one := range apart(c.dropped) {
		q.lanes.add(one)
	}
	var ready []*task
	for _, t := range c.taken() {
		t.done()
		if t.waits == 0 { // those after a coalesced one follow from it
			ready = append(ready, t)
		}
	}
	for _, t := range ready {
		q.proceed(t)
	}
}

// proceed sees to the next request of an event that waits for no other.
func (q *Queue) proceed(t *task) {
	switch {
	case len(t.steps) == 0:
		q.delivered++
		q.finish(t)
	case t.steps[0].batch != nil:
		q.join(*t.steps[0].batch, t)
	default:
		q.lanes.add(callOf(t))
	}
}

// finish takes an event out that is done.
func (q *Queue) finish(t *task) {
	q.backlog.remove(t)
	for _, s := range t.steps { // of a dead letter
		if s.batch != nil {
			q.batches.unexpect(*s.batch)
			q.flushIfLast(*s.batch)
		}
	}
	if next := q.people.remove(t); next != nil {
		q.proceed(next)
	}
	q.changed.Broadcast()
}
