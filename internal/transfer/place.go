package transfer

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Place keeps how far a run has come, so that another can go on there.
type Place interface {
	// Save keeps that all events before a position are done, and what became of them. Its
	// error ends the run.
	Save(at input.Position, counts Counts) error
}

// Counts counts events by what became of them.
type Counts struct {
	Events       int `json:"events"`
	Delivered    int `json:"delivered"`
	Skipped      int `json:"skipped"`
	DeadLettered int `json:"dead_lettered"`
	Failed       int `json:"failed,omitempty"` // that nothing keeps
}

// firstPlaceInterval is the time after which there is a look at whether the first events
// are done: a program that is killed early and often gets on too.
const firstPlaceInterval = 10 * time.Millisecond

// keepPlace keeps the place while events are delivered: as soon as the first are done, and
// then less and less often. If that fails it stops the delivery. Its result ends it, once
// the place is kept as it is then.
func (t *Transfer) keepPlace() (end func() error) {
	if t.cfg.Place == nil {
		return func() error { return nil }
	}
	saved, _ := t.First()
	save := func() error {
		at, counts := t.First()
		if at == saved {
			return nil
		}
		if err := t.cfg.Place.Save(at, counts); err != nil {
			return err
		}
		saved = at
		return nil
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		interval := min(firstPlaceInterval, t.cfg.PlaceInterval)
		for {
			select {
			case <-done:
				return
			case <-time.After(interval):
			}
			before := saved
			err := t.advance()
			if err == nil {
				err = save()
			}
			if err != nil {
				t.stop(err)
				return
			}
			if saved != before {
				interval = min(2*interval, t.cfg.PlaceInterval)
			}
		}
	}()
	return func() error {
		close(done)
		<-ended
		return save()
	}
}

// First is the first event that isn't done, as far as is known, and what became of those
// before it. A last line that may grow is not done.
func (t *Transfer) First() (input.Position, Counts) { return t.progress.first() }

// Rest is the offset of the first event that isn't done, and gives those behind it that
// can't be delivered.
func (t *Transfer) Rest() (offset int64, behind []Undelivered) { return t.progress.rest() }
