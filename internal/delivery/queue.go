// Package delivery sends the requests of events: those of one person in their
// order, those of different people at the same time, in as few calls as it can.
//
// # Order
//
// Two events are about the same person if they share an email, a phone number or
// an external id, or if an event ties their identifiers together, as an identify
// does. An event's requests are sent one after the other, and those of the
// person's next event after them, retries and waits included. No operation waits
// for the quota of another.
//
// # Fewer calls
//
// Neighbouring identifies of a person that have the same identifiers become one
// request with the result of all. Subscriptions of a list, and ends of them, wait a
// moment for others and go out by the hundred or the thousand. How many a call takes, and what
// they must have in common, stands in a file for each revision of the API.
//
// Where the revision has a call for many events, those that are ready go in it if they fill
// it, or if enough for it to be worth more than single calls have waited for a moment. Fewer go
// alone, at once, as do those that are ready while as many bulk calls are under way as memory
// allows: so a long backlog uses up both quotas. The oldest go first. A person's next events
// may be in the same call behind the one they wait for. No unique id is twice in a call.
//
// Profiles are gathered in the same way into imports, with neighbouring ones of a person made one
// as above. An import is a job: it is watched until it has ended, and a person's later
// requests wait for that. The profiles that it doesn't take go alone, as do those that an
// import can't do: with a null, or with changes to what a profile has. So do all of a job that
// is cancelled, is no longer known, or does nothing for ten minutes. A profile may thus be
// written twice, which changes nothing. If an attempt's answer was lost, the job that it may
// have begun is looked for and waited for first, and so are those of a run that this one goes
// on from ([Earlier]). Where the key isn't allowed such calls each request
// goes alone.
//
// Where such a call is refused, the events that the refusal names are sent alone, and
// then the others together again; those that wait for a named one go when it is done. If it names none the call is split in halves, until those
// that are at fault stand alone. If the fault is what they share, such as the list, all are
// dead letters.
//
// # What can't be sent
//
// If a request of an event is refused, the rest isn't sent and the event is a
// dead letter. Delivery stops, and leaves what isn't done for another run, when
// nothing more can succeed: the account or its key is refused, an operation gets no
// quota any more, or a dead letter can't be kept.
//
// An answer that isn't Klaviyo's is no event's fault. Its event is held back as below,
// and delivery stops when that event gets one again, when five requests in a row
// have, or when nothing else is left to send and Klaviyo has answered nothing.
//
// A request that Klaviyo takes in none of its attempts may be at fault, or
// Klaviyo may be down. Its event is held back, and its person's events with it,
// until one of these tells which:
//   - Klaviyo answers another request: it is sent again, and is a dead letter if
//     that fails in the same way and Klaviyo then answers another.
//   - Five requests in a row have failed so: Klaviyo is down. One request is sent
//     at a time, 15 seconds after the one before failed. When one is answered
//     delivery goes on, with what was held back. When none has been for five
//     minutes, or one if none was answered in this run, delivery stops, and what is
//     held back stays undone.
//   - Nothing else is left to send: if Klaviyo has answered a request in this run it
//     is sent again, once, and then is a dead letter; else Klaviyo is down.
//
// # Memory
//
// What waits is held as text, and becomes requests again when its turn comes.
package delivery

import (
	"context"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
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
	// Requests are one at least. They may share the text's memory.
	Requests []mapper.Request
}

// Position is where an event stands in the input: in files, or in a stream of messages.
type Position struct {
	// File is the index of the file.
	File int
	// Line is counted from 1; of a stream it is the sequence number of the message.
	Line int
	// Event is counted from 1 where the line holds several, else 0.
	Event int
	// Offset is the number of bytes before its line in the file, End that up to the
	// next line; 0 where reading can't begin there.
	Offset, End int64
	// Number counts the events of the whole input before it, those too that the
	// Queue isn't given.
	Number int
}

