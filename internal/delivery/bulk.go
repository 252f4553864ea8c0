package delivery

import (
	"container/heap"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Bulk selects whether ready requests are sent in bulk.
type Bulk string

const (
	// BulkAuto sends requests in bulk if enough are ready, and others singly at once. It is the
	// default.
	BulkAuto Bulk = "auto"
	// BulkNever sends each request singly. Responses are then about one event, and the quota is
	// smaller.
	BulkNever Bulk = "never"
)

// batching returns how requests of an operation are sent in bulk, or nil if they are sent
// singly.
func (b Bulk) batching(op *runtime.Operation) *batching {
	if batching := batchings[op]; batching.isBulk() && b != BulkNever {
		return batching
	}
	return nil
}

// Gathers reports whether any requests of a revision are sent in bulk, which needs more memory.
func (b Bulk) Gathers(revision string) bool {
	for op := range batchings {
		if op.Revision == revision && b.batching(op) != nil {
			return true
		}
	}
	return false
}

// A bulkWait is the state of a lane whose calls wait to be sent in bulk.
type bulkWait struct {
	bytes    int         // of their texts
	timer    *time.Timer // ends the wait for a full call; may be nil
	deadline time.Time   // end of the wait
	expired  bool        // the wait has ended
}

// canBulk reports whether a call can be sent in bulk: it is of one event, and was never tried.
func (c *call) canBulk() bool {
	t := c.tasks[0]
	return len(c.tasks) == 1 && c.request == nil && c.remainder == nil && !t.sendAlone && !t.steps[0].notBulk
}

// anyBulk reports whether any requests of an event can be sent in bulk.
func (ls *lanes) anyBulk(t *task) bool {
	return slices.ContainsFunc(t.steps, func(s step) bool { return ls.lane(s.operation).batching != nil })
}

// nextBulk combines ready calls into one bulk call, or returns nil. A full one is returned at
// once, others after a wait. soon means that the wait is short, so that the ready calls should
// not be sent singly meanwhile.
func (ls *lanes) nextBulk(l *lane, b *batching, wait time.Duration) (c *call, soon bool) {
	if !l.hasReady(b.minRequests) {
		l.stopWait()
		return nil, false
	}
	if into := ls.lane(b.operation); into.busy+len(into.ready) >= ls.width || !ls.hasBulkRoom(min(l.bytes, b.maxSize)) {
		return nil, false
	}
	isFull := len(l.ready) >= b.maxRequests || l.bytes >= b.maxSize
	if !isFull && wait > 0 && !l.expired {
		l.startWait(wait, ls.waitExpired)
		return nil, wait <= shortWait
	}
	c = &call{operation: b.operation, after: make(map[*task]*task)}
	followers := readyCalls{} // of tasks in the call
	for size := 0; len(c.tasks) < b.maxRequests && len(l.ready)+len(followers) > 0; {
		oldest := &l.ready
		if len(l.ready) == 0 || len(followers) > 0 && followers[0].number() < l.ready[0].number() {
			oldest = &followers
		}
		t := (*oldest)[0].tasks[0]
		if size += len(t.text); size > b.maxSize {
			break
		}
		heap.Pop(oldest)
		if oldest == &l.ready {
			l.bytes -= len(t.text)
		}
		c.tasks = append(c.tasks, t)
		if next := t.mergeableNext(); next != nil && !next.steps[0].notBulk {
			c.after[next] = t
			heap.Push(&followers, callOf(next))
		}
	}
	if len(c.tasks) < b.minRequests { // large events
		for _, t := range c.tasks {
			if t.blockers == 0 {
				ls.add(callOf(t))
			}
		}
		return nil, false
	}
	l.stopWait()
	return c, false
}

// hasReady reports whether n events are ready, or wait only for ready ones.
func (l *lane) hasReady(n int) bool {
	found := len(l.ready)
	for _, c := range l.ready {
		for t := c.tasks[0].mergeableNext(); t != nil && found < n; t = t.mergeableNext() {
			found++
		}
		if found >= n {
			return true
		}
	}
	return false
}

// startWait calls isDue after a wait, unless an earlier call is scheduled.
func (l *lane) startWait(wait time.Duration, isDue func(*lane, time.Time)) {
	until := time.Now().Add(wait)
	if l.timer != nil && !until.Before(l.deadline) {
		return
	}
	l.stopWait()
	l.deadline = until
	l.timer = time.AfterFunc(wait, func() { isDue(l, until) })
}

func (l *lane) stopWait() {
	l.expired = false
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// A bulkBody is the body of a bulk call while it is built.
type bulkBody struct {
	bodies []any
	sizes  []int // of the bodies
	size   int   // total
	unitOf map[*task]int
	units  [][]*task
}

// buildBulk builds the request of a bulk call. Events whose requests don't fit, or whose unique
// id another event has, wait for the next call. It takes the lock.
func (q *Queue) buildBulk(c *call) {
	b := c.batching()
	f := bulkBody{size: b.overhead, unitOf: make(map[*task]int, len(c.tasks))}
	ids := make(map[string]bool)
	var text []byte
	for _, t := range c.tasks {
		unit, follows := 0, false
		if before := c.after[t]; t.blockers > 0 {
			if unit, follows = f.unitOf[before]; !follows {
				continue
			}
		}
		q.load(t)
		request := t.requests[0]
		if follows && b.merge != nil {
			f.merge(b, unit, t)
			continue
		}
		if id := request.Event().UniqueID; id != "" {
			if ids[id] {
				continue
			}
			ids[id] = true
		}
		text = request.AppendBody(text[:0])
		size := len(text) + b.overhead
		if f.size+size > b.maxSize && len(f.bodies) > 0 {
			break
		}
		f.unitOf[t] = len(f.units)
		f.units = append(f.units, []*task{t})
		f.bodies = append(f.bodies, request.Body())
		f.sizes = append(f.sizes, size)
		f.size += size
	}
	request := batchRequest{c.operation, b.join(f.bodies)}

	q.mu.Lock()
	defer q.mu.Unlock()
	all := c.tasks
	c.request, c.units, c.tasks = request, f.units, nil
	for _, t := range all {
		q.unload(t) // no longer needed
		if _, fits := f.unitOf[t]; fits {
			c.tasks = append(c.tasks, t)
		} else if t.blockers == 0 {
			q.lanes.add(callOf(t))
		}
	}
}

// merge merges an event into an element if one request has the same result.
func (f *bulkBody) merge(b *batching, unit int, t *task) {
	if len(f.units[unit]) == maxCoalesced {
		return
	}
	merged, ok := b.merge(f.bodies[unit], t.requests[0].Body())
	if !ok {
		return
	}
	length := len(appendBody(nil, merged))
	more := length + b.overhead - f.sizes[unit]
	if length > maxProfileBytes || f.size+more > b.maxSize {
		return
	}
	f.bodies[unit] = merged
	f.sizes[unit] += more
	f.size += more
	f.unitOf[t] = unit
	f.units[unit] = append(f.units[unit], t)
}
