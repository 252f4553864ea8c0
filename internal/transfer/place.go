package transfer

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Place saves the progress of a run, so that another run can continue.
type Place interface {
	// Save saves that all events before at are done, and their counts. An error ends the run.
	Save(at input.Position, counts Counts) error
}

// Counts are numbers of events by result.
type Counts struct {
	Events       int `json:"events"`
	Delivered    int `json:"delivered"`
	Skipped      int `json:"skipped"`
	DeadLettered int `json:"dead_lettered"`
	Failed       int `json:"failed,omitempty"` // not stored as dead letters
}

// firstPlaceInterval is the first interval, so that a program that is killed early and often
// makes progress too.
const firstPlaceInterval = 10 * time.Millisecond

// savePlaces saves the progress while events are delivered, in increasing intervals. If that
// fails, it stops delivery. Call end to stop it and save the final progress. end returns the
// reason why events aren't done if it failed after the delivery of all others.
func (t *Transfer) savePlaces() (end func() error) {
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
	var failure error // set before ended is closed
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
				failure = err
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
		if err := save(); err != nil || t.progress.isComplete() {
			return err
		}
		return failure
	}
}

// First returns the position of the first event that isn't done, as far as is known, and the
// counts of those before it. A last line that may grow isn't done.
func (t *Transfer) First() (input.Position, Counts) { return t.progress.first() }

// Rest returns the offset of the first event that isn't done, and the later events that can't
// be delivered.
func (t *Transfer) Rest() (offset int64, behind []Undelivered) { return t.progress.rest() }
