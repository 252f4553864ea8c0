package delivery

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	klaviyo2026 "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// A few events go alone; of more, those that are too few for a call of many may.
func TestEstimateInBulk(t *testing.T) {
	for n, want := range map[int][2]Calls{
		crossover2026 - 1:    {{23, 23}, {}},
		crossover2026:        {{0, 23}, {1, 1}},
		1000:                 {{0, 23}, {1, 1}},
		1000 + crossover2026: {{0, 46}, {2, 2}},
		1010:                 {{10, 33}, {1, 1}},
	} {
		e := NewEstimate(BulkAuto)
		for line := range n {
			e.Add(does(t, line, fmt.Sprintf("p%d@example.com", line), ""))
		}
		calls := e.Calls()
		got := [2]Calls{calls[klaviyo2026.OperationCreateEvent], calls[klaviyo2026.OperationBulkCreateEvents]}
		if got != want {
			t.Errorf("%d events: %v, want %v", n, got, want)
		}
	}
}

// The estimate is that of the Queue it is for: profiles that an import can't do go alone, and
// everything does where nothing is gathered.
func TestEstimateOfSingleCalls(t *testing.T) {
	nulls := mapperOf(mapper.Config{Revision: "2026-07-15", SendNulls: true})
	cleared := func(line int) Event {
		return mapped(t, line, nulls, fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","firstName":null}}`, line))
	}
	named := func(line int) Event {
		return mapped(t, line, nulls, fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","firstName":"null"}}`, line))
	}
	track := func(line int) Event { return does(t, line, fmt.Sprintf("p%d@example.com", line), "") }
	upserts, imports := klaviyo2026.OperationCreateOrUpdateProfile, klaviyo2026.OperationBulkImportProfiles
	for _, tt := range []struct {
		name  string
		bulk  Bulk
		event func(int) Event
		want  map[*klaviyo.Operation]Calls
	}{
		{"profiles", BulkAuto, named, map[*klaviyo.Operation]Calls{upserts: {0, importCrossover2026 - 1}, imports: {1, 1}}},
		{"profiles with a null", BulkAuto, cleared, map[*klaviyo.Operation]Calls{upserts: {100, 100}}},
		{"profiles never in bulk", BulkNever, named, map[*klaviyo.Operation]Calls{upserts: {100, 100}}},
		{"events never in bulk", BulkNever, track, map[*klaviyo.Operation]Calls{klaviyo2026.OperationCreateEvent: {100, 100}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := NewEstimate(tt.bulk)
			for line := range 100 {
				e.Add(tt.event(line))
			}
			if diff := cmp.Diff(tt.want, e.Calls()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// estimated returns the bounds of the calls of events, by operation.
func estimated(t *testing.T, events []string) map[*klaviyo.Operation]Calls {
	t.Helper()
	m, err := mapper.New(mapper.Config{})
	if err != nil {
		t.Fatal(err)
	}
	e := NewEstimate(BulkAuto)
	for _, text := range events {
		result, err := m.Map([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		e.Add(Event{Text: []byte(text), Identity: result.Identity, Requests: result.Requests})
	}
	return e.Calls()
}

func repeated(n int, event func(i int) string) []string {
	events := make([]string, n)
	for i := range events {
		events[i] = event(i)
	}
	return events
}

func TestEstimate(t *testing.T) {
	const (
		ann      = `{"type":"identify","traits":{"email":"ann@example.com"}}`
		annPhone = `{"type":"identify","traits":{"email":"ann@example.com","phone":"+12025550147"}}`
		annTrack = `{"type":"track","event":"Ping","properties":{"email":"ann@example.com"}}`
		annJoins = `{"type":"identify","traits":{"email":"ann@example.com","properties":{"subscribe":true,"listId":"L"}}}`
		bob      = `{"type":"identify","traits":{"email":"bob@example.com"}}`
	)
	group := func(i int) string {
		return fmt.Sprintf(`{"type":"group","groupId":"L","traits":{"email":"p%d@example.com","subscribe":true}}`, i)
	}
	large := func(i int) string {
		return fmt.Sprintf(`{"type":"identify","traits":{"email":"ann@example.com","a%d":%q}}`, i, strings.Repeat("x", 40_000))
	}
	far := func(i int) string {
		return fmt.Sprintf(`{"type":"track","event":"Ping","properties":{"email":"q%d@example.com","a":%q}}`, i, strings.Repeat("x", 90_000))
	}
	create, update := klaviyo.OperationCreateProfile, klaviyo.OperationUpdateProfile
	event, subscribe := klaviyo.OperationCreateEvent, klaviyo.OperationSubscribeProfiles
	tests := []struct {
		name   string
		events []string
		want   map[*klaviyo.Operation]Calls
	}{
		{"neighbours", []string{ann, bob, ann, bob, ann}, map[*klaviyo.Operation]Calls{create: {2, 2}, update: {0, 5}}},
		{"an event between", []string{ann, annTrack, ann}, map[*klaviyo.Operation]Calls{create: {1, 1}, update: {1, 2}, event: {1, 1}}},
		{"other identifiers", []string{ann, annPhone, ann}, map[*klaviyo.Operation]Calls{create: {1, 1}, update: {1, 3}}},
		{"a subscription after the first", []string{annJoins, ann}, map[*klaviyo.Operation]Calls{create: {1, 1}, update: {1, 2}, subscribe: {1, 1}}},
		{"a subscription after the last", []string{ann, annJoins}, map[*klaviyo.Operation]Calls{create: {1, 1}, update: {0, 2}, subscribe: {1, 1}}},
		{"more than one call takes", repeated(maxCoalesced+1, func(int) string { return ann }), map[*klaviyo.Operation]Calls{create: {1, 1}, update: {1, maxCoalesced + 1}}},
		{"larger than one call takes", repeated(3, large), map[*klaviyo.Operation]Calls{create: {1, 1}, update: {1, 3}}},
		{"batches", repeated(2*hundred+1, group), map[*klaviyo.Operation]Calls{subscribe: {3, 2*hundred + 1}}},
		{
			"far apart", append(append([]string{ann, group(1)}, repeated(400, far)...), ann, group(2)),
			map[*klaviyo.Operation]Calls{create: {1, 1}, update: {1, 2}, subscribe: {2, 2}, event: {400, 400}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, estimated(t, tt.events)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestEstimateIsBounded has many people and many lists.
func TestEstimateIsBounded(t *testing.T) {
	m, err := mapper.New(mapper.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"type":"identify","traits":{"email":"ann@example.com","properties":{"subscribe":true,"listId":"L"}}}`
	result, err := m.Map([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	subscription := result.Requests[1].Body().(*klaviyo.SubscriptionCreateJobCreateQuery)
	e := NewEstimate(BulkAuto)
	for i := range 400_000 {
		name := strconv.Itoa(i)
		subscription.Data.Attributes.ListID = name
		e.Add(Event{Text: []byte(text), Identity: mapper.Identity{Email: name}, Requests: result.Requests[:1+i%2]})
	}
	const window = maxBytes / taskBytes
	if n := len(e.recent) + len(e.older) + len(e.batches); n > 4*window || len(e.recent) == 0 {
		t.Errorf("%d entries of what may join", n)
	}
}
