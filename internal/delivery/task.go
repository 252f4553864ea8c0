package delivery

import (
	"container/list"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// A task is a pending event. There are many, so it is small: its text, the operations of its
// requests, and what it waits for.
type task struct {
	position Position
	text     []byte
	number   int           // number of events added before
	element  *list.Element // in the backlog

	// steps are the requests that aren't done. The first may be in flight.
	steps []step
	// requests are the requests of steps, or nil while they are unloaded. They are kept from
	// the start if there is room.
	requests     []mapper.Request
	keepRequests bool

	ids      []id  // of its person
	blockers int   // number of events that this one waits for
	next     *task // the event that waits for this one, or nil

	// sendAlone is set after a request was rejected together with others.
	sendAlone bool
}

// A step is what is known of a request while it waits.
type step struct {
	operation *runtime.Operation
	batch     *batchKey // the batch that it will join, or nil
	notBulk   bool      // it can't be sent in bulk
}

// newTask returns the task of an event.
func newTask(event Event, ids []id) *task {
	t := &task{position: event.Position, text: event.Text, requests: event.Requests, ids: ids}
	t.steps = make([]step, len(event.Requests))
	for i, request := range event.Requests {
		t.steps[i].operation = request.Operation()
		if key, ok := batchFor(request); ok {
			t.steps[i].batch = &key
		}
		b := batchings[request.Operation()]
		t.steps[i].notBulk = b.isBulk() && !b.canBulk(request.Body())
	}
	return t
}

// event returns the event without its identity and requests.
func (t *task) event() Event { return Event{Position: t.position, Text: t.text} }

// requestDone removes the request that is done.
func (t *task) requestDone() {
	t.steps = t.steps[1:]
	if t.requests != nil {
		t.requests = t.requests[1:]
	}
}

// A call is a request to send, for one or several events.
type call struct {
	operation *runtime.Operation
	request   client.Request // built when the call first starts
	// tasks are in the order of the input if they are of one person, otherwise in the order of
	// the request.
	tasks []*task
	// after maps events of a bulk call to the previous event of their person.
	after map[*task]*task
	// units has the events of each element of a bulk call's body.
	units [][]*task
	// jobs are the ids of jobs that earlier attempts may have started, and of the job that the
	// call started. dropped are the events that the job rejected.
	jobs         []string
	firstAttempt time.Time
	dropped      []*task
	bytes        int // size of the events' texts while in flight
	start        time.Time
	held         bool // counted as failed since the last response
	// retried means that the call was held and is sent again since Klaviyo responds.
	retried bool
	// remainder is the rest of a call that was rejected because of this call's event, or nil.
	remainder *remainder
	// hasWarnings means that Klaviyo accepted the request without a part of it.
	hasWarnings bool
	// wrongPointers means that the error of the batch pointed at an event that isn't at fault.
	wrongPointers bool
}

// A remainder is the rest of a call that was rejected because of some of its events. It waits
// until these were sent alone, which shows whether they are at fault.
type remainder struct {
	calls         []*call
	named         int  // number of events that aren't done yet
	wrongPointers bool // one of the events isn't at fault
}

// callOf returns the call for the next request of one event, or of several events in a batch.
func callOf(tasks ...*task) *call {
	return &call{operation: tasks[0].steps[0].operation, tasks: tasks}
}

// batching returns how the call's requests are sent together, or nil.
func (c *call) batching() *batching { return batchings[c.tasks[0].steps[0].operation] }

// isBulk reports whether the call's operation is a bulk operation that replaces that of the
// requests.
func (c *call) isBulk() bool { return c.operation != c.tasks[0].steps[0].operation }

// size returns the size of the events' texts in bytes.
func (c *call) size() (bytes int) {
	for _, t := range c.tasks {
		bytes += len(t.text)
	}
	return bytes
}

// load rebuilds the requests of an event if they were unloaded.
func (q *Queue) load(t *task) {
	if t.requests == nil {
		all := q.cfg.Map(t.text)
		t.requests = all[len(all)-len(t.steps):]
	}
}

// unload releases the requests of an event that has to wait.
func (q *Queue) unload(t *task) {
	if !t.keepRequests && q.cfg.Map != nil {
		t.requests = nil
	}
}
