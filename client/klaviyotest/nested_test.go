package klaviyotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	later "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

const (
	bulkEventsPath = "/api/event-bulk-create-jobs"
	importsPath    = "/api/profile-bulk-import-jobs"
	upsertPath     = "/api/profile-import"
)

// nestedEvent is an event's resource with attributes that come after the required ones,
// and so replace them.
func nestedEvent(attributes string) string {
	return `{"type":"event","attributes":{"metric":{"data":{"type":"metric","attributes":{"name":"M"}}},"properties":{}` + attributes + `}}`
}

// nestedEventWith is a create_event of a profile with attributes.
func nestedEventWith(profile, attributes string) string {
	return `{"data":` + nestedEvent(`,"profile":{"data":{"type":"profile","attributes":{`+profile+`}}}`+attributes) + `}`
}

// entryOf is an entry of a bulk request.
func entryOf(profile string, events ...string) string {
	return `{"type":"event-bulk-create","attributes":{"profile":{"data":{"type":"profile","attributes":{` + profile +
		`}}},"events":{"data":[` + strings.Join(events, ",") + `]}}}`
}

func bulkOf(entries ...string) string {
	return `{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[` + strings.Join(entries, ",") + `]}}}}`
}

// people are resources of profiles with attributes.
func people(attributes ...string) string {
	var b strings.Builder
	for i, a := range attributes {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"type":"profile","attributes":{` + a + `}}`)
	}
	return b.String()
}

func importOf(attributes ...string) string {
	return `{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[` + people(attributes...) + `]}}}}`
}

const toListL = `,"relationships":{"list":{"data":{"type":"list","id":"L"}}}`

// jobWith is a body of a job of a kind about profiles, with more attributes before them and
// members after the attributes.
func jobWith(kind, attributes, members string, profiles ...string) string {
	return `{"data":{"type":"` + kind + `","attributes":{` + attributes + `"profiles":{"data":[` + people(profiles...) + `]}}` + members + `}}`
}

// TestBulkEvents are the same as single ones, and count once with them.
func TestBulkEvents(t *testing.T) {
	k := New()
	const ada, bo = `"email":"ada@example.com"`, `"email":"bo@example.com"`
	body := bulkOf(
		entryOf(ada, nestedEvent(`,"unique_id":"1","value":9.90,"value_currency":"EUR","backfill":true,"properties":{"n":1.10}`), nestedEvent(`,"unique_id":"2"`)),
		entryOf(bo, nestedEvent(`,"unique_id":"1"`)),
	)
	for range 2 {
		if r := mustSend(t, k, "POST", bulkEventsPath, body); r.status != 202 || r.body != "" {
			t.Errorf("status %d: %s", r.status, r.body)
		}
		mustSend(t, k, "POST", "/api/events", nestedEventWith(ada, `,"unique_id":"2"`))
		mustSend(t, k, "POST", "/client/events?company_id=C", nestedEventWith(ada, `,"unique_id":"2"`))
	}
	events := k.Events()
	if len(events) != 3 {
		t.Fatalf("%d events, want 3", len(events))
	}
	if e := events[0]; e.Value != "9.90" || e.Currency != "EUR" || !e.Backfill || string(e.Properties) != `{"n":1.10}` || e.Metric != "M" {
		t.Errorf("event %+v", e)
	}
	if events[1].Backfill || events[2].ProfileID != find(t, k, "bo@example.com").ID {
		t.Errorf("events %+v", events[1:])
	}
	id := events[0].ID
	got := decode[later.EventDocument](t, mustSend(t, k, "GET", "/api/events/"+id+"?include=metric,profile", "")).Data
	if got.Relationships.Metric.Data.ID != events[0].MetricID || got.Relationships.Profile.Data.ID != events[0].ProfileID {
		t.Errorf("relationships %+v", got.Relationships)
	}
	mustSend(t, k, "GET", "/api/metrics/"+events[0].MetricID, "")
	mustSend(t, k, "GET", `/api/events?filter=has(profile),has(metric)&sort=-datetime`, "")
	for _, path := range []string{"/api/events/none", "/api/metrics/none"} {
		if r := send(t, k, "GET", path, ""); r.status != 404 {
			t.Errorf("%s: status %d", path, r.status)
		}
	}
}

// TestBackfillOfAnEntry is that of each of its events.
func TestBackfillOfAnEntry(t *testing.T) {
	k := New()
	entry := strings.Replace(entryOf(adasEmail, nestedEvent(`,"unique_id":"1"`), nestedEvent(`,"unique_id":"2"`)), `"attributes":{`, `"attributes":{"backfill":true,`, 1)
	mustSend(t, k, "POST", bulkEventsPath, bulkOf(entry, entryOf(adasEmail, nestedEvent(`,"unique_id":"3"`))))
	events := k.Events()
	if len(events) != 3 || !events[0].Backfill || !events[1].Backfill || events[2].Backfill {
		t.Errorf("events %+v", events)
	}
}

// TestImport follows a job from its request to its end.
func TestImport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New(WithList("L", "list"), WithJobs(func(j Job) JobPlan {
			if j.Kind != kindImport || j.Total != 4 {
				t.Errorf("job %+v", j)
			}
			return JobPlan{Queued: 10 * time.Second, Processing: 40 * time.Second, Fail: func(profile json.RawMessage) bool {
				return strings.Contains(string(profile), "bo@example.com")
			}}
		}))
		known := createProfile(t, k, `"email":"ada@example.com","first_name":"Ada","title":"Dr"`)
		body := strings.TrimSuffix(importOf(
			`"email":"ada@example.com","title":null,"last_name":"L","location":{"city":null,"zip":"1"},"properties":{"a":null,"b":1.10}`,
			`"email":"bo@example.com"`, `"email":"cy@example.com"`, `"phone_number":"+12025550147"`), "}}") +
			`,"relationships":{"lists":{"data":[{"type":"list","id":"L"}]}}}}`
		id := decode[later.ImportJobDocument](t, mustSend(t, k, "POST", importsPath, body)).Data.ID
		var got []string
		for range 6 {
			a := decode[later.ImportJobDocument](t, mustSend(t, k, "GET", importsPath+"/"+id, "")).Data.Attributes
			got = append(got, fmt.Sprint(a.Status, " ", a.CompletedCount, " ", a.FailedCount, " of ", a.TotalCount))
			time.Sleep(10 * time.Second)
		}
		want := []string{"queued 0 0 of 4", "processing 0 0 of 4", "processing 1 0 of 4", "processing 2 1 of 4", "processing 3 1 of 4", "complete 4 1 of 4"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if p := find(t, k, "ada@example.com"); p.ID != known || p.Attributes.Title != "Dr" || p.Attributes.LastName != "L" ||
			p.Attributes.Location.Zip != "1" || string(p.Attributes.Properties) != `{"b":1.10}` || len(p.Lists) != 1 {
			t.Errorf("profile %+v", p)
		}
		if _, ok := k.Profile("bo@example.com"); ok || len(k.Profiles()) != 3 {
			t.Errorf("profiles %+v", k.Profiles())
		}
		for filter, n := range map[string]int{`equals(status,"complete")`: 1, `any(status,["queued","processing"])`: 0} {
			page := decode[later.ImportJobPage](t, mustSend(t, k, "GET", importsPath+"?filter="+filter, ""))
			if len(page.Data) != n {
				t.Errorf("%s: %d jobs, want %d", filter, len(page.Data), n)
			}
		}
		failed := decode[later.ImportErrorPage](t, mustSend(t, k, "GET", importsPath+"/"+id+"/import-errors", "")).Data
		if len(failed) != 1 || failed[0].Attributes.Source.Pointer != "/data/attributes/profiles/data/1" || !strings.Contains(string(failed[0].Attributes.OriginalPayload), `"bo@example.com"`) {
			t.Errorf("errors %+v", failed)
		}
		time.Sleep(7 * 24 * time.Hour)
		if r := send(t, k, "GET", importsPath+"/"+id, ""); r.status != http.StatusNotFound {
			t.Errorf("after a week: status %d", r.status)
		}
	})
}
