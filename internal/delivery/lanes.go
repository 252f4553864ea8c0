package delivery

import (
	"container/heap"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A call with more than largeCall bytes of events is large: its body is copied several times.
// Large calls in flight have at most maxLargeInFlight bytes, or there is only one.
const (
	largeCall        = 200_000
	maxLargeInFlight = 4_000_000
	// maxBulkInFlight is the limit for bulk calls in flight: ten of 2 MB a second that take a
	// second each. It leaves two thirds of the read-ahead to calls that are being filled.
	maxBulkInFlight = 20_000_000
)

// lanes hold the ready calls by operation, so that an operation without quota doesn't delay the
// others.
type lanes struct {
	width int // maximum number of calls in flight in a lane
	bulk  Bulk
	// hasJobs means that jobs can be polled.
	hasJobs bool
	// await makes a lane wait for earlier jobs; may be nil.
	await func(*lane, *job)
	// waitExpired is called, without the lock, when the wait for a full call ends.
	waitExpired func(*lane, time.Time)
	byOperation map[*runtime.Operation]*lane
	// Bytes of large calls and of bulk calls in flight.
	largeBytes, bulkBytes int
	maxBulk               int // limit of bulkBytes
}

// A lane holds the ready calls of an operation.
type lane struct {
	batching *batching // how calls are sent in bulk, or nil
	// ready are the calls that can be sent in bulk or, without batching, all. singles are the
	// others.
	ready, singles readyCalls
	busy           int
	isWaiting      bool // for jobs of an earlier run
	bulkWait
}

func newLanes(q *Queue) lanes {
	ls := lanes{
		width: q.cfg.Concurrency, bulk: q.cfg.Bulk, hasJobs: q.cfg.Jobs != nil,
		waitExpired: func(l *lane, until time.Time) {
			q.mu.Lock()
			defer q.mu.Unlock()
			if l.timer == nil || l.deadline != until {
				return // stopped meanwhile
			}
			l.expired, l.timer = true, nil
			q.dispatch()
		},
		byOperation: make(map[*runtime.Operation]*lane),
		maxBulk:     maxBulkInFlight,
	}
	if ls.hasJobs && q.cfg.Earlier != nil {
		ls.await = q.await
	}
	return ls
}

func (ls *lanes) add(c *call) {
	l := ls.lane(c.operation)
	if l.batching != nil && !c.canBulk() {
		heap.Push(&l.singles, c)
		return
	}
	heap.Push(&l.ready, c)
	l.bytes += c.size()
}

func (ls *lanes) lane(op *runtime.Operation) *lane {
	l := ls.byOperation[op]
	if l == nil {
		l = &lane{}
		if b := ls.bulk.batching(op); b != nil && (b.job == nil || ls.hasJobs) {
			l.batching = b
		}
		ls.byOperation[op] = l
		if b := batchings[op]; b.isBulk() && b.job != nil && ls.await != nil {
			ls.await(l, b.job)
		}
	}
	return l
}

// next removes and returns a call that may start, or nil. wait is how long ready calls may wait
// for more.
func (ls *lanes) next(wait time.Duration) *call {
	for _, l := range ls.byOperation {
		if l.isWaiting {
			continue
		}
		if l.batching != nil {
			c, soon := ls.nextBulk(l, l.batching, wait)
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

// single removes and returns a single call, or nil.
func (ls *lanes) single(l *lane) *call {
	oldest := &l.ready
	if len(l.ready) == 0 || len(l.singles) > 0 && l.singles[0].number() < l.ready[0].number() {
		oldest = &l.singles
	}
	if l.busy >= ls.width || len(*oldest) == 0 || !ls.hasRoom((*oldest)[0]) {
		return nil
	}
	c := heap.Pop(oldest).(*call)
	if oldest == &l.ready {
		l.bytes -= c.size()
	}
	return c
}

// disableBulk stops sending requests like those of a bulk call in bulk.
func (ls *lanes) disableBulk(c *call) {
	l := ls.lane(c.tasks[0].steps[0].operation)
	l.stopWait()
	l.batching = nil
}

// stop ends all waits.
func (ls *lanes) stop() {
	for _, l := range ls.byOperation {
		l.stopWait()
	}
}

func (ls *lanes) hasRoom(c *call) bool {
	size := c.size()
	if c.isBulk() {
		return ls.hasBulkRoom(size)
	}
	return size <= largeCall || ls.largeBytes == 0 || ls.largeBytes+size <= maxLargeInFlight
}

func (ls *lanes) hasBulkRoom(size int) bool {
	return ls.bulkBytes == 0 || ls.bulkBytes+size <= ls.maxBulk
}

// begin counts a call as in flight until done.
func (ls *lanes) begin(c *call) {
	ls.lane(c.operation).busy++
	c.bytes = c.size()
	*ls.inFlightBytes(c) += c.bytes
}

func (ls *lanes) done(c *call) {
	ls.lane(c.operation).busy--
	*ls.inFlightBytes(c) -= c.bytes
}

// inFlightBytes returns the counter for the bytes of a call.
func (ls *lanes) inFlightBytes(c *call) *int {
	switch {
	case c.isBulk():
		return &ls.bulkBytes
	case c.bytes > largeCall:
		return &ls.largeBytes
	}
	return new(int) // others aren't counted
}

// number returns the number of events added before the call's first.
func (c *call) number() int { return c.tasks[0].number }

// readyCalls is a heap ordered by the oldest event, so that a person with many events, of which
// only the first is ready, isn't left behind.
type readyCalls []*call

func (r readyCalls) Len() int           { return len(r) }
func (r readyCalls) Less(i, j int) bool { return r[i].number() < r[j].number() }
func (r readyCalls) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *readyCalls) Push(c any)        { *r = append(*r, c.(*call)) }

func (r *readyCalls) Pop() any {
	last := len(*r) - 1
	c := (*r)[last]
	(*r)[last] = nil // release the memory
	*r = (*r)[:last]
	return c
}
