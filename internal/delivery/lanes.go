package delivery

import (
	"container/heap"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A call with more than largeCall bytes of events is large: its body is copied a few
// times on its way. Large calls wait for each other, so that those under way are of
// maxLarge bytes at most, or one.
const (
	largeCall = 200_000
	maxLarge  = 4_000_000
)

// lanes hold the calls that are ready, those of each operation apart: one whose
// quota is used up keeps none of the others waiting.
type lanes struct {
	width int // calls under way at once in a lane
	of    map[*runtime.Operation]*lane
	large int // bytes of the large calls under way
}

// lane is an operation's.
type lane struct {
	ready readyCalls
	busy  int
}

func newLanes(width int) lanes {
	return lanes{width: width, of: make(map[*runtime.Operation]*lane)}
}

func (ls *lanes) add(c *call) { heap.Push(&ls.lane(c.operation).ready, c) }

func (ls *lanes) lane(op *runtime.Operation) *lane {
	l := ls.of[op]
	if l == nil {
		l = &lane{}
		ls.of[op] = l
	}
	return l
}

// next takes out a call that may begin, or nil.
func (ls *lanes) next() *call {
	for _, l := range ls.of {
		if l.busy < ls.width && len(l.ready) > 0 && ls.canHold(l.ready[0].size()) {
			return heap.Pop(&l.ready).(*call)
		}
	}
	return nil
}

func (ls *lanes) canHold(size int) bool {
	return size <= largeCall || ls.large == 0 || ls.large+size <= maxLarge
}

// begin counts a call as under way until done.
func (ls *lanes) begin(c *call) {
	ls.lane(c.operation).busy++
	if c.bytes = c.size(); c.bytes > largeCall {
		ls.large += c.bytes
	}
}

func (ls *lanes) done(c *call) {
	ls.lane(c.operation).busy--
	if c.bytes > largeCall {
		ls.large -= c.bytes
	}
}

// readyCalls is a heap that gives the call with the oldest event first. So a
// person with many events, of which only the first is ready, keeps up.
type readyCalls []*call

func (r readyCalls) Len() int           { return len(r) }
func (r readyCalls) Less(i, j int) bool { return r[i].tasks[0].number < r[j].tasks[0].number }
func (r readyCalls) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *readyCalls) Push(c any)        { *r = append(*r, c.(*call)) }

func (r *readyCalls) Pop() any {
	last := len(*r) - 1
	c := (*r)[last]
	(*r)[last] = nil // not to be kept in memory
	*r = (*r)[:last]
	return c
}
