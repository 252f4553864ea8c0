package delivery

// dispatch begins what can begin. The caller holds the lock, as those of all
// methods here that don't take it.
func (q *Queue) dispatch() {
	for q.ctx.Err() == nil {
		for c := q.lanes.next(); c != nil; c = q.lanes.next() {
			if !c.again {
				c.coalesce()
			}
			q.start(func() { q.perform(c) })
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
	if err == nil && q.cfg.Warn != nil {
		for _, warning := range response.Warnings {
			for _, t := range c.tasks {
				q.cfg.Warn(t.event, warning)
			}
		}
	}
	q.mu.Lock()
	letters := q.settle(c, err)
	q.mu.Unlock()
	q.reject(letters)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lanes.done(c)
}

// took notes that a call's request is done.
func (q *Queue) took(c *call) {
	var ready []*task
	for _, t := range c.tasks {
		t.todo = t.todo[1:]
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
	if len(t.todo) == 0 {
		q.delivered++
		q.finish(t)
		return
	}
	if key, ok := batchOf(t.todo[0]); ok {
		q.join(key, t)
		return
	}
	q.lanes.add(only(t))
}

// finish takes an event out that is done.
func (q *Queue) finish(t *task) {
	q.backlog.remove(t)
	for _, request := range t.todo { // of a dead letter
		if key, ok := batchOf(request); ok {
			q.batches.unexpect(key)
			q.flushIfLast(key)
		}
	}
	if next := q.people.remove(t); next != nil {
		q.proceed(next)
	}
	q.changed.Broadcast()
}
