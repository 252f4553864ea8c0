package delivery

import (
	"container/list"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// task is an event on its way. Many wait at a time, so it holds little: its text,
// what its requests are, and whom it waits for.
type task struct {
	position Position
	text     []byte
	number   int           // counts the events taken in
	place    *list.Element // in the backlog

	// steps are the requests that aren't done. The first may be under way.
	steps []step
	// requests are those of steps, or nil while they are put away. They are kept from
	// the start if there is room for them.
	requests []mapper.Request
	kept     bool

	ids   []id  // of its person
	waits int   // for how many others
	next  *task // the one that waits for this one, or nil

	// alone is set when a request of it was refused together with others'.
	alone bool
}

// step is a request, as far as it has to be known while it waits.
type step struct {
	operation *runtime.Operation
	batch     *batchKey // that it is to join, or nil
	apart     bool      // it can't be gathered
}

// newTask takes an event apart.
func newTask(event Event, ids []id) *task {
	t := &task{position: event.Position, text: event.Text, requests: event.Requests, ids: ids}
	t.steps = make([]step, len(event.Requests))
	for i, request := range event.Requests {
		t.steps[i].operation = request.Operation()
		if key, ok := batchOf(request); ok {
			t.steps[i].batch = &key
		}
		b := batchings[request.Operation()]
		t.steps[i].apart = b.gathers() && !b.canGather(request.Body())
	}
	return t
}

// event is what it is of, without the identity and the requests.
func (t *task) event() Event { return Event{Position: t.position, Text: t.text} }

// done takes off the request that is done.
func (t *task) done() {
	t.steps = t.steps[1:]
	if t.requests != nil {
		t.requests = t.requests[1:]
	}
}

// call is a request to be made, of one event or of several.
type call struct {
	operation *runtime.Operation
	request   client.Request // made when the call begins first
	// tasks are in the order of the input if they are of one person, else in that of
	// the request.
	tasks []*task
	// after has, of a gathered call's events, the one that each of them follows.
	after map[*task]*task
	// units are the events of each element of a gathered call's body.
	units [][]*task
	// jobs are the ids of the job that the call began and, before, of those that earlier
	// attempts since it was tried may have. dropped are the events that the job didn't take.
	jobs    []string
	tried   time.Time
	dropped []*task
	bytes   int // of the events' texts, while it is under way
	began   time.Time
	held    bool // it counts as one that Klaviyo did not take since its last answer
	// again says that it was held back, and is sent again since Klaviyo answers.
	again bool
	// rest is what is left of a call that was refused for this call's event, or nil.
	rest *rest
	// mended says that it was taken without a part that Klaviyo refuses.
	mended bool
	// misled says that a refusal of the batch named one that isn't at fault.
	misled bool
}

// rest is what is left of a call that was refused for some of its events. It waits until
// each of these has gone alone, which tells whether the refusal named the right ones.
type rest struct {
	calls  []*call
	named  int  // that aren't back
	misled bool // one of them isn't at fault
}

// callOf is the call of the next request of one event, or of several that are of
// the same batch.
func callOf(tasks ...*task) *call {
	return &call{operation: tasks[0].steps[0].operation, tasks: tasks}
}

// batching says how the call's requests go together, nil if they don't.
func (c *call) batching() *batching { return batchings[c.tasks[0].steps[0].operation] }

// isGathered tells whether it is a call of the operation that takes several in place of
// the requests' own.
func (c *call) isGathered() bool { return c.operation != c.tasks[0].steps[0].operation }

// size is the length of the events' texts, in bytes.
func (c *call) size() (bytes int) {
	for _, t := range c.tasks {
		bytes += len(t.text)
	}
	return bytes
}

// load makes the requests of an event if they are put away. They are the same as
// at first.
func (q *Queue) load(t *task) {
	if t.requests == nil {
		all := q.cfg.Map(t.text)
		t.requests = all[len(all)-len(t.steps):]
	}
}

// putAway lets go of the requests of an event that has to wait.
func (q *Queue) putAway(t *task) {
	if !t.kept && q.cfg.Map != nil {
		t.requests = nil
	}
}
