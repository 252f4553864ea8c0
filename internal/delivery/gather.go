package delivery

import (
	"container/heap"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
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

// of gives how requests of an operation are gathered, or nil if each goes alone.
func (b Bulk) of(op *runtime.Operation) *batching {
	if batching := batchings[op]; batching.gathers() && b != BulkNever {
		return batching
	}
	return nil
}

// Gathers tells whether any requests of a revision are gathered, for which more is held in
// memory.
func (b Bulk) Gathers(revision string) bool {
	for op := range batchings {
		if op.Revision == revision && b.of(op) != nil {
			return true
		}
	}
	return false
}

// gathering is what a lane's calls wait for that can be gathered.
type gathering struct {
	bytes int         // of their texts
	timer *time.Timer // ends the wait for a full call, or is nil
	until time.Time   // when it does
	due   bool        // it has
}

// canJoin tells whether a call may be gathered: one event's, that was never tried.
func (c *call) canJoin() bool {
	t := c.tasks[0]
	return len(c.tasks) == 1 && c.request == nil && c.rest == nil && !t.alone && !t.steps[0].apart
}

// gathers tells whether requests of an event can be gathered.
func (ls *lanes) gathers(t *task) bool {
	return slices.ContainsFunc(t.steps, func(s step) bool { return ls.lane(s.operation).batching != nil })
}

// gather takes calls out that are ready and makes one of them, or gives nil. A full one
// goes at once, another after a wait; soon says that this is a moment's, in which what is
// ready had better not go alone.
func (ls *lanes) gather(l *lane, b *batching, wait time.Duration) (c *call, soon bool) {
	if !l.hasReady(b.fewest) {
		l.stopWaiting()
		return nil, false
	}
	if into := ls.lane(b.operation); into.busy+len(into.ready) >= ls.width || !ls.canHoldGathered(min(l.bytes, b.size)) {
		return nil, false
	}
	isFull := len(l.ready) >= b.most || l.bytes >= b.size
	if !isFull && wait > 0 && !l.due {
		l.waitFor(wait, ls.isDue)
		return nil, wait <= momentsWait
	}
	c = &call{operation: b.operation, after: make(map[*task]*task)}
	followers := readyCalls{} // of those that the call has
	for size := 0; len(c.tasks) < b.most && len(l.ready)+len(followers) > 0; {
		oldest := &l.ready
		if len(l.ready) == 0 || len(followers) > 0 && followers[0].number() < l.ready[0].number() {
			oldest = &followers
		}
		t := (*oldest)[0].tasks[0]
		if size += len(t.text); size > b.size {
			break
		}
		heap.Pop(oldest)
		if oldest == &l.ready {
			l.bytes -= len(t.text)
		}
		c.tasks = append(c.tasks, t)
		if next := t.follower(); next != nil && !next.steps[0].apart {
			c.after[next] = t
			heap.Push(&followers, callOf(next))
		}
	}
	if len(c.tasks) < b.fewest { // they are large
		for _, t := range c.tasks {
			if t.waits == 0 {
				ls.add(callOf(t))
			}
		}
		return nil, false
	}
	l.stopWaiting()
	return c, false
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

// waitFor has isDue called after a wait, or sooner if it is to be sooner already.
func (l *lane) waitFor(wait time.Duration, isDue func(*lane, time.Time)) {
	until := time.Now().Add(wait)
	if l.timer != nil && !until.Before(l.until) {
		return
	}
	l.stopWaiting()
	l.until = until
	l.timer = time.AfterFunc(wait, func() { isDue(l, until) })
}

func (l *lane) stopWaiting() {
	l.due = false
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// filling is what becomes of a gathered call's events.
type filling struct {
	bodies []any
	sizes  []int // of the bodies
	size   int   // of all
	unit   map[*task]int
	units  [][]*task
}

// fill makes a gathered call's request. The events whose requests don't fit, or have a
// unique id that another has, wait for the next call. It takes the lock.
func (q *Queue) fill(c *call) {
	b := c.batching()
	f := filling{size: b.wrapping, unit: make(map[*task]int, len(c.tasks))}
	ids := make(map[string]bool)
	var text []byte
	for _, t := range c.tasks {
		unit, follows := 0, false
		if before := c.after[t]; t.waits > 0 {
			if unit, follows = f.unit[before]; !follows {
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
		size := len(text) + b.wrapping
		if f.size+size > b.size && len(f.bodies) > 0 {
			break
		}
		f.unit[t] = len(f.units)
		f.units = append(f.units, []*task{t})
		f.bodies = append(f.bodies, request.Body())
		f.sizes = append(f.sizes, size)
		f.size += size
	}
	request := combined{c.operation, b.join(f.bodies)}

	q.mu.Lock()
	defer q.mu.Unlock()
	all := c.tasks
	c.request, c.units, c.tasks = request, f.units, nil
	for _, t := range all {
		q.putAway(t) // the request has what it needs
		if _, fits := f.unit[t]; fits {
			c.tasks = append(c.tasks, t)
		} else if t.waits == 0 {
			q.lanes.add(callOf(t))
		}
	}
}

// merge adds an event to an element, if the two have one result together.
func (f *filling) merge(b *batching, unit int, t *task) {
	if len(f.units[unit]) == maxCoalesced {
		return
	}
	merged, ok := b.merge(f.bodies[unit], t.requests[0].Body())
	if !ok {
		return
	}
	length := len(appendBody(nil, merged))
	more := length + b.wrapping - f.sizes[unit]
	if length > maxProfileBytes || f.size+more > b.size {
		return
	}
	f.bodies[unit] = merged
	f.sizes[unit] += more
	f.size += more
	f.unit[t] = unit
	f.units[unit] = append(f.units[unit], t)
}
