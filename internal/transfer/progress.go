package transfer

import (
	"slices"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// A progress tracks events in the order of the input up to the first that isn't done. The queue
// knows which one that is. Of later events, only those that weren't delivered are stored. It is
// safe for concurrent use.
type progress struct {
	// onUndelivered, if set, is called with each event that is neither delivered nor skipped,
	// once it and all before it are done.
	onUndelivered func(Undelivered) error
	// noLetters means that dead letters aren't stored.
	noLetters bool
	// files is the number of files of the input.
	files int

	mu      sync.Mutex
	read    int // number of events read
	last    readEvent
	next    input.Position  // position after the last event
	ended   bool            // there is no more input
	pending []pendingEvents // events after front that aren't delivered, in the order of the input
	held    int             // number of pending events that are held
	front   int             // number of events that are done, with all before them
	at      input.Position  // of the first event
	counts  Counts
}

// A readEvent is the last event that was read.
type readEvent struct {
	at input.Position
	// handled means that it is in the queue or done.
	handled bool
	// mayGrow means that its line is the last of the input and may grow.
	mayGrow bool
}

// A pendingEvents is one or several successive events in the same state, which aren't
// delivered.
type pendingEvents struct {
	number, events int
	state          state
	Undelivered
}

// Undelivered is one event that isn't delivered, or several successive events that stay
// unchanged.
type Undelivered struct {
	At  input.Position // of the first event
	End int64          // offset after the last event
	// Reason is why it can't be delivered. It is nil if the event stays unchanged.
	Reason   *deadletter.Error
	Attempts int
}

// A state is the result of an event.
type state int

const (
	queued    state = iota // in the queue, or a dead letter
	skipped                // not sent to Klaviyo
	unchanged              // a record that replay leaves unchanged
	rejected               // can't be delivered
	held                   // like rejected, unless the revision is at fault
)

// newProgress starts at a position, with the counts of the events before it.
func newProgress(files int, from input.Position, counts Counts) *progress {
	return &progress{files: files, next: from, at: from, counts: counts}
}

// register registers the next event and returns its position.
func (p *progress) register(event input.Event) delivery.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = readEvent{at: event.Position, mayGrow: !event.Ended && event.File == p.files-1}
	p.next = event.Next
	p.read++
	return delivery.Position{
		File: event.File, Line: event.Line, Event: event.Event,
		Offset: event.Offset, End: event.Next.Offset, Number: p.read - 1,
	}
}

// setState sets the state of the last event.
func (p *progress) setState(state state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last.handled = true
	if state == queued {
		return
	}
	e := pendingEvents{number: p.read - 1, events: 1, state: state, Undelivered: Undelivered{At: p.last.at, End: p.next.Offset}}
	if n := len(p.pending); n > 0 && p.pending[n-1].precedes(e) && !p.last.mayGrow {
		p.pending[n-1].events++
		p.pending[n-1].End = e.End
		return
	}
	p.pending = append(p.pending, e)
}

// precedes reports whether later directly follows in the same state.
func (e pendingEvents) precedes(later pendingEvents) bool {
	return e.state == later.state && e.number+e.events == later.number &&
		(e.state == skipped || e.End == later.At.Offset)
}

// reject records why an event can't be delivered.
func (p *progress) reject(at delivery.Position, reason deadletter.Error, attempts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := newPending(at, rejected)
	if p.onUndelivered != nil {
		e.Reason, e.Attempts = &reason, attempts
	}
	p.insert(e)
}

// hold records that an event isn't done until it is rejected.
func (p *progress) hold(at delivery.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.insert(newPending(at, held))
	p.held++
}

func newPending(at delivery.Position, state state) pendingEvents {
	return pendingEvents{number: at.Number, events: 1, state: state, Undelivered: Undelivered{At: position(at), End: at.End}}
}

// insert inserts an event that isn't delivered, or replaces the same event if it is held.
func (p *progress) insert(e pendingEvents) {
	i, found := slices.BinarySearchFunc(p.pending, e.number, func(e pendingEvents, number int) int { return e.number - number })
	if found && p.pending[i].state == held {
		p.pending[i] = e
		p.held--
		return
	}
	p.pending = slices.Insert(p.pending, i, e)
}

// end records that there is no more input.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// advance moves the front over events that are done.
func (p *progress) advance(queue *delivery.Queue) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Ask the queue after taking the lock: it knows all events that were registered before.
	undone, some := queue.FirstUndone()
	front, at := p.read, p.next
	if p.read > 0 && (!p.last.handled || p.last.mayGrow) {
		at = p.last.at
		if !p.last.handled || !p.ended {
			front--
		}
	}
	if some && undone.Number < front {
		front, at = undone.Number, position(undone)
	}
	if p.held > 0 { // a long search where many events are pending, so not for nothing
		i := slices.IndexFunc(p.pending, func(e pendingEvents) bool { return e.state == held })
		if first := p.pending[i]; first.number < front {
			front, at = first.number, first.At
		}
	}
	delivered := front - p.front
	for len(p.pending) > 0 && p.pending[0].number < front {
		e := p.pending[0]
		if p.onUndelivered != nil && e.state != skipped {
			if err := p.onUndelivered(e.Undelivered); err != nil {
				return err
			}
		}
		switch {
		case e.state == skipped:
			p.counts.Skipped += e.events
		case p.noLetters:
			p.counts.Failed += e.events
		default:
			p.counts.DeadLettered += e.events
		}
		delivered -= e.events
		p.pending = p.pending[1:]
	}
	p.counts.Delivered += delivered
	p.counts.Events += front - p.front
	p.front, p.at = front, at
	return nil
}

// first returns the position of the first event that wasn't done at the last advance, and the
// counts of those before it. A last line that may grow isn't done.
func (p *progress) first() (input.Position, Counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at, p.counts
}

// isComplete reports whether all events were done at the last advance.
func (p *progress) isComplete() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.front == p.read
}

// rest returns the offset of the first event that isn't done, and the later events that were
// rejected.
func (p *progress) rest() (offset int64, behind []Undelivered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	offset = p.at.Offset
	if p.front == p.read {
		offset = p.next.Offset
	}
	for _, e := range p.pending {
		if e.state == rejected {
			behind = append(behind, e.Undelivered)
		}
	}
	return offset, behind
}

func position(at delivery.Position) input.Position {
	return input.Position{File: at.File, Line: at.Line, Event: at.Event, Offset: at.Offset}
}
