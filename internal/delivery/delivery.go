// Package delivery sends the requests of events: those of one person in their
// order, those of different people at the same time.
//
// Two events are about the same person if they share an email, a phone number or
// an external id, or if events between them that aren't done yet tie their
// identifiers together, as an identify does.
//
// The requests of an event are sent one after the other. If one fails, the rest
// isn't sent and the event is a dead letter. Delivery stops, and leaves what
// isn't done for another run, when nothing more can succeed: the account or its
// key is refused, Klaviyo can't be reached, or a dead letter can't be kept.
package delivery

import (
	"context"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Sender makes a request, and repeats it while that can help. When ctx is done
// it starts nothing new; a [Transport] lets what is on its way finish.
type Sender interface {
	Send(ctx context.Context, req client.Request) (*client.Response, error)
}

// A mapper's requests are what a client sends.
var _ client.Request = mapper.Request(nil)

// Event is an event with the requests it became.
type Event struct {
	Position
	// Text is the event as it came.
	Text     []byte
	Identity mapper.Identity
	Requests []mapper.Request
}

// Position is where an event stands in the input.
type Position struct {
	// File is the index of the file.
	File int
	// Line is counted from 1.
	Line int
}

// Config says how to deliver.
type Config struct {
	Sender Sender
	// Reject keeps an event that can't be delivered, with the reason. Its own
	// error stops delivery. It is called by several goroutines.
	Reject func(Event, error) error
	// Concurrency is how many requests may be under way at once. The default is
	// [DefaultConcurrency].
	Concurrency int
}

// DefaultConcurrency is enough to reach Klaviyo's limits.
const DefaultConcurrency = 32

// How much may be taken in and not be done: enough that a person with many
// events leaves work for the others.
const (
	maxEvents = 512
	maxBytes  = 64_000_000
)

// Queue delivers events. Its methods are for one goroutine.
type Queue struct {
	cfg     Config
	ctx     context.Context // done when delivery stops; its cause says why
	stop    context.CancelCauseFunc
	workers sync.WaitGroup

	mu        sync.Mutex
	changed   *sync.Cond // an event is ready or done, or delivery ends
	ready     []*task
	undone    []*task // in the order of the input; those that are done leave from the front
	events    int     // taken in and not done
	bytes     int     // of their texts
	people    people
	complete  bool // no more events will come
	delivered int
	failures  int // events in a row that found Klaviyo unavailable
}

// task is an event on its way.
type task struct {
	event   Event
	ids     []string // of its person
	waits   int      // for how many others
	waiting []*task  // those that wait for this one
	done    bool
}

// Report is what became of the events.
type Report struct {
	Delivered int
	// Undone is the first event that is neither delivered nor rejected, or nil.
	// Later ones may be done.
	Undone *Position
	// Err is why delivery stopped; nil if it went to the end.
	Err error
}

// Start makes a Queue. When ctx is done delivery stops: no request is begun, and
// those on their way are waited for.
func Start(ctx context.Context, cfg Config) *Queue {
	if cfg.Concurrency == 0 {
		cfg.Concurrency = DefaultConcurrency
	}
	q := &Queue{cfg: cfg, people: people{}}
	q.ctx, q.stop = context.WithCancelCause(ctx)
	q.changed = sync.NewCond(&q.mu)
	context.AfterFunc(q.ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})
	for range cfg.Concurrency {
		q.workers.Go(q.work)
	}
	return q
}

// Context is done when delivery stops.
func (q *Queue) Context() context.Context { return q.ctx }

// Add takes an event in, once there is room. An error says that delivery has
// stopped and the event wasn't taken in.
func (q *Queue) Add(event Event) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.ctx.Err() == nil && q.isFull(event) {
		q.changed.Wait()
	}
	if q.ctx.Err() != nil {
		return context.Cause(q.ctx)
	}
	t := &task{event: event, ids: identifiers(event.Identity)}
	q.people.add(t)
	q.undone = append(q.undone, t)
	q.events++
	q.bytes += len(event.Text)
	if t.waits == 0 {
		q.ready = append(q.ready, t)
		q.changed.Broadcast()
	}
	return nil
}

func (q *Queue) isFull(event Event) bool {
	return q.events == maxEvents || q.events > 0 && q.bytes+len(event.Text) > maxBytes
}

// FirstUndone is the first event that is neither delivered nor rejected, if there
// is one. Later ones may be done. It is safe for concurrent use.
func (q *Queue) FirstUndone() (Position, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.undone) == 0 {
		return Position{}, false
	}
	return q.undone[0].event.Position, true
}

// Wait ends the Queue when all events are done, or delivery has stopped and the
// requests on their way have come back.
func (q *Queue) Wait() Report {
	q.mu.Lock()
	q.complete = true
	q.changed.Broadcast()
	q.mu.Unlock()
	q.workers.Wait()

	report := Report{Delivered: q.delivered, Err: context.Cause(q.ctx)}
	if len(q.undone) > 0 {
		report.Undone = &q.undone[0].event.Position
	}
	q.stop(nil)
	return report
}

func (q *Queue) work() {
	for {
		t := q.next()
		if t == nil {
			return
		}
		if err := q.settle(t.event, q.send(t.event)); err != nil {
			q.stop(err)
			return
		}
		q.finish(t)
	}
}

// next waits for an event that waits for no other; nil if there will be none.
func (q *Queue) next() *task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.ctx.Err() == nil && len(q.ready) == 0 && !(q.complete && q.events == 0) {
		q.changed.Wait()
	}
	if q.ctx.Err() != nil || len(q.ready) == 0 {
		return nil
	}
	t := q.ready[0]
	q.ready = q.ready[1:]
	return t
}

// send makes an event's requests, until one fails.
func (q *Queue) send(event Event) error {
	for _, request := range event.Requests {
		if err := q.ctx.Err(); err != nil {
			return err
		}
		if _, err := q.cfg.Sender.Send(q.ctx, request); err != nil {
			return err
		}
	}
	return nil
}

// finish takes an event out that is done.
func (q *Queue) finish(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.done = true
	q.events--
	q.bytes -= len(t.event.Text)
	for len(q.undone) > 0 && q.undone[0].done {
		q.undone = q.undone[1:]
	}
	q.ready = append(q.ready, q.people.remove(t)...)
	q.changed.Broadcast()
}
