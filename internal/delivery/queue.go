// Package delivery sends the requests of events: those of one person in order, those of different
// people concurrently, in as few calls as possible.
//
// # Order
//
// Two events are about the same person if they share an email, a phone number or an external id,
// or if an event with several identifiers, such as an identify, connects theirs. The requests of
// an event are sent one after the other, and those of the person's next event after them,
// including retries and waits. No operation waits for the quota of another.
//
// # Fewer calls
//
// Successive identifies of a person with the same identifiers are merged into one request with the
// same result. Subscriptions and unsubscriptions of a list wait a moment for others and are sent
// in batches of up to a hundred or a thousand. The file of each revision of the API defines
// how many requests a call can have and what they must have in common.
//
// If the revision has a bulk operation for events, ready events are sent by it if they fill a
// call, or if enough of them for a bulk call to be worthwhile have waited for a moment. Fewer events
// are sent singly, at once. So are ready events while there are as many bulk calls in flight
// as memory allows: a long backlog uses both quotas. The oldest events go first. A
// person's next events may be in the same call, after the one that they wait for. No unique id
// occurs twice in a call.
//
// Profiles are sent in imports in the same way, and successive ones of a person are merged as above.
// An import is a job. It is polled until it has ended, and a person's later requests wait for it.
// Profiles that the job rejects are sent singly, as are those that an import can't handle: with
// a null, or with changes to existing properties. So are all profiles of a job that is cancelled,
// no longer exists, or makes no progress for ten minutes. A profile may thus be written twice,
// which has no further effect. If the response to an attempt was lost, the job that it
// may have started is looked up and waited for first, and so are those of a run that this one
// continues ([Earlier]). If the key lacks the scope for bulk operations, each request is sent
// singly.
//
// If such a call is rejected, the events that the error points at are sent alone, and then the
// others together again. Events that wait for one of the former are sent after it. If the
// error points at none, the call is split in halves, repeatedly, until the events at fault are
// alone. If the fault is in what the requests have in common, such as the list, all events become
// dead letters.
//
// # Events that can't be delivered
//
// If a request of an event is rejected, its further requests aren't sent and the event becomes a dead
// letter. Delivery stops, and leaves the pending events for another run, if nothing more can succeed:
// the account or its key is rejected, an operation gets no more quota, or a dead letter
// can't be written.
//
// A response that isn't from Klaviyo is never an event's fault. The event is held as below, and
// delivery stops when the event gets such a response again, when five requests in a row got one,
// or when nothing else is left to send and Klaviyo hasn't responded to any request.
//
// A request that fails in all its attempts may be at fault, or Klaviyo may be unavailable. The
// event is held, and its person's later events with it, until it is known which:
//   - Klaviyo responds to another request: the event is sent again. If that fails in the same way, and
//     Klaviyo responds to yet another request, it becomes a dead letter.
//   - Five requests in a row have failed in this way: there is an outage. One request is sent at a
//     time, 15 seconds after the previous one failed. When one succeeds, delivery continues
//     with the held events. If none succeeds within five minutes, or one minute if no request of this
//     run got a response, delivery stops, and the held events stay pending.
//   - Fewer have failed, and there is no response for 15 seconds: requests are sent in the same way,
//     as there may be no others that show whether Klaviyo responds again.
//   - Nothing else is left to send: if Klaviyo has responded to a request of this run, the event is
//     sent again, once, and then becomes a dead letter. Otherwise there is an outage.
//
// # Memory
//
// Pending events are held as text, and their requests are rebuilt when their turn comes.
package delivery

