package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
)

// plannedOf runs plan without a key and without a network.
func plannedOf(t *testing.T, status int, args ...string) plan {
	t.Helper()
	r := setup{}.run(t, append([]string{"plan", "--output=json"}, args...)...)
	r.want(t, status)
	var p plan
	decoder := json.NewDecoder(strings.NewReader(r.stdout))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		t.Fatalf("%v in %s", err, r.stdout)
	}
	return p
}

func at(second int, person int, messageID string) string {
	return fmt.Sprintf(`{"type":"track","event":"Ping","timestamp":"2026-01-01T00:00:%02dZ","messageId":%q,"properties":{"email":"p%d@example.com"}}`, second, messageID, person)
}

func TestPlan(t *testing.T) {
	first := write(t, "first.jsonl", lines(
		identify(1), identify(1), identify(2),
		`{"type":"identify","traits":{"email":"P2@example.com","phone":"12","properties":{"subscribe":true,"listId":"L"}}}`,
		`{"type":"group","groupId":"L","traits":{"email":"p3@example.com","subscribe":true}}`,
		`{"type":"page"}`,
		`nonsense`,
	))
	second := write(t, "second.json", "["+strings.Join([]string{
		at(1, 1, "a"), at(1, 1, "b"), at(1, 1, ""), at(1, 1, ""), at(2, 1, ""), at(1, 2, ""), at(1, 1, "a"),
		`{"type":"track","event":"Ping"}`, `{"type":"track","event":"Pong","context":{"traits":{"email":"p1@example.com"}}}`,
		`{"type":"screen","name":"Ping","context":{"traits":{"email":"p1@example.com"}}}`,
	}, ",\n")+"]")
	got := plannedOf(t, statusDeadLetters, first, second)
	want := plan{
		Events: 17, Unsendable: 2,
		Types: map[string]int{"identify": 4, "group": 1, "page": 1, "unknown": 1, "track": 9, "screen": 1},
		Requests: map[klaviyo.OperationID]int{
			klaviyo.OperationCreateProfile: 4, klaviyo.OperationSubscribeProfiles: 2, klaviyo.OperationCreateEvent: 9,
		},
		People:            3,
		Metrics:           []metric{{"Ping", 8}, {"Pong", 1}},
		SameSecond:        sameSecond{Events: 3, WithoutUniqueID: 2},
		RepeatedUniqueIDs: 1,
		Errors: []*problem{
			{"invalid_json", 1, []eventPlace{{first, 7, 0}}},
			{"missing_identifier", 1, []eventPlace{{second, 8, 8}}},
		},
		Warnings: []*problem{{"invalid_phone", 1, []eventPlace{{first, 4, 0}}}},
		Skipped:  []*problem{{"unsupported_type", 1, []eventPlace{{first, 6, 0}}}},
		Calls: []plannedCalls{
			{klaviyo.OperationCreateEvent, bounds{9, 9}, bounds{}},
			{klaviyo.OperationCreateProfile, bounds{2, 2}, bounds{}},
			{klaviyo.OperationSubscribeProfiles, bounds{1, 2}, bounds{}},
			{klaviyo.OperationUpdateProfile, bounds{0, 4}, bounds{}},
		},
		QuotaShare: 1,
		Forms:      recognized{"json_lines": 7, "json_array": 10},
		Compressed: nil,
	}
	got.Compressed = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPlanTable(t *testing.T) {
	r := setup{stdin: strings.NewReader(lines(
		identify(1), identify(1), at(1, 1, "a"), at(1, 1, "b"), at(1, 1, ""), at(1, 1, "a"), `{"type":"page"}`, "nonsense",
	))}.run(t, "plan", "--quota-share=0.5")
	r.want(t, statusDeadLetters, "events that can't be sent: 1")
	want := `events                                               8  1 s at Klaviyo's limits, of which it uses 50 %
  track                                              4
  identify                                           2
  page                                               1
  unknown                                            1

can't be sent                                        1
  invalid_json                                       1  line 8

skipped                                              1
  unsupported_type                                   1  line 7

people                                               1

metrics                                              1
  Ping                                               4

same metric, person and second                       2  count apart by their messageId
  without a messageId                                1  won't count

repeated messageIds                                  1  won't count again

calls                                            5 – 7
  create_event                                       4  1 s
  create_profile                                     1  1 s
  update_profile                                 0 – 2  1 s
`
	if diff := cmp.Diff(want, r.stdout); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPlanOfNothing(t *testing.T) {
	r := setup{stdin: strings.NewReader("\n")}.run(t, "plan")
	r.want(t, statusDone)
	want := `events                                               0

people                                               0

metrics                                              0

calls                                                0
`
	if diff := cmp.Diff(want, r.stdout); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPlanWarnsOfManyMetrics(t *testing.T) {
	for n, want := range map[int]string{179: "", 180: "near the 200", 200: "near the 200", 201: "too many", maxNames + 1: "and more"} {
		var events []string
		for i := range n {
			events = append(events, fmt.Sprintf(`{"type":"track","event":"E%d","properties":{"email":"a@example.com"}}`, i))
		}
		r := setup{stdin: strings.NewReader(lines(events...))}.run(t, "plan")
		r.want(t, statusDone)
		_, notes, _ := strings.Cut(r.stdout, "\nmetrics")
		notes, _, _ = strings.Cut(notes, "\n")
		if want == "" && strings.Contains(notes, "200") || !strings.Contains(notes, want) {
			t.Errorf("%d metrics: %q, want %q", n, notes, want)
		}
	}
}

func TestHowLongAPlanTakes(t *testing.T) {
	events, _ := klaviyo.LookupOperation(klaviyo.OperationCreateEvent)
	tests := []struct {
		calls int
		share float64
		want  string
	}{
		{1, 1, "1 s"},
		{3_500, 1, "9 s"},
		{3_501, 1, "1 min"},
		{1_000_000, 1, "4 h 46 min"},
		{1_000_000, 0.5, "9 h 32 min"},
		{100, 0.0001, "1 h 39 min"},
	}
	for _, tt := range tests {
		seconds := int(delivery.Duration(events, tt.calls, tt.share) / time.Second)
		if got := duration(bounds{seconds, seconds}); got != tt.want {
			t.Errorf("%d calls at %g: %s, want %s", tt.calls, tt.share, got, tt.want)
		}
	}
	if got := duration(bounds{59, 7200}); got != "59 s – 2 h 0 min" {
		t.Errorf("%s", got)
	}
}

// TestSendKeepsToItsPlan sends to a Klaviyo that doesn't know the people, and once
// more to the same, which does.
func TestSendKeepsToItsPlan(t *testing.T) {
	var text strings.Builder
	if err := sample.Write(&text, 3, 6_000); err != nil {
		t.Fatal(err)
	}
	events := write(t, "events.jsonl", text.String())
	planned := plannedOf(t, statusDone, events)
	var calls bounds
	for _, c := range planned.Calls {
		calls.Least += c.Calls.Least
		calls.Most += c.Calls.Most
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC))) // the events are of 2026
		k := klaviyotest.New(klaviyotest.WithKey(key), klaviyotest.WithAnyList())
		for _, whose := range []string{"new people", "known people"} {
			began := time.Now()
			r := account(k).run(t, "send", "--output=json", events)
			r.want(t, statusDone)
			if sent := r.counts(t)["requests"]; sent < calls.Least || sent > calls.Most {
				t.Errorf("%s: %d requests, planned are %d to %d", whose, sent, calls.Least, calls.Most)
			}
			if took := time.Since(began); took < time.Duration(planned.Seconds.Least)*time.Second {
				t.Errorf("%s: it took %v, planned are %d s at least", whose, took, planned.Seconds.Least)
			}
			time.Sleep(2 * time.Minute) // for the quota
		}
	})
}

// TestPlanTakesTheArgumentsOfSend gives every flag of send.
func TestPlanTakesTheArgumentsOfSend(t *testing.T) {
	events, dead := write(t, "events.jsonl", lines(identify(1))), write(t, "dead.jsonl", "")
	plannedOf(t, statusDone, "--dead-letter="+dead, "--checkpoint=none.json", "--new-key", "--concurrency=3", "--simulate",
		"--base-url=https://example.com", "--quota-share=0.2", "--max-line-bytes=1000", "--from-line=1", "--from-event=1", events)
	setup{}.run(t, "plan", "--quota-share=0", events).want(t, statusUsage, "--quota-share")
}
