package delivery

import (
	"container/heap"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A call with more than largeCall bytes of events is large: its body is copied a few
// times on its way. Large calls wait for each other, so that those under way are of
// maxLarge bytes at most, or one.
const (
	largeCall = 200_000
	maxLarge  = 4_000_000
	// maxGathered is of the gathered calls: ten a second of 2 MB that take a second each. They
	// leave two thirds of what may be read ahead to those that fill meanwhile.
	maxGathered = 20_000_000
)

// lanes hold the calls that are ready, those of each operation apart: one whose
// quota is used up keeps none of the others waiting.
type lanes struct {
	width int // calls under way at once in a lane
	bulk  Bulk
	// watches says that jobs can be watched.
	watches bool
	// await has a lane wait for what earlier jobs do, or is nil.
	await func(*lane, *job)
	// isDue is called when the wait for a full call that was to end then is over, without
	// the lock.
	isDue func(*lane, time.Time)
	of    map[*runtime.Operation]*lane
	// Bytes of the large calls under way, and of those gathered.
	large, gathered int
	most            int // bytes of those gathered
}

// lane is an operation's.
type lane struct {
	batching *batching // of calls that can be gathered, or nil
	// ready are those that can, or all; alone are the others.
	ready, alone readyCalls
	busy         int
	isWaiting    bool // for jobs of an earlier run
	gathering
}

func newLanes(q *Queue) lanes {
	ls := lanes{
		width: q.cfg.Concurrency, bulk: q.cfg.Bulk, watches: q.cfg.Jobs != nil,
		isDue: func(l *lane, until time.Time) {
			q.mu.Lock()
			defer q.mu.Unlock()
			if l.timer == nil || l.until != until {
				return // it was stopped meanwhile
			}
			l.due, l.timer = true, nil
			q.dispatch()
		},
		of:   make(map[*runtime.Operation]*lane),
		most: maxGathered,
	}
	if ls.watches && q.cfg.Earlier != nil {
		ls.await = q.await
	}
	return ls
}

func (ls *lanes) add(c *call) {
	l := ls.lane(c.operation)
	if l.batching != nil && !c.canJoin() {
		heap.Push(&l.alone, c)
		return
	}
	heap.Push(&l.ready, c)
	l.bytes += c.size()
}

func (ls *lanes) lane(op *runtime.Operation) *lane {
	l := ls.of[op]
	if l == nil {
		l = &lane{}
		if b := ls.bulk.of(op); b != nil && (b.job == nil || ls.watches) {
			l.batching = b
		}
		ls.of[op] = l
		if b := batchings[op]; b.gathers() && b.job != nil && ls.await != nil {
			ls.await(l, b.job)
		}
	}
	return l
}

// next takes out a call that may begin, or nil. It is told how long what is
// ready may wait for more to go with it.
func (ls *lanes) next(wait time.Duration) *call {
	for _, l := range ls.of {
		if l.isWaiting {
			continue
		}
		if l.batching != nil {
			c, soon := ls.gather(l, l.batching, wait)
			if c != nil {
				return c
			}
			if soon {
				continue
			}
		}
		if c := ls.single(l); c != nil {
			return c
		}
	}
	return nil
}

// single takes out a call as it is.
func (ls *lanes) single(l *lane) *call {
	oldest := &l.ready
	if len(l.ready) == 0 || len(l.alone) > 0 && l.alone[0].number() < l.ready[0].number() {
		oldest = &l.alone
	}
	if l.busy >= ls.width || len(*oldest) == 0 || !ls.canHold((*oldest)[0]) {
		return nil
	}
	c := heap.Pop(oldest).(*call)
	if oldest == &l.ready {
		l.bytes -= c.size()
	}
	return c
}

// ungather lets no more of a gathered call's requests be gathered.
func (ls *lanes) ungather(c *call) {
	l := ls.lane(c.tasks[0].steps[0].operation)
	l.stopWaiting()
	l.batching = nil
}

// stop ends all waits.
func (ls *lanes) stop() {
	for _, l := range ls.of {
		l.stopWaiting()
	}
}

func (ls *lanes) canHold(c *call) bool {
	size := c.size()
	if c.isGathered() {
		return ls.canHoldGathered(size)
	}
	return size <= largeCall || ls.large == 0 || ls.large+size <= maxLarge
}

func (ls *lanes) canHoldGathered(size int) bool {
	return ls.gathered == 0 || ls.gathered+size <= ls.most
}

// begin counts a call as under way until done.
func (ls *lanes) begin(c *call) {
	ls.lane(c.operation).busy++
	c.bytes = c.size()
	*ls.underWay(c) += c.bytes
}

func (ls *lanes) done(c *call) {
	ls.lane(c.operation).busy--
	*ls.underWay(c) -= c.bytes
}

// underWay is what counts the bytes of a call.
func (ls *lanes) underWay(c *call) *int {
	switch {
	case c.isGathered():
		return &ls.gathered
	case c.bytes > largeCall:
		return &ls.large
	}
	return new(int) // the others aren't counted
}

// number counts the events taken in before the call's first.
func (c *call) number() int { return c.tasks[0].number }

// readyCalls is a heap that gives the call with the oldest event first. So a
// person with many events, of which only the first is ready, keeps up.
type readyCalls []*call

func (r readyCalls) Len() int           { return len(r) }
func (r readyCalls) Less(i, j int) bool { return r[i].number() < r[j].number() }
func (r readyCalls) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *readyCalls) Push(c any)        { *r = append(*r, c.(*call)) }

func (r *readyCalls) Pop() any {
	last := len(*r) - 1
	c := (*r)[last]
	(*r)[last] = nil // not to be kept in memory
	*r = (*r)[:last]
	return c
}
