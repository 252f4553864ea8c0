package delivery

import (
	"context"
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
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// request names the event that it is of.
type request struct {
	line, part int
}

func (request) Kind() mapper.Kind             { return mapper.KindEvent }
func (request) Event() mapper.EventKey        { return mapper.EventKey{} }
func (request) Operation() *klaviyo.Operation { return klaviyo.OperationCreateEvent }
func (r request) Body() any                   { return r }
func (request) AppendBody(body []byte) []byte { return append(body, "{}"...) }

// sender answers requests by a function.
type sender func(context.Context, request) error

func (s sender) Send(ctx context.Context, r client.Request) (*client.Response, error) {
	if err := s(ctx, r.(request)); err != nil {
		return nil, err
	}
	return &client.Response{}, nil
}

// rejected collects dead letters.
type rejected struct {
	mu    sync.Mutex
	lines []int
}

func (r *rejected) reject(events []Rejection) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		r.lines = append(r.lines, e.Event.Line)
	}
	slices.Sort(r.lines)
	return nil
}

// email is an event of one person with one request.
func email(line int, address string) Event {
	return event(line, 1, mapper.Identity{Email: address})
}

func event(line, requests int, identity mapper.Identity) Event {
	e := Event{Position: Position{Line: line, Number: line}, Text: []byte("{}"), Identity: identity}
	for part := range requests {
		e.Requests = append(e.Requests, request{line, part})
	}
	return e
}

// deliver adds events to a Queue until it stops.
func deliver(ctx context.Context, cfg Config, events ...Event) Report {
	q := Start(ctx, cfg)
	for _, e := range events {
		if q.Add(e) != nil {
			break
		}
	}
	return q.Wait()
}

// errorOf is an error of the client after a response.
func errorOf(kind error) error {
	return errors.Join(&client.Error{StatusCode: http.StatusTeapot}, kind)
}

// TestOrder tries random events of a few people, whose identifiers come in all
// combinations, against random delays.
func TestOrder(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			var events []Event
			owner := map[int]int{} // of a line
			tied := map[int]bool{}
			for line := 1; line <= 300; line++ {
				person := random.IntN(8)
				owner[line] = person
				whole := mapper.Identity{
					Email:       fmt.Sprintf("p%d@example.com", person),
					PhoneNumber: fmt.Sprintf("+4930%d", person),
					ExternalID:  fmt.Sprint(person),
				}
				identity := whole
				switch random.IntN(5) {
				case 0:
					identity = mapper.Identity{Email: whole.Email}
				case 1:
					identity = mapper.Identity{PhoneNumber: whole.PhoneNumber}
				case 2:
					identity = mapper.Identity{ExternalID: whole.ExternalID}
				case 3:
					identity.PhoneNumber = ""
				}
				// A person's first event ties the identifiers. It is in progress while
				// the others come.
				if !tied[person] {
					identity, tied[person] = whole, true
				}
				events = append(events, event(line, 1+random.IntN(2), identity))
			}

			var mu sync.Mutex
			got := map[int][]request{}
			busy := map[int]bool{}
			delays := make([]time.Duration, 1000)
			for i := range delays {
				delays[i] = time.Duration(1+random.IntN(1000)) * time.Millisecond
			}
			send := func(_ context.Context, r request) error {
				mu.Lock()
				if busy[owner[r.line]] {
					t.Errorf("seed %d: line %d overtakes its person's event", seed, r.line)
				}
				busy[owner[r.line]] = true
				got[owner[r.line]] = append(got[owner[r.line]], r)
				mu.Unlock()
				time.Sleep(delays[r.line])
				mu.Lock()
				busy[owner[r.line]] = false
				mu.Unlock()
				return nil
			}
			report := deliver(t.Context(), Config{Sender: sender(send), Concurrency: 16}, events...)
			if report.Err != nil || report.Undone != nil || report.Delivered != len(events) {
				t.Fatalf("seed %d: %+v", seed, report)
			}
			for person, requests := range got {
				if !slices.IsSortedFunc(requests, func(a, b request) int { return (a.line-b.line)*10 + a.part - b.part }) {
					t.Errorf("seed %d: person %d got %v", seed, person, requests)
				}
			}
		})
	}
}

