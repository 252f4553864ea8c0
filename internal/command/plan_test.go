package command

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/plan"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
)

// plannedOf runs plan without a key and without a network.
func plannedOf(t *testing.T, status int, args ...string) plan.Plan {
	t.Helper()
	r := setup{}.run(t, append([]string{"plan", "--output=json"}, args...)...)
	r.want(t, status)
	var p plan.Plan
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
		`{"type":"track","event":"Ping","userId":"7"}`, `{"type":"track","event":"Pong","context":{"traits":{"email":"p1@example.com"}}}`,
		`{"type":"screen","name":"Ping","context":{"traits":{"email":"p1@example.com"}}}`,
	}, ",\n")+"]")
	got := plannedOf(t, statusDeadLetters, first, second)
	want := plan.Plan{
		Events: 17, Unsendable: 2,
		Types: map[string]int{"identify": 4, "group": 1, "page": 1, "unknown": 1, "track": 9, "screen": 1},
		Requests: map[klaviyo.OperationID]int{
			klaviyo.OperationCreateProfile.ID: 4, klaviyo.OperationSubscribeProfiles.ID: 2, klaviyo.OperationCreateEvent.ID: 9,
		},
		People:            3,
		Metrics:           []plan.Metric{{Name: "Ping", Events: 8}, {Name: "Pong", Events: 1}},
		SameSecond:        plan.SameSecond{Events: 2},
		RepeatedUniqueIDs: 2,
		Errors: []*problem.Problem{
			{Code: "invalid_json", Events: 1, First: []problem.Place{{File: first, Line: 7}}},
			{Code: "missing_identifier", Events: 1, First: []problem.Place{{File: second, Line: 8, Event: 8}}},
		},
		Warnings: []*problem.Problem{{Code: "invalid_phone", Events: 1, First: []problem.Place{{File: first, Line: 4}}}},
		Skipped:  []*problem.Problem{{Code: "unsupported_type", Events: 1, First: []problem.Place{{File: first, Line: 6}}}},
		Calls: []plan.Calls{
			{Operation: klaviyo.OperationCreateEvent.ID, Calls: plan.Bounds{Least: 9, Most: 9}},
			{Operation: klaviyo.OperationCreateProfile.ID, Calls: plan.Bounds{Least: 2, Most: 2}},
			{Operation: klaviyo.OperationSubscribeProfiles.ID, Calls: plan.Bounds{Least: 1, Most: 2}},
			{Operation: klaviyo.OperationUpdateProfile.ID, Calls: plan.Bounds{Least: 0, Most: 4}},
		},
		QuotaShare: 1,
		Forms:      input.Forms{"json_lines": 7, "json_array": 10},
		Compressed: nil,
	}
	got.Compressed = nil
	got.Explain(func(problem.Place) string { return "" }) // TestEachProblemIsExplained has the commands
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

same metric, person and second                       2  as an earlier event; they count all the same

repeated messageIds                                  1  won't count again

calls                                            5 – 7
  create_event                                       4  1 s
  create_profile                                     1  1 s
  update_profile                                 0 – 2  1 s

events from
  JSON Lines                                         8
`
	if diff := cmp.Diff(want, r.stdout); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestStoppedPlan gives no advice to go on in the middle: that would plan the rest alone.
func TestStoppedPlan(t *testing.T) {
	var whole bytes.Buffer
	w := gzip.NewWriter(&whole)
	fmt.Fprint(w, lines(identify(1), identify(2)))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := setup{}.run(t, "plan", write(t, "cut.gz", whole.String()[:whole.Len()-4]))
	r.want(t, statusStopped, "cut off", "give the same command again")
	if r.stdout != "" || strings.Contains(r.stderr, "--from-line") {
		t.Errorf("%s%s", r.stdout, r.stderr)
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

// TestSendKeepsToItsPlan sends to a Klaviyo that doesn't know the people, and once
// more to the same, which does.
func TestSendKeepsToItsPlan(t *testing.T) {
	var text strings.Builder
	if err := sample.Write(&text, 3, 6_000); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--revision=2023-02-22"}, {"--revision=2026-07-15", "--bulk=never"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			testKeepingToPlan(t, append(args, write(t, "events.jsonl", text.String()))...)
		})
	}
}

func testKeepingToPlan(t *testing.T, args ...string) {
	planned := plannedOf(t, statusDone, args...)
	var calls plan.Bounds
	for _, c := range planned.Calls {
		calls.Least += c.Calls.Least
		calls.Most += c.Calls.Most
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC))) // the events are of 2026
		k := klaviyotest.New(klaviyotest.WithKey(key), klaviyotest.WithAnyList())
		for _, whose := range []string{"new people", "known people"} {
			began := time.Now()
			r := account(k).run(t, append([]string{"send", "--output=json"}, args...)...)
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
		"--base-url=https://example.com", "--quota-share=0.2", "--limit=create_event=1/s,1/m", "--max-line-bytes=1000", events)
	plannedOf(t, statusDone, "--from-line=1", "--from-event=1", events)
	setup{}.run(t, "plan", "--quota-share=0", events).want(t, statusUsage, "--quota-share")
}
