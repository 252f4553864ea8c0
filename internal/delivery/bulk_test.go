package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// account takes events of revision 2026-07-15, singly and in bulk.
type account struct {
	// answer tells what becomes of a call of these events; nil: all are taken.
	answer func(bulk bool, events []arrival) error
	delay  func(bulk bool) time.Duration

	mu     sync.Mutex
	calls  []arrivals
	taken  []string // in the order of the calls' ends
	busy   map[string]bool
	faults []string
}

// arrival is an event that came.
type arrival struct{ email, id string }

// arrivals are those of a call.
type arrivals struct {
	at     time.Time
	bulk   bool
	bytes  int
	events []arrival
}

func (a *account) Send(_ context.Context, r client.Request) (*client.Response, error) {
	c := arrivals{at: time.Now()}
	switch body := r.Body().(type) {
	case *klaviyo.EventCreateQuery:
		e := &body.Data.Attributes
		c.events = []arrival{{e.Profile.Data.Attributes.Email, string(e.Properties)}}
	case *klaviyo.EventBulkCreateQuery:
		c.bulk = true
		for _, entry := range body.Data.Attributes.Entries.Data {
			e := &entry.Attributes
			c.events = append(c.events, arrival{e.Profile.Data.Attributes.Email, string(e.Events.Data[0].Attributes.Properties)})
		}
		c.bytes = len(r.(interface{ AppendBody([]byte) []byte }).AppendBody(nil))
	}
	a.begin(c)
	if a.delay != nil {
		time.Sleep(a.delay(c.bulk))
	}
	return a.end(c)
}

func (a *account) begin(c arrivals) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, c)
	if a.busy == nil {
		a.busy = map[string]bool{}
	}
	here := map[string]bool{}
	for _, e := range c.events {
		if a.busy[e.email] {
			a.faults = append(a.faults, e.id+" overtakes its person's event")
		}
		here[e.email] = true
	}
	for email := range here {
		a.busy[email] = true
	}
}

func (a *account) end(c arrivals) (*client.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range c.events {
		a.busy[e.email] = false
	}
	if a.answer != nil {
		if err := a.answer(c.bulk, c.events); err != nil {
			return nil, err
		}
	}
	for _, e := range c.events {
		a.taken = append(a.taken, e.email+" "+e.id)
	}
	return &client.Response{}, nil
}

// sizes gives how many events went in each call in bulk, and how many singly.
func (a *account) sizes() (bulk []int, singly int) {
	for _, c := range a.calls {
		if c.bulk {
			bulk = append(bulk, len(c.events))
		} else {
			singly++
		}
	}
	return bulk, singly
}

// does is an event of somebody: its properties say which line it is of.
func does(t testing.TB, line int, email, uniqueID string) Event {
	text := fmt.Sprintf(`{"type":"track","event":"Ping","messageId":%q,"context":{"traits":{"email":%q}},"properties":{"line":%d}}`, uniqueID, email, line)
	return mapped(t, line, plain2026, text)
}

func lineOf(id string) string { return fmt.Sprintf(`{"line":%s}`, id) }

// remap makes the requests of an event again, as those that wait need them.
func remap(text []byte) []mapper.Request {
	result, _ := plain2026.Map(text)
	return result.Requests
}

// sendAll delivers events to an account and gives the dead letters' lines.
func sendAll(t *testing.T, a *account, cfg Config, events ...Event) []int {
	t.Helper()
	var letters rejected
	cfg.Sender, cfg.Reject = a, letters.reject
	report := deliver(t.Context(), cfg, events...)
	if report.Err != nil || report.Undone != nil || report.Delivered+len(letters.lines) != len(events) {
		t.Errorf("%+v, %d dead letters, of %d events", report, len(letters.lines), len(events))
	}
	for _, fault := range a.faults {
		t.Error(fault)
	}
	return letters.lines
}

func eachSecond(bool) time.Duration { return time.Second }

// A backlog goes in full calls, the oldest first.
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

