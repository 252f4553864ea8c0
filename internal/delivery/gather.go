package delivery

import (
	"container/heap"
	"slices"
	"time"
)

// Bulk says whether requests that are ready are gathered into calls of operations that take
// many.
type Bulk string

const (
	// BulkAuto gathers them where enough are ready; fewer go alone, at once. It is the default.
	BulkAuto Bulk = "auto"
	// BulkNever sends each alone: its answer is about one event, and its quota smaller.
	BulkNever Bulk = "never"
)

// gathering is what a lane's calls wait for that can be gathered.
type gathering struct {
	bytes int         // of their texts
	timer *time.Timer // ends the wait for a full call, or is nil
	due   bool        // it has
}

// canJoin tells whether a call may be gathered: one event's, that was never tried.
func (c *call) canJoin() bool {
	return len(c.tasks) == 1 && c.request == nil && c.rest == nil && !c.tasks[0].alone
}

// gathers tells whether requests of an event can be gathered.
func (ls *lanes) gathers(t *task) bool {
	return ls.bulk != BulkNever && slices.ContainsFunc(t.steps, func(s step) bool { return batchings[s.operation].gathers() })
}

// gather takes calls out that are ready and makes one of them, or gives nil. It waits for
// a full one unless now is set, or has waited for long enough.
func (ls *lanes) gather(l *lane, b *batching, now bool) *call {
	if !l.hasReady(b.fewest) {
		l.stopWaiting()
		return nil
	}
	isFull := len(l.ready) >= b.most || l.bytes >= b.size
	if !isFull && !now && !l.due {
		if l.timer == nil {
			l.timer = time.AfterFunc(ls.wait, func() { ls.isDue(l) })
		}
		return nil
	}
	if into := ls.lane(b.operation); into.busy+len(into.ready) >= ls.width || !ls.canHoldGathered(min(l.bytes, b.size)) {
		return nil
	}
	c := &call{operation: b.operation}
	followers := readyCalls{} // of those that the call has
	for size := 0; len(c.tasks) < b.most && len(l.ready)+len(followers) > 0; {
		oldest := &l.ready
		if len(l.ready) == 0 || len(followers) > 0 && followers[0].number() < l.ready[0].number() {
			oldest = &followers
		}
		t := (*oldest)[0].tasks[0]
		if size += len(t.event.Text); size > b.size {
			break
		}
		heap.Pop(oldest)
		if oldest == &l.ready {
			l.bytes -= len(t.event.Text)
		}
		c.tasks = append(c.tasks, t)
		if next := t.follower(); next != nil {
			heap.Push(&followers, callOf(next))
		}
	}
	if len(c.tasks) < b.fewest { // they are large
		for _, t := range c.tasks {
			if t.waits == 0 {
				ls.add(callOf(t))
			}
		}
		return nil
	}
	l.stopWaiting()
	return c
}

// hasReady tells whether that many events are ready, or wait for these alone.
func (l *lane) hasReady(n int) bool {
	found := len(l.ready)
	for _, c := range l.ready {
		for t := c.tasks[0].follower(); t != nil && found < n; t = t.follower() {
			found++
		}
		if found >= n {
			return true
		}
	}
	return false
}

func (l *lane) stopWaiting() {
	l.due = false
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// fill makes a gathered call's request. The events whose requests don't fit, or have a
// unique id that another has, wait for the next call. It takes the lock.
func (q *Queue) fill(c *call) {
	b := c.batching()
	size, ids, fits := b.wrapping, make(map[string]bool), make(map[*task]bool, len(c.tasks))
	var body []byte
	for _, t := range c.tasks {
		q.load(t)
		request := t.requests[0]
		body = request.AppendBody(body[:0])
		if size+len(body)+b.wrapping > b.size && len(fits) > 0 {
			break
		}
		if id := request.Event().UniqueID; id != "" {
			if ids[id] {
				continue
			}
			ids[id] = true
		}
		size += len(body) + b.wrapping
		fits[t] = true
	}

	q.mu.Lock()
	defer q.mu.Unlock()
	all := c.tasks
	c.tasks = inTurn(all, func(t *task) bool { return fits[t] })
	c.request = c.together()
	joined := make(map[*task]bool, len(c.tasks))
	for _, t := range c.tasks {
		joined[t] = true
	}
	for _, t := range all {
		q.putAway(t) // the request has what it needs
		if !joined[t] && t.waits == 0 {
			q.lanes.add(callOf(t))
		}
	}
}
