package delivery

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// A backlog is sent in full bulk calls, the oldest events first.
func TestBacklogGoesInBulk(t *testing.T) {
	var events []Event
	for line := 1; line <= 5032; line++ {
		events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", line), fmt.Sprint("m", line)))
	}
	synctest.Test(t, func(t *testing.T) {
		a := &account{delay: eachSecond}
		sendAll(t, a, Config{Map: remap}, events...)
		bulk, singly := a.sizes()
		if want := []int{1000, 1000, 1000, 1000, 1000}; !slices.Equal(bulk, want) || singly != DefaultConcurrency {
			t.Errorf("calls in bulk %v, %d singly; want %v, %d", bulk, singly, want, DefaultConcurrency)
		}
		for _, c := range a.calls {
			if first := c.events[0].id; c.bulk && (first == lineOf("33")) != (c.events[len(c.events)-1].id == lineOf("1032")) {
				t.Errorf("a call from %s to %s", first, c.events[len(c.events)-1].id)
			}
		}
	})
}

// Events that arrive one by one, or a few at a time, are sent immediately in single calls.
func TestFewEventsGoSingly(t *testing.T) {
	var events []Event
	for line := 1; line <= 400; line++ {
		events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", line), fmt.Sprint("m", line)))
	}
	synctest.Test(t, func(t *testing.T) {
		a := &account{delay: func(bool) time.Duration { return 10 * time.Millisecond }}
		q := Start(t.Context(), Config{Sender: a})
		for i, e := range events {
			if i%(DefaultConcurrency+crossover2026-1) == 0 { // wait until the events before are sent
				time.Sleep(50 * time.Millisecond)
			}
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		q.Wait()
		if bulk, singly := a.sizes(); len(bulk) > 0 || singly != len(events) || time.Since(start) > 20*time.Millisecond {
			t.Errorf("calls in bulk %v, %d singly, in %v", bulk, singly, time.Since(start))
		}
	})
}

// While all single calls wait for their quota, new events are sent in bulk after a moment.
func TestEventsThatWaitGoInBulk(t *testing.T) {
	var events []Event
	for line := 1; line <= DefaultConcurrency+100; line++ {
		events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", line), fmt.Sprint("m", line)))
	}
	synctest.Test(t, func(t *testing.T) {
		a := &account{delay: func(bulk bool) time.Duration {
			if bulk {
				return 0
			}
			return time.Minute
		}}
		start := time.Now()
		q := Start(t.Context(), Config{Sender: a})
		for _, e := range events {
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * DefaultBatchWait)
		synctest.Wait()
		if bulk, _ := a.sizes(); !slices.Equal(bulk, []int{100}) {
			t.Errorf("calls in bulk %v", bulk)
		} else if wait := a.calls[len(a.calls)-1].at.Sub(start); wait != DefaultBatchWait {
			t.Errorf("after %v", wait)
		}
		q.Wait()
	})
}

func TestNeverInBulk(t *testing.T) {
	var events []Event
	for line := 1; line <= 200; line++ {
		events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", line), ""))
	}
	synctest.Test(t, func(t *testing.T) {
		a := &account{delay: eachSecond}
		sendAll(t, a, Config{Bulk: BulkNever}, events...)
		if bulk, singly := a.sizes(); len(bulk) > 0 || singly != 200 {
			t.Errorf("calls in bulk %v, %d singly", bulk, singly)
		}
	})
}

// A backlog that is read as fast as it is sent goes in full bulk calls, too: the events that are
// read while a call is in flight fill the next one.
func TestBacklogThatIsReadMeanwhileGoesInFullCalls(t *testing.T) {
	const count = 60_000 // more than the queue has room for
	padding := strings.Repeat("x", 1500)
	synctest.Test(t, func(t *testing.T) {
		// Single calls that wait for their quota keep the events of their people in the queue.
		a := &account{delay: func(bulk bool) time.Duration {
			if bulk {
				return 10 * time.Millisecond
			}
			return time.Minute
		}}
		q := Start(t.Context(), Config{Sender: a, Map: remap, Reject: new(rejected).reject})
		for line := 1; line <= count; line++ {
			text := fmt.Sprintf(`{"type":"track","event":"Ping","messageId":"m%d","context":{"traits":{"email":"p%d@example.com"}},"properties":{"line":%d,"a":%q}}`, line, line%200, line, padding)
			time.Sleep(20 * time.Microsecond) // to read it
			if err := q.Add(mapped(t, line, plain2026, text)); err != nil {
				t.Fatal(err)
			}
		}
		if report := q.Wait(); report.Delivered != count {
			t.Errorf("%+v", report)
		}
		// The few single calls meanwhile don't matter.
		if bulk, singly := a.sizes(); len(bulk) > count/1000+10 {
			t.Errorf("%d calls in bulk and %d singly, want full ones", len(bulk), singly)
		}
	})
}

// The events of a few people with many events each fill bulk calls, too, in each person's order.
func TestPersonsEventsGoInOneCall(t *testing.T) {
	var events []Event
	for line := 1; line <= 3000; line++ {
		events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", line%3), fmt.Sprint("m", line)))
	}
	synctest.Test(t, func(t *testing.T) {
		a := &account{delay: eachSecond}
		sendAll(t, a, Config{Map: remap}, events...)
		if bulk, singly := a.sizes(); len(bulk) != 3 || singly != 3 {
			t.Errorf("calls in bulk %v, %d singly", bulk, singly)
		}
		wantInOrder(t, a.taken)
	})
}

// A bulk call has no unique id twice: Klaviyo's description says that it rejects the whole call.
func TestUniqueIDsOfACall(t *testing.T) {
	var events []Event
	for line := 1; line <= 600; line++ {
		events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", line%200), fmt.Sprint("m", line%150)))
	}
	synctest.Test(t, func(t *testing.T) {
		ids := map[string]string{}
		for _, e := range events {
			body := e.Requests[0].Body().(*klaviyo.EventCreateQuery)
			ids[string(body.Data.Attributes.Properties)] = body.Data.Attributes.UniqueID
		}
		a := &account{delay: eachSecond}
		a.answer = func(_ bool, events []arrival) error {
			seen := map[string]bool{}
			for _, e := range events {
				if id := ids[e.id]; seen[id] {
					return refusal("")
				} else {
					seen[id] = true
				}
			}
			return nil
		}
		if dead := sendAll(t, a, Config{Map: remap}, events...); len(dead) > 0 {
			t.Errorf("dead letters %v", dead)
		}
		wantInOrder(t, a.taken)
		if bulk, _ := a.sizes(); len(bulk) < 2 || len(bulk) > 10 {
			t.Errorf("calls in bulk %v", bulk)
		}
	})
}

// A bulk call isn't larger than the API allows, whatever the events are mapped to.
func TestSizeOfACall(t *testing.T) {
	var events []Event
	random := rand.New(rand.NewPCG(1, 1))
	for line := 1; line <= 900; line++ {
		text := fmt.Sprintf(`{"type":"track","event":"Ping","context":{"traits":{"email":"p%d@example.com"}},"properties":{"line":%d,"x":%q}}`,
			line, line, strings.Repeat("x", random.IntN(40_000)))
		events = append(events, mapped(t, line, plain2026, text))
	}
	synctest.Test(t, func(t *testing.T) {
		a := &account{delay: eachSecond}
		sendAll(t, a, Config{Map: remap}, events...)
		var largest int
		for _, c := range a.calls {
			largest = max(largest, c.bytes)
		}
		if largest > 5_000_000 || largest < 4_900_000 {
			t.Errorf("the largest call has %d bytes", largest)
		}
	})
}