// Config says how to deliver.
type Config struct {
	Sender Sender
	// Jobs begins the jobs that stand for several requests, and looks how far they are: a
	// client. If it is nil each of these requests goes alone.
	Jobs runtime.Caller
	// Map makes the requests of an event's text again, the same as at first. If it
	// is nil those of all events are kept in memory.
	Map func(text []byte) []mapper.Request
	// Reject keeps events that can't be delivered, each with the reason. They count
	// as done once it returns. Its own error stops delivery. One call ends before the
	// next begins.
	Reject func([]Rejection) error
	// Warn, if set, is told each warning of an answer, with each event that the
	// request was of. It is called by several goroutines. The Event is without
	// Identity and Requests.
	Warn func(Event, client.Warning)
	// Concurrency is how many requests of an operation may be under way at once.
	// Each operation has its own, for those that wait for its quota count. The
	// default is [DefaultConcurrency].
	Concurrency int
	// BatchWait is how long a subscription may wait for others of its list, and what is
	// gathered for a full call while enough for a smaller one wait for their turn. The
	// default is [DefaultBatchWait].
	BatchWait time.Duration
	// Bulk is [BulkAuto] or [BulkNever].
	Bulk Bulk
	// Earlier is the run that this one goes on from, nil if there is none.
	Earlier *Earlier
}

// DefaultConcurrency is enough to reach Klaviyo's limits.
const DefaultConcurrency = 32

// DefaultBatchWait fills batches while a backlog is sent, and is short enough for
// events that come one by one.
const DefaultBatchWait = time.Second

// Queue delivers events. Its methods are for one goroutine, but for FirstUndone,
// Status, SetReadAhead and Context.
type Queue struct {
	cfg  Config
	ctx  context.Context // done when delivery stops; its cause says why
	stop context.CancelCauseFunc

	mu        sync.Mutex
	changed   *sync.Cond // an event is done, a call came back, or delivery ends
	backlog   backlog
	people    *people
	lanes     lanes
	batches   batches
	busy      int  // calls under way, with what follows from their answers
	blocked   bool // Add waits for room
	complete  bool // no more events will come
	delivered int
	outage    outage
	letters   letters
	pace      pace // has no need of the lock
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

// SetReadAhead bounds the bytes that events which aren't done may take in memory, where that is
// less than the default: 16 MB, or 70 MB once there are events that can go in bulk. If more is
// there already, nothing is taken in until less is.
func (q *Queue) SetReadAhead(bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.backlog.bound, q.lanes.most = bytes, min(maxGathered, bytes/3)
	q.dispatch()
	q.changed.Broadcast()
}

// Context is done when delivery stops.
func (q *Queue) Context() context.Context { return q.ctx }

// Add takes an event in, once there is room. An error says that delivery has
// stopped and the event wasn't taken in.
func (q *Queue) Add(event Event) error {
	t := newTask(event, q.people.identifiers(event.Identity))
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.takeIn(t); err != nil {
		return err
	}
	if q.lanes.gathers(t) {
		q.backlog.most = maxGatherable
	}
	q.batches.expect(t)
	q.people.add(t)
	if t.waits == 0 {
		q.proceed(t)
		q.dispatch()
	}
	return nil
}

// Refuse takes in an event that can't be delivered, once there is room, to be kept
// with the reason. An error says that delivery has stopped and the event wasn't taken
// in.
func (q *Queue) Refuse(event Event, reason error) error {
	t := newTask(event, nil)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.takeIn(t); err != nil {
		return err
	}
	q.reject(t, reason)
	return nil
}

// takeIn waits until there is room for an event.
func (q *Queue) takeIn(t *task) error {
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
	q.putAway(t)
	return nil
}

// FirstUndone is the first event that is neither delivered nor rejected, if there
// is one. Later ones may be done. It is safe for concurrent use.
func (q *Queue) FirstUndone() (Position, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.backlog.first()
}

// Status is how far a Queue is at the moment.
type Status struct {
	Delivered int
	// Undone tells that there are events that are neither delivered nor rejected.
	Undone bool
	// Outage tells that Klaviyo doesn't answer, and is tried again from time to time.
	Outage bool
}

// Status is safe for concurrent use.
func (q *Queue) Status() Status {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Status{Delivered: q.delivered, Undone: !q.backlog.isEmpty(), Outage: q.outage.probing}
}

// Wait ends the Queue when all events are done, or delivery has stopped and the
// requests on their way have come back.
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
