package delivery

import (
	"container/heap"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// lanes hold the calls that are ready, those of each operation apart: one whose
// quota is used up keeps none of the others waiting.
type lanes struct {
	width int // calls under way at once in a lane
	of    map[klaviyo.OperationID]*lane
}

// lane is an operation's.
type lane struct {
	ready readyCalls
	busy  int
}

func newLanes(width int) lanes {
	return lanes{width: width, of: make(map[klaviyo.OperationID]*lane)}
}

func (ls lanes) add(c *call) {
	op := c.request.Operation()
	if ls.of[op] == nil {
		ls.of[op] = &lane{}
	}
	heap.Push(&ls.of[op].ready, c)
}

// next takes out a call that may begin, or nil. It counts as under way until done.
func (ls lanes) next() *call {
	for _, l := range ls.of {
		if l.busy < ls.width && len(l.ready) > 0 {
			l.busy++
			return heap.Pop(&l.ready).(*call)
		}
	}
	return nil
}

func (ls lanes) done(c *call) { ls.of[c.request.Operation()].busy-- }

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
