package delivery

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

func entryPointer(i int) string {
	return fmt.Sprintf("/data/attributes/events-bulk-create/data/%d/attributes/events/data/0/attributes/time", i)
}

// If a bulk call is rejected, only the invalid events become dead letters.
func TestBulkThatIsRefused(t *testing.T) {
	tooLarge := errors.Join(&client.Error{StatusCode: http.StatusRequestEntityTooLarge}, client.ErrInvalidRequest)
	bad := []int{77, 78, 500, 640}
	named := func(at []int) error {
		var faults []client.Fault
		for _, i := range at {
			faults = append(faults, client.Fault{Pointer: entryPointer(i)})
		}
		return refusal(faults[0].Pointer, faults...)
	}
	tests := []struct {
		name   string
		refuse func(bulk bool, at []int) error // at: the indexes of the invalid events
		dead   []int
		calls  int // in bulk, at most
	}{
		{"pointers to all", func(_ bool, at []int) error { return named(at) }, bad, 3},
		{"a pointer to one at a time", func(_ bool, at []int) error { return named(at[:1]) }, bad, 6},
		{"no pointer", func(bool, []int) error { return refusal("") }, bad, 40},
		{"a pointer to no entry", func(bool, []int) error { return refusal("/data/attributes") }, bad, 40},
		{"a pointer to the type", func(bool, []int) error { return refusal("/data/type") }, bad, 40},
		{"a pointer to a missing entry", func(bool, []int) error { return refusal(entryPointer(1000)) }, bad, 40},
		{"a pointer to the first each time", func(bulk bool, _ []int) error { return refusal(entryPointer(0)) }, bad, 40},
		{"a 404", func(bool, []int) error {
			return errors.Join(&client.Error{StatusCode: http.StatusNotFound}, client.ErrNotFound)
		}, bad, 40},
		{"only bulk calls are too large", func(bulk bool, _ []int) error {
			if bulk {
				return tooLarge
			}
			return nil
		}, nil, 40},
	}
	var events []Event
	for line := 1; line <= 1000+DefaultConcurrency; line++ {
		events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", line%(300)), fmt.Sprint("m", line)))
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &account{delay: eachSecond}
				a.answer = func(bulk bool, events []arrival) error {
					var at []int
					for i, e := range events {
						if slices.ContainsFunc(bad, func(line int) bool { return e.id == lineOf(fmt.Sprint(line)) }) {
							at = append(at, i)
						}
					}
					if len(at) == 0 {
						return nil
					}
					return tt.refuse(bulk, at)
				}
				dead := sendAll(t, a, Config{Map: remap}, events...)
				if !slices.Equal(dead, tt.dead) {
					t.Errorf("dead letters %v, want %v", dead, tt.dead)
				}
				if bulk, singly := a.sizes(); len(bulk) > tt.calls || len(bulk) == 0 || singly > 400 {
					t.Errorf("%d calls in bulk %v, %d singly", len(bulk), bulk, singly)
				}
				wantInOrder(t, a.taken)
			})
		})
	}
}
