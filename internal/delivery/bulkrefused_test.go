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

// What a call in bulk is refused for is the dead letter of those alone that are at fault.
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
		refuse func(bulk bool, at []int) error // at: the indexes of the bad ones
		dead   []int
		calls  int // in bulk, at most
	}{
		{"it names all", func(_ bool, at []int) error { return named(at) }, bad, 3},
		{"it names one at a time", func(_ bool, at []int) error { return named(at[:1]) }, bad, 6},
		{"it names none", func(bool, []int) error { return refusal("") }, bad, 40},
		{"it names what isn't an entry", func(bool, []int) error { return refusal("/data/attributes") }, bad, 40},
		{"it names the type", func(bool, []int) error { return refusal("/data/type") }, bad, 40},
		{"it names one that isn't there", func(bool, []int) error { return refusal(entryPointer(1000)) }, bad, 40},
		{"it names the first each time", func(bulk bool, _ []int) error { return refusal(entryPointer(0)) }, bad, 40},
		{"a 404", func(bool, []int) error {
			return errors.Join(&client.Error{StatusCode: http.StatusNotFound}, client.ErrNotFound)
		}, bad, 40},
		{"it is too large, singly it isn't", func(bulk bool, _ []int) error {
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