func TestIdentifiersAreKept(t *testing.T) {
	tests := []struct {
		name   string
		events []mapper.Identity
		// parallel is how many of them may be under way at once.
		parallel int
	}{
		{"different people", []mapper.Identity{{Email: "a@x"}, {Email: "b@x"}, {PhoneNumber: "+1"}, {ExternalID: "1"}}, 4},
		{"one email", []mapper.Identity{{Email: "a@x"}, {Email: "A@X"}}, 1},
		{"one phone number", []mapper.Identity{{PhoneNumber: "+1"}, {PhoneNumber: "+1", Email: "a@x"}}, 1},
		{"one external id", []mapper.Identity{{ExternalID: "1"}, {ExternalID: "1"}}, 1},
		{"identifiers of different kinds", []mapper.Identity{{ExternalID: "+1"}, {PhoneNumber: "+1"}}, 2},
		{"tied by the first", []mapper.Identity{{Email: "a@x", ExternalID: "1"}, {Email: "a@x"}, {ExternalID: "1"}}, 1},
		{"tied by the last", []mapper.Identity{{Email: "a@x"}, {ExternalID: "1"}, {Email: "a@x", ExternalID: "1"}, {Email: "a@x"}, {ExternalID: "1"}}, 2},
		{"tied in a chain", []mapper.Identity{{Email: "a@x", ExternalID: "1"}, {ExternalID: "1", PhoneNumber: "+1"}, {Email: "a@x"}, {PhoneNumber: "+1"}}, 1},
		{"nobody", []mapper.Identity{{}, {}}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var events []Event
				for i, identity := range tt.events {
					events = append(events, event(i+1, 1, identity))
				}
				var mu sync.Mutex
				now, most := 0, 0
				send := func(_ context.Context, r request) error {
					mu.Lock()
					now++
					most = max(most, now)
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					now--
					mu.Unlock()
					return nil
				}
				deliver(t.Context(), Config{Sender: sender(send)}, events...)
				if most != tt.parallel {
					t.Errorf("%d at once, want %d", most, tt.parallel)
				}
			})
		})
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []Event
		for line := range 100 {
			events = append(events, email(line, fmt.Sprint(line)))
		}
		start := time.Now()
		send := func(context.Context, request) error { time.Sleep(time.Second); return nil }
		deliver(t.Context(), Config{Sender: sender(send), Concurrency: 10}, events...)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("100 requests of 1 s took %v, want 10 s", took)
		}
	})
}

func TestRefusedEventIsADeadLetter(t *testing.T) {
	for _, kind := range []error{client.ErrInvalidRequest, client.ErrMissingIdentifier, client.ErrConflict, client.ErrNotFound, errors.New("unknown")} {
		synctest.Test(t, func(t *testing.T) {
			var dead rejected
			var sent []request
			send := func(_ context.Context, r request) error {
				sent = append(sent, r)
				if r == (request{2, 0}) {
					return errorOf(kind)
				}
				return nil
			}
			who := mapper.Identity{Email: "a@x"}
			report := deliver(t.Context(), Config{Sender: sender(send), Reject: dead.reject},
				event(1, 2, who), event(2, 2, who), event(3, 1, who))
			if report.Err != nil || report.Undone != nil || report.Delivered != 2 || !slices.Equal(dead.lines, []int{2}) {
				t.Errorf("%v: %+v, dead letters %v", kind, report, dead.lines)
			}
			if want := []request{{1, 0}, {1, 1}, {2, 0}, {3, 0}}; !slices.Equal(sent, want) {
				t.Errorf("%v: sent %v, want %v", kind, sent, want)
			}
		})
	}
}

func TestAccountFaultStops(t *testing.T) {
	for _, kind := range []error{client.ErrUnauthorized, client.ErrRevisionRetired} {
		synctest.Test(t, func(t *testing.T) {
			var dead rejected
			var mu sync.Mutex
			var sent []int
			send := func(_ context.Context, r request) error {
				mu.Lock()
				sent = append(sent, r.line)
				mu.Unlock()
				time.Sleep(time.Duration(r.line) * time.Second)
				if r.line == 2 {
					return errorOf(kind)
				}
				return nil
			}
			var events []Event
			for line := 1; line <= 100; line++ {
				events = append(events, email(line, fmt.Sprint(line)))
			}
			report := deliver(t.Context(), Config{Sender: sender(send), Reject: dead.reject, Concurrency: 3}, events...)
			if !errors.Is(report.Err, kind) || report.Undone == nil || report.Undone.Line != 2 || len(dead.lines) > 0 {
				t.Errorf("%v: %+v, dead letters %v", kind, report, dead.lines)
			}
			// Line 4 began when line 1 was done; it and line 3 were finished.
			if report.Delivered != 3 || len(sent) != 4 {
				t.Errorf("%v: %d delivered of %v sent", kind, report.Delivered, sent)
			}
		})
	}
}

