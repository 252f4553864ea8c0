package delivery

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// account is a Klaviyo account that accepts events of revision 2026-07-15, singly and in bulk.
type account struct {
	// answer returns the result of a call with these events. If it is nil, all are accepted.
	answer func(bulk bool, events []arrival) error
	delay  func(bulk bool) time.Duration

	mu     sync.Mutex
	calls  []arrivals
	taken  []string // in the order of the calls' ends
	busy   map[string]bool
	faults []string
}

// arrival is an event that arrived.
type arrival struct{ email, id string }

// arrivals are the events of a call.
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
			a.faults = append(a.faults, e.id+" is sent while another event of the person is in flight")
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

// sizes returns the number of events of each bulk call, and the number of single calls.
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

// does returns an event of a person. Its properties have its line.
func does(t testing.TB, line int, email, uniqueID string) Event {
	text := fmt.Sprintf(`{"type":"track","event":"Ping","messageId":%q,"context":{"traits":{"email":%q}},"properties":{"line":%d}}`, uniqueID, email, line)
	return mapped(t, line, plain2026, text)
}

func lineOf(id string) string { return fmt.Sprintf(`{"line":%s}`, id) }

// remap returns the requests of an event, for events that wait without them.
func remap(text []byte) []mapper.Request {
	result, _ := plain2026.Map(text)
	return result.Requests
}

// sendAll delivers events to an account and returns the lines of the dead letters.
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

// wantInOrder checks that each person's events were accepted in the order of the input, and none
// twice.
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
