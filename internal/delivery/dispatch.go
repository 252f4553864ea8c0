package delivery

import "time"

// dispatch starts all calls that can start. The caller holds the lock, as for all methods in
// this package that don't say otherwise.
func (q *Queue) dispatch() {
	for q.ctx.Err() == nil && !q.outage.probing {
		for c := q.lanes.next(q.maxWait()); c != nil; c = q.lanes.next(q.maxWait()) {
			q.begin(c)
		}
		switch {
		case q.busy > 0, !q.complete && !q.blocked:
			return // more calls will become ready
		case !q.batches.isEmpty():
			q.batches.each(q.flush)
		case len(q.outage.held) > 0:
			q.retryOrProbe()
		default:
			return
		}
	}
}

// maxWait returns how long ready requests may wait for more. It is 0 if nothing else can become
// ready, and short if that requires the end of a call, which makes room for more input.
func (q *Queue) maxWait() time.Duration {
	switch {
	case !q.complete && !q.blocked:
		return q.cfg.BatchWait
	case q.busy > 0:
		return min(q.cfg.BatchWait, shortWait)
	}
	return 0
}

// shortWait is long enough to read some thousand events.
const shortWait = 50 * time.Millisecond

// begin builds a call's request, if needed, and sends it.
func (q *Queue) begin(c *call) {
	if c.request == nil && !c.isBulk() {
		for _, t := range c.tasks {
			q.load(t)
		}
		c.request = c.tasks[0].requests[0]
		if len(c.tasks) > 1 {
			c.request = c.batchRequest()
		}
		q.coalesce(c)
	}
	q.lanes.begin(c)
	c.start = time.Now()
	q.goDispatch(func() {
		if c.request == nil {
			q.buildBulk(c)
		}
		if c.isBulk() && c.batching().job != nil {
			q.performJob(c)
			return
		}
		q.perform(c)
	})
}

// goDispatch runs work in a goroutine, without the lock, and then dispatches.
func (q *Queue) goDispatch(work func()) {
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

// perform makes a call and handles the result. It takes the lock.
func (q *Queue) perform(c *call) {
	response, err := q.cfg.Sender.Send(q.ctx, c.request)
	c.hasWarnings = err == nil && len(response.Warnings) > 0
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

// requestDone handles the success of a call's request.
func (q *Queue) requestDone(c *call) {
	for _, one := range sendAlone(c.dropped) {
		q.lanes.add(one)
	}
	var ready []*task
	for _, t := range c.accepted() {
		t.requestDone()
		if t.blockers == 0 { // others follow a merged request
			ready = append(ready, t)
		}
	}
	for _, t := range ready {
		q.proceed(t)
	}
}

// proceed handles the next request of an event that waits for no other.
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

// finish removes an event that is done.
func (q *Queue) finish(t *task) {
	q.backlog.remove(t)
	for _, s := range t.steps { // remaining requests of a dead letter
		if s.batch != nil {
			q.batches.expectLess(*s.batch)
			q.flushIfLast(*s.batch)
		}
	}
	if next := q.people.remove(t); next != nil {
		q.proceed(next)
	}
	q.changed.Broadcast()
}
