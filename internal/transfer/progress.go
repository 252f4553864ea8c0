package transfer

import (
	"slices"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// progress follows the events in the order of the input, up to the first that
// isn't done. The queue knows which that is; of those behind it only what isn't
// delivered has to be remembered. It is safe for concurrent use.
type progress struct {
	// passed, if set, is told of each event that isn't delivered or skipped once it and
	// all before it are done.
	passed func(Undelivered) error
	// onlyFail tells that no file keeps the events that can't be delivered.
	onlyFail bool
	// files is how many the input has.
	files int

	mu     sync.Mutex
	read   int // events
	last   readEvent
	next   input.Position // after the last event
	ended  bool           // there is no more input
	behind []progressed   // the front, and not delivered; in the order of the input
	front  int            // events that are done, with all before them
	at     input.Position // of the first that isn't
	counts Counts
}

// readEvent is the event that was read last.
type readEvent struct {
	at input.Position
	// taken tells that it is with the queue or done.
	taken bool
	// open tells that its line is the input's last and may grow.
	open bool
}

// progressed is an event that isn't delivered, or are several neighbours in the
// same state.
type progressed struct {
	number, events int
	state          state
	Undelivered
}

// Undelivered is an event that isn't delivered, or are several neighbours that stay.
type Undelivered struct {
	At  input.Position // of the first
	End int64          // offset after the last
	// Reason is why it can't be delivered, nil of one that stays as it is.
	Reason   *deadletter.Error
	Attempts int
}

// state is what became of an event.
type state int

const (
	given    state = iota // the queue has it, or it is a dead letter
	skipped               // it isn't for Klaviyo
	kept                  // a record that replay leaves as it is
	rejected              // it can't be delivered
	held                  // as rejected, if it isn't the revision that is at fault
)

// newProgress begins at a position, with what became of the events before it.
func newProgress(files int, from input.Position, counts Counts) *progress {
	return &progress{files: files, next: from, at: from, counts: counts}
}

// begin takes an event in and says where it is.
func (p *progress) begin(event input.Event) delivery.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = readEvent{at: event.Position, open: !event.Ended && event.File == p.files-1}
	p.next = event.Next
	p.read++
	return delivery.Position{
		File: event.File, Line: event.Line, Event: event.Event,
		Offset: event.Offset, End: event.Next.Offset, Number: p.read - 1,
	}
}

// reach says what became of the last event.
func (p *progress) reach(state state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last.taken = true
	if state == given {
		return
	}
	e := progressed{number: p.read - 1, events: 1, state: state, Undelivered: Undelivered{At: p.last.at, End: p.next.Offset}}
	if n := len(p.behind); n > 0 && p.behind[n-1].precedes(e) && !p.last.open {
		p.behind[n-1].events++
		p.behind[n-1].End = e.End
		return
	}
	p.behind = append(p.behind, e)
}

// precedes tells whether the two are neighbours in the same state.
func (e progressed) precedes(later progressed) bool {
	return e.state == later.state && e.number+e.events == later.number &&
		(e.state == skipped || e.End == later.At.Offset)
}

// reject says why an event can't be delivered.
func (p *progress) reject(at delivery.Position, reason deadletter.Error, attempts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := newProgressed(at, rejected)
	if p.passed != nil {
		e.Reason, e.Attempts = &reason, attempts
	}
	p.insert(e)
}

// hold says that an event isn't done, whatever the queue says, until it is rejected.
func (p *progress) hold(at delivery.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.insert(newProgressed(at, held))
}

func newProgressed(at delivery.Position, state state) progressed {
	return progressed{number: at.Number, events: 1, state: state, Undelivered: Undelivered{At: position(at), End: at.End}}
}

// insert puts an event that isn't delivered in its place, or in that of the same event
// where it is held.
func (p *progress) insert(e progressed) {
	i, found := slices.BinarySearchFunc(p.behind, e.number, func(e progressed, number int) int { return e.number - number })
	if found && p.behind[i].state == held {
		p.behind[i] = e
		return
	}
	p.behind = slices.Insert(p.behind, i, e)
}

// end says that there is no more input.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// advance passes the events at the front that are done.
func (p *progress) advance(queue *delivery.Queue) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	// The queue is asked after the lock is taken: what was given to it then is known
	// to it.
	undone, some := queue.FirstUndone()
	front, at := p.read, p.next
	if p.read > 0 && (!p.last.taken || p.last.open) {
		at = p.last.at
		if !p.last.taken || !p.ended {
			front--
		}
	}
	if some && undone.Number < front {
		front, at = undone.Number, position(undone)
	}
	if i := slices.IndexFunc(p.behind, func(e progressed) bool { return e.state == held }); i >= 0 && p.behind[i].number < front {
		front, at = p.behind[i].number, p.behind[i].At
	}
	delivered := front - p.front
	for len(p.behind) > 0 && p.behind[0].number < front {
		e := p.behind[0]
		if p.passed != nil && e.state != skipped {
			if err := p.passed(e.Undelivered); err != nil {
				return err
			}
		}
		switch {
		case e.state == skipped:
			p.counts.Skipped += e.events
		case p.onlyFail:
			p.counts.Failed += e.events
		default:
			p.counts.DeadLettered += e.events
		}
		delivered -= e.events
		p.behind = p.behind[1:]
	}
	p.counts.Delivered += delivered
	p.counts.Events += front - p.front
	p.front, p.at = front, at
	return nil
}

// first is the first event that isn't done, as of the last advance, and what
// became of those before it. A last line that may grow is not done.
func (p *progress) first() (input.Position, Counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at, p.counts
}

// isComplete tells whether all events that were read were done at the last advance.
func (p *progress) isComplete() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.front == p.read
}

// rest is the offset of the first event that isn't done, and gives those behind it that
// were rejected.
func (p *progress) rest() (offset int64, behind []Undelivered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	offset = p.at.Offset
	if p.front == p.read {
		offset = p.next.Offset
	}
	for _, e := range p.behind {
		if e.state == rejected {
			behind = append(behind, e.Undelivered)
		}
	}
	return offset, behind
}

func position(at delivery.Position) input.Position {
	return input.Position{File: at.File, Line: at.Line, Event: at.Event, Offset: at.Offset}
}
