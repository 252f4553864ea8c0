package delivery

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// TestOrderInBulk delivers events with random people, delays and faults. No event may be lost or
// arrive twice, and each person's events must arrive in order.
func TestOrderInBulk(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 9))
		var events []Event
		people := 1 + random.IntN(200)
		bad := map[string]bool{}
		var wantDead []int
		for line := 1; line <= 2500; line++ {
			events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", random.IntN(people)), fmt.Sprint("m", random.IntN(5000))))
			if random.IntN(150) == 0 {
				bad[lineOf(fmt.Sprint(line))] = true
				wantDead = append(wantDead, line)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex // of random
			a := &account{delay: func(bool) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(1+random.IntN(2000)) * time.Millisecond
			}}
			a.answer = func(bulk bool, events []arrival) error {
				mu.Lock()
				defer mu.Unlock()
				var faults []client.Fault
				for i, e := range events {
					if bad[e.id] {
						faults = append(faults, client.Fault{Pointer: entryPointer(i)})
					}
				}
				switch random.IntN(12) {
				case 0:
					if bulk {
						return errors.Join(&client.Error{StatusCode: http.StatusRequestEntityTooLarge}, client.ErrInvalidRequest)
					}
				case 1:
					if bulk || random.IntN(20) == 0 {
						return errorOf(client.ErrUnavailable)
					}
				case 2:
					if bulk { // the pointer may be to a valid event
						return refusal(entryPointer(random.IntN(len(events))))
					}
				}
				switch {
				case len(faults) == 0:
					return nil
				case random.IntN(3) == 0:
					return refusal("")
				case random.IntN(2) == 0:
					return refusal(faults[0].Pointer)
				}
				return refusal(faults[0].Pointer, faults...)
			}
			dead := sendAll(t, a, Config{Map: remap}, events...)
			for _, line := range wantDead {
				if !slices.Contains(dead, line) {
					t.Errorf("seed %d: line %d isn't a dead letter", seed, line)
				}
			}
			if more := len(dead) - len(wantDead); more > 2 { // events that were unavailable twice in single calls
				t.Errorf("seed %d: %d more dead letters", seed, more)
			}
			wantInOrder(t, a.taken)
			if len(a.taken)+len(dead) != len(events) {
				t.Errorf("seed %d: %d arrived and %d dead letters, of %d", seed, len(a.taken), len(dead), len(events))
			}
		})
	}
}