// Events that come one by one, or a few at a time, go at once and alone.
func TestFewEventsGoSingly(t *testing.T) {
	var events []Event
	for line := 1; line <= 400; line++ {
		events = append(events, does(t, line, fmt.Sprintf("p%d@example.com", line), fmt.Sprint("m", line)))
	}
	synctest.Test(t, func(t *testing.T) {
		a := &account{delay: func(bool) time.Duration { return 10 * time.Millisecond }}
		q := Start(t.Context(), Config{Sender: a})
		for i, e := range events {
			if i%(DefaultConcurrency+crossover2026-1) == 0 { // the rest of those before waited for a turn
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

// While all single calls wait for their quota, what comes goes in bulk after a moment.
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

// A backlog that is read as fast as it is sent goes in full calls too: the room that a call
// makes fills the next one.
func TestBacklogThatIsReadMeanwhileGoesInFullCalls(t *testing.T) {
	const count = 60_000 // more than the queue has room for
	padding := strings.Repeat("x", 1500)
	synctest.Test(t, func(t *testing.T) {
		// Calls that wait for the single ones' quota keep their people's events in the queue.
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
		// The few that go singly meanwhile don't matter.
		if bulk, singly := a.sizes(); len(bulk) > count/1000+10 {
			t.Errorf("%d calls in bulk and %d singly, want full ones", len(bulk), singly)
		}
	})
}

// A few people with many events each fill calls too, each with its person's order.
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

// wantInOrder fails the test if somebody's events were taken in another order than that of
// the input, or one twice.
func wantInOrder(t *testing.T, taken []string) {
	t.Helper()
	last := map[string]int{}
	for _, event := range taken {
		var line int
		email, id, _ := strings.Cut(event, " ")
		fmt.Sscanf(id, `{"line":%d}`, &line)
		if line <= last[email] {
			t.Errorf("%s: line %d after %d", email, line, last[email])
		}
		last[email] = line
	}
}

// No unique id is twice in a call: Klaviyo's description says that it refuses all of it.
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

// A call has no more bytes than the API takes, whatever the events become.
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

// An entry of a call is no longer than is reckoned with.
func TestBulkOverhead(t *testing.T) {
	whole := &klaviyo.EventCreateQuery{}
	fillAll(t, reflect.ValueOf(whole).Elem())
	for name, body := range map[string]*klaviyo.EventCreateQuery{"nothing": {}, "everything": whole} {
		entry := klaviyo.NewBulkCreateEventsBody(klaviyo.EventBulkCreateAttributes{
			Entries: klaviyo.NewEventBulkEntries(bulkEntry2026(&body.Data.Attributes)),
		})
		if more := len(entry.AppendJSON(nil)) - len(body.AppendJSON(nil)); more > batchings[klaviyo.OperationCreateEvent].overhead {
			t.Errorf("%s: %d bytes more", name, more)
		}
	}
}

// Each field of an event is in its entry, also one that the description gains.
func TestEachFieldIsInTheEntry(t *testing.T) {
	var body klaviyo.EventCreateQuery
	fillAll(t, reflect.ValueOf(&body).Elem())
	entry := bulkEntry2026(&body.Data.Attributes)
	single, bulk := leaves2026(t, body.Data.Attributes), leaves2026(t, entry)
	for value := range single {
		if single[value] != bulk[value] {
			t.Errorf("%s is there %d times, want %d", value, bulk[value], single[value])
		}
	}
}

// fillAll gives each field a value of its own.
func fillAll(t *testing.T, v reflect.Value) {
	n := 0
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		n++
		text := fmt.Sprintf("value %d.", n)
		switch field := v.Addr().Interface().(type) {
		case *klaviyo.Nullable[string]:
			*field = klaviyo.Set(text)
			return
		case *klaviyo.Coordinate:
			if err := field.FromCoordinateText(text); err != nil {
				t.Fatal(err)
			}
			return
		case *json.RawMessage:
			*field = []byte(`{"p":"` + text + `"}`)
			return
		case *json.Number:
			*field = "1.5"
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.String:
			v.SetString(text)
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0))
		default:
			t.Fatalf("no value for a %v", v.Type())
		}
	}
	fill(v)
}

// leaves2026 counts the values of a body, but for the types of its resources.
func leaves2026(t *testing.T, body any) map[string]int {
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var whole any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, value := range v {
				if name != "type" {
					walk(value)
				}
			}
		case []any:
			for _, value := range v {
				walk(value)
			}
		default:
			found[fmt.Sprint(v)]++
		}
	}
	walk(whole)
	return found
}

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

// TestOrderInBulk tries random people, delays and faults of all kinds: nothing is lost,
// nothing arrives twice, and nobody's events out of order.
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
					if bulk { // it names one that isn't at fault
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
					t.Errorf("seed %d: line %d is no dead letter", seed, line)
				}
			}
			if more := len(dead) - len(wantDead); more > 2 { // single calls that were unavailable twice
				t.Errorf("seed %d: %d more dead letters", seed, more)
			}
			wantInOrder(t, a.taken)
			if len(a.taken)+len(dead) != len(events) {
				t.Errorf("seed %d: %d arrived and %d dead letters, of %d", seed, len(a.taken), len(dead), len(events))
			}
		})
	}
}
