package delivery

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Dead letters that come while others are being kept are kept together, and none
// counts as done before.
func TestDeadLettersAreKeptTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		kept := 0
		var q *Queue
		q = Start(t.Context(), Config{Reject: func(events []Rejection) error {
			sizes = append(sizes, len(events))
			kept += len(events)
			if at, ok := q.FirstUndone(); !ok || at != events[0].Event.Position {
				t.Errorf("first undone: %v, %t", at, ok)
			}
			time.Sleep(time.Second)
			return nil
		}})
		const events = 100
		for line := range events {
			if err := q.Refuse(Event{Position: Position{Line: line + 1, Number: line}}, errors.New("no event")); err != nil {
				t.Fatal(err)
			}
		}
		report := q.Wait()
		if report.Err != nil || report.Undone != nil || report.Delivered != 0 || len(sizes) > 2 || kept != events {
			t.Errorf("%+v, kept %v at a time", report, sizes)
		}
	})
}
