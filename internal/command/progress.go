package command

import (
	"cmp"
	"slices"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// progress follows the events in the order of the input, from the first that
// isn't done. It is safe for concurrent use.
type progress struct {
	// passed, if set, is told of each event once it and all before it are done.
	passed func(progressed) error
	// files is how many the input has.
	files int

	mu      sync.Mutex
	pending []progressed
	next    input.Position  // after the last event that was read
	again   *input.Position // the last event that was read, if its line may grow
	ended   bool            // there is no more input
	counts  checkpoint.Counts
}

// progressed is an event that was read.
type progressed struct {
	at    input.Position
	end   int64
	state state
	// reason is why it can't be delivered, or nil.
	reason   *deadletter.Error
	attempts int
	// open tells that the input's last line may grow.
	open bool
}

// state is how far an event has come.
type state int

const (
	taken    state = iota // it is being mapped
	queued                // the queue has it
	skipped               // it isn't for Klaviyo
	rejected              // it can't be mapped
	kept                  // a record that replay leaves as it is
)

// begin takes an event in.
func (p *progress) begin(event input.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending = append(p.pending, progressed{
		at:   event.Position,
		end:  event.Next.Offset,
		open: !event.Ended && event.File == p.files-1,
	})
	p.next = event.Next
}

// reach says how far the last event has come.
func (p *progress) reach(state state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending[len(p.pending)-1].state = state
}

// reject says why an event can't be delivered.
func (p *progress) reject(at delivery.Position, reason deadletter.Error, attempts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i, _ := slices.BinarySearchFunc(p.pending, at, func(e progressed, at delivery.Position) int {
		return compare(position(e.at), at)
	})
	p.pending[i].reason, p.pending[i].attempts = &reason, attempts
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
	// The queue is asked after the lock is taken: what is queued then is known to it.
	undone, some := queue.FirstUndone()
	for len(p.pending) > 0 {
		e := p.pending[0]
		if e.state == taken || e.open && !p.ended ||
			e.state == queued && some && compare(position(e.at), undone) >= 0 {
			return nil
		}
		if p.passed != nil {
			if err := p.passed(e); err != nil {
				return err
			}
		}
		p.count(e)
		p.pending = p.pending[1:]
		if e.open {
			p.again = &e.at
		}
	}
	return nil
}

func (p *progress) count(e progressed) {
	p.counts.Events++
	switch {
	case e.reason != nil || e.state == kept:
		p.counts.DeadLettered++
	case e.state == skipped:
		p.counts.Skipped++
	default:
		p.counts.Delivered++
	}
}

// first is the first event that isn't done, as of the last advance, and what
// became of those before it.
func (p *progress) first() (input.Position, checkpoint.Counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.pending) > 0:
		return p.pending[0].at, p.counts
	case p.again != nil:
		return *p.again, p.counts
	}
	return p.next, p.counts
}

// rest gives the events that aren't done, and the offset after the last that was read.
func (p *progress) rest() ([]progressed, int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending, p.next.Offset
}

func position(at input.Position) delivery.Position {
	return delivery.Position{File: at.File, Line: at.Line, Event: at.Event}
}

func compare(a, b delivery.Position) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Event, b.Event))
}