import (
	"context"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Sender sends a request, with retries. When ctx is done it starts nothing new; with a
// [Transport], requests in flight finish.
type Sender interface {
	Send(ctx context.Context, req client.Request) (*client.Response, error)
}

// Requests of a mapper can be sent by a client.
var _ client.Request = mapper.Request(nil)

// Event is an event and its requests.
type Event struct {
	Position
	// Text is the event as in the input.
	Text     []byte
	Identity mapper.Identity
	// Requests has at least one request. They may share the memory of Text.
	Requests []mapper.Request
}

// Position is the position of an event in the input: in files, or in a stream of messages.
type Position struct {
	// File is the index of the file.
	File int
	// Line is the line number, from 1. In a stream it is the sequence number of the message.
	Line int
	// Event is the number of the event, from 1, if the line has several, otherwise 0.
	Event int
	// Offset is the number of bytes in the file before the line, and End the number before the
	// next line; both are 0 if reading can't start there.
	Offset, End int64
	// Number is the number of events in the whole input before this one, including those that
	// aren't added to the Queue.
	Number int
}

// Config configures a Queue.
type Config struct {
	Sender Sender
	// Jobs starts and polls jobs for several requests; it is a client. If it is nil, these
	// requests are sent singly.
	Jobs runtime.Caller
	// Map rebuilds the requests of an event from its text. They must be the same as before. If
	// it is nil, all requests are kept in memory.
	Map func(text []byte) []mapper.Request
	// Reject writes events that can't be delivered. They are done when it returns. An error
	// stops delivery. Calls don't overlap.
	Reject func([]Rejection) error
	// Warn, if set, is called with each warning of a response, for each event of the request.
	// It is called by several goroutines. The Event has no Identity and Requests.
	Warn func(Event, client.Warning)
	// Concurrency is the maximum number of requests in flight for each operation, including
	// those that wait for its quota. The default is [DefaultConcurrency].
	Concurrency int
	// BatchWait is how long a subscription may wait for others to the same list, and how long
	// requests may wait for a full bulk call if there are enough for a smaller one. The default
	// is [DefaultBatchWait].
	BatchWait time.Duration
	// Bulk is [BulkAuto] or [BulkNever].
	Bulk Bulk
	// Earlier is the run that this one continues, or nil.
	Earlier *Earlier
}

// DefaultConcurrency is enough to reach Klaviyo's rate limits.
const DefaultConcurrency = 32

// DefaultBatchWait is long enough to fill batches of a backlog, and short enough for events
// that arrive one by one.
const DefaultBatchWait = time.Second

// A Queue delivers events. Its methods are for one goroutine, except FirstUndone, Status and
// Context.
type Queue struct {
	cfg  Config
	ctx  context.Context // done when delivery stops; its cause is the reason
	stop context.CancelCauseFunc

	mu          sync.Mutex
	changed     *sync.Cond // an event is done, a call has ended, or delivery ends
	backlog     backlog
	people      *people
	lanes       lanes
	batches     batches
	busy        int  // calls in flight, including the handling of their results
	blocked     bool // Add waits for room
	complete    bool // no more events will be added
	delivered   int
	outage      outage
	deadLetters deadLetters
	pace        pollPace // doesn't need the lock
}

// Report is the result of delivery.
type Report struct {
	Delivered int
	// Undone is the first event that was neither delivered nor rejected, or nil. Later ones may
	// be done.
	Undone *Position
	// Err is the reason why delivery stopped. It is nil if delivery is complete.
	Err error
}

// Start returns a Queue. When ctx is done, delivery stops: no requests are started, and those
// in flight finish.
func Start(ctx context.Context, cfg Config) *Queue {
	if cfg.Concurrency == 0 {
		cfg.Concurrency = DefaultConcurrency
	}
	if cfg.BatchWait == 0 {
		cfg.BatchWait = DefaultBatchWait
	}
	q := &Queue{cfg: cfg, people: newPeople(), batches: newBatches()}
	q.lanes = newLanes(q)
	q.ctx, q.stop = context.WithCancelCause(ctx)
	q.changed = sync.NewCond(&q.mu)
	context.AfterFunc(q.ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})
	return q
}

// SetReadAhead limits the memory of pending events in bytes, if that is less than the default:
// 16 MB, or 70 MB once there are events that can be sent in bulk. If more is in use, no events
// are added until less is. It is safe for concurrent use.
func (q *Queue) SetReadAhead(bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.backlog.maxConfigured, q.lanes.maxBulk = bytes, min(maxBulkInFlight, bytes/3)
	q.dispatch()
	q.changed.Broadcast()
}

// Context is done when delivery stops.
func (q *Queue) Context() context.Context { return q.ctx }

// Add adds an event when there is room. An error means that delivery has stopped and the event
// wasn't added.
func (q *Queue) Add(event Event) error {
	t := newTask(event, q.people.identifiers(event.Identity))
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.enqueue(t); err != nil {
		return err
	}
	if q.lanes.anyBulk(t) {
		q.backlog.maxBytes = maxBulkBytes
	}
	q.batches.expect(t)
	q.people.add(t)
	if t.blockers == 0 {
		q.proceed(t)
		q.dispatch()
	}
	return nil
}

// Refuse adds an event that can't be delivered when there is room. It is rejected with the
// reason. An error means that delivery has stopped and the event wasn't added.
func (q *Queue) Refuse(event Event, reason error) error {
	t := newTask(event, nil)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.enqueue(t); err != nil {
		return err
	}
	q.reject(t, reason)
	return nil
}

// enqueue waits for room and adds an event.
func (q *Queue) enqueue(t *task) error {
	for q.ctx.Err() == nil && !q.backlog.hasRoom(t) {
		q.blocked = true
		q.dispatch()
		q.changed.Wait()
	}
	q.blocked = false
	if q.ctx.Err() != nil {
		return context.Cause(q.ctx)
	}
	q.backlog.add(t)
	q.unload(t)
	return nil
}

// FirstUndone returns the first event that is neither delivered nor rejected, if there is one.
// Later ones may be done. It is safe for concurrent use.
func (q *Queue) FirstUndone() (Position, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.backlog.first()
}

// Status is the current state of a Queue.
type Status struct {
	Delivered int
	// Undone means that there are events that are neither delivered nor rejected.
	Undone bool
	// Outage means that Klaviyo doesn't respond, and is probed from time to time.
	Outage bool
}

// Status returns the current state. It is safe for concurrent use.
func (q *Queue) Status() Status {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Status{Delivered: q.delivered, Undone: !q.backlog.isEmpty(), Outage: q.outage.probing}
}

// Wait waits until all events are done, or until delivery has stopped and the requests in
// flight have finished. It ends the Queue.
func (q *Queue) Wait() Report {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.complete = true
	q.batches.each(q.flushIfLast)
	q.dispatch()
	for q.busy > 0 || q.ctx.Err() == nil && !q.backlog.isEmpty() {
		q.changed.Wait()
	}

	report := Report{Delivered: q.delivered, Err: context.Cause(q.ctx)}
	if at, ok := q.backlog.first(); ok {
		report.Undone = &at
	}
	q.batches.stop()
	q.lanes.stop()
	q.endProbes()
	q.stop(nil)
	return report
}