func TestUnavailable(t *testing.T) {
	lines := func(n int) (events []Event) {
		for line := 1; line <= n; line++ {
			events = append(events, email(line, "a@x")) // one after the other
		}
		return events
	}
	tests := []struct {
		name   string
		kind   error
		down   func(line int) bool
		dead   []int
		undone int
	}{
		{"now and then", client.ErrUnavailable, func(line int) bool { return line%2 == 0 }, []int{2, 4, 6, 8, 10}, 0},
		{"four in a row", client.ErrUnavailable, func(line int) bool { return line >= 2 && line <= 5 }, []int{2, 3, 4, 5}, 0},
		{"from a line on", client.ErrUnavailable, func(line int) bool { return line >= 3 }, []int{3, 4, 5, 6}, 7},
		{"rate limited from a line on", client.ErrRateLimited, func(line int) bool { return line >= 3 }, nil, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dead rejected
				send := func(_ context.Context, r request) error {
					if tt.down(r.line) {
						return errorOf(tt.kind)
					}
					return nil
				}
				report := deliver(t.Context(), Config{Sender: sender(send), Reject: dead.reject}, lines(10)...)
				if !slices.Equal(dead.lines, tt.dead) {
					t.Errorf("dead letters %v, want %v", dead.lines, tt.dead)
				}
				switch {
				case tt.undone == 0 && (report.Err != nil || report.Undone != nil):
					t.Errorf("%+v", report)
				case tt.undone > 0 && (!errors.Is(report.Err, tt.kind) || report.Undone == nil || report.Undone.Line != tt.undone):
					t.Errorf("%+v, want undone from line %d", report, tt.undone)
				}
			})
		})
	}
}

// What comes back after delivery has stopped is kept for the next run: it would
// have been tried longer.
func TestUnavailableAfterTheStopIsUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead rejected
		ctx, cancel := context.WithCancel(t.Context())
		send := func(context.Context, request) error {
			time.Sleep(time.Second)
			cancel()
			time.Sleep(time.Second)
			return errorOf(client.ErrUnavailable)
		}
		report := deliver(ctx, Config{Sender: sender(send), Reject: dead.reject}, email(1, "a@x"), email(2, "b@x"))
		if report.Undone == nil || report.Undone.Line != 1 || len(dead.lines) > 0 {
			t.Errorf("%+v, dead letters %v", report, dead.lines)
		}
	})
}

func TestDeadLetterThatCanNotBeKeptStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		send := func(_ context.Context, r request) error {
			if r.line == 2 {
				return errorOf(client.ErrInvalidRequest)
			}
			return nil
		}
		report := deliver(t.Context(), Config{Sender: sender(send), Reject: func([]Rejection) error { return full }},
			email(1, "a@x"), email(2, "a@x"), email(3, "a@x"))
		if !errors.Is(report.Err, full) || report.Undone == nil || report.Undone.Line != 2 || report.Delivered != 1 {
			t.Errorf("%+v", report)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		send := func(ctx context.Context, r request) error {
			if r.line == 3 { // waits for a limit
				<-ctx.Done()
				return fmt.Errorf("klaviyo: %w", ctx.Err())
			}
			time.Sleep(10 * time.Second) // is on its way
			return nil
		}
		q := Start(ctx, Config{Sender: sender(send), Concurrency: 3})
		for _, e := range []Event{email(1, "a@x"), event(2, 2, mapper.Identity{Email: "b@x"}), email(3, "c@x"), email(4, "a@x"), email(5, "d@x")} {
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		time.AfterFunc(time.Second, cancel)
		report := q.Wait()
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("took %v, want the time of the requests on their way", took)
		}
		// Of line 2 one request was sent; it is sent again as a whole.
		if report.Delivered != 1 || report.Undone == nil || report.Undone.Line != 2 || !errors.Is(report.Err, context.Canceled) {
			t.Errorf("%+v", report)
		}
	})
}

func TestCancelEndsAWaitForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		send := func(ctx context.Context, _ request) error { <-ctx.Done(); return ctx.Err() }
		q := Start(ctx, Config{Sender: sender(send), Concurrency: 1})
		for line := 1; ; line++ {
			if err := q.Add(email(line, "a@x")); err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				break
			}
		}
		if report := q.Wait(); report.Delivered != 0 || report.Undone == nil || report.Undone.Line != 1 {
			t.Errorf("%+v", report)
		}
	})
}

func TestNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if report := deliver(t.Context(), Config{}); report != (Report{}) {
			t.Errorf("%+v", report)
		}
	})
}

func TestWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		warn := func(e Event, w client.Warning) { got = append(got, fmt.Sprint(e.Line, " ", w.Code, " ", w.Message)) }
		first := of(1, "a@x", track("a@x", "1"))
		deliver(t.Context(), Config{Sender: warning{}, Warn: warn}, first, of(2, "a@x", profile("a@x", "")), of(3, "a@x", profile("a@x", "")))
		want := []string{"1 code create_event", "2 code create_profile", "3 code create_profile"}
		if !slices.Equal(got, want) {
			t.Errorf("warnings %v, want %v", got, want)
		}
		deliver(t.Context(), Config{Sender: warning{}}, first) // nobody listens
	})
}

// warning answers with a warning that names the operation.
type warning struct{}

func (warning) Send(_ context.Context, r client.Request) (*client.Response, error) {
	time.Sleep(time.Second)
	return &client.Response{Warnings: []client.Warning{{Code: "code", Message: r.Operation().String()}}}, nil
}
