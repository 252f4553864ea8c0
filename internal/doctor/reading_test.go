package doctor

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// record sends events to an account, with the fields of items that are chosen.
func record(t *testing.T, c *client.Client, revision string, fields mapper.ItemFields, events ...string) {
	t.Helper()
	m, err := mapper.New(mapper.Config{Revision: revision, ItemFields: fields})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events {
		result, err := m.Map([]byte(event))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range result.Requests {
			if err := c.Call(t.Context(), runtime.Call{Operation: r.Operation(), Body: r.Body()}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func ordered(event, id, at string) string {
	return `{"type":"track","event":"` + event + `","messageId":"` + id + `","timestamp":"` + at + `","userId":"u",` +
		`"properties":{"email":"a@example.org","order_id":"1","products":[` + sampleItem + `]}}`
}

// TestLatestEventDecides compares the fields of the latest event of each metric alone,
// whichever came first.
func TestLatestEventDecides(t *testing.T) {
	const earlier, later = "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"
	for _, revision := range mapper.Revisions() {
		t.Run(revision, func(t *testing.T) {
			c := newClient(t, klaviyotest.New(klaviyotest.WithList("L1", "News")).Transport())
			record(t, c, revision, mapper.ItemFieldsKlaviyo, ordered("Checkout Started", "m1", later))
			record(t, c, revision, mapper.ItemFieldsGuide, ordered("Checkout Started", "m2", earlier), ordered("Product Added", "m3", later))
			facts := Look(t.Context(), c, subjectOf(revision, "L1"))
			const want = "warning: the latest event of Started Checkout has the fields of itemFields: klaviyo, and not those of guide If flows read these fields, add --item-fields klaviyo.\n"
			if got := findings(Examine(facts))["item fields"]; got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if len(facts.items) != 2 {
				t.Errorf("read %+v", facts.items)
			}
		})
	}
}

// TestWhatIsAsked has an account of several pages of metrics, one of which has events.
func TestWhatIsAsked(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		asked = append(asked, fmt.Sprint(r.URL.Path, " ", query))
		w.Header().Set("Content-Type", "application/vnd.api+json")
		answer := `{"data":[],"links":{"next":null}}`
		switch {
		case r.URL.Path == "/api/metrics" && query.Get("page[cursor]") == "":
			answer = `{"data":[{"type":"metric","id":"M1","attributes":{"name":"Ping","integration":null}}],"links":{"next":"https://a.klaviyo.com/api/metrics?page%5Bcursor%5D=two"}}`
		case r.URL.Path == "/api/metrics":
			answer = `{"data":[{"type":"metric","id":"M2","attributes":{"name":"Started Checkout","integration":{"name":"API","category":"API"}}}],"links":{"next":null}}`
		case r.URL.Path == "/api/events":
			answer = `{"data":[{"type":"event","id":"E","attributes":{"event_properties":{"Items":[{"ItemPrice":1}]}}}],"links":{}}`
		}
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	subject := subjectOf("2026-07-15", "")
	facts := Look(t.Context(), newClient(t, server.Client().Transport, client.WithBaseURL(server.URL)), subject)
	if want := []metric{{"M1", "Ping", ""}, {"M2", "Started Checkout", fromAPI}}; fmt.Sprint(facts.metrics.value) != fmt.Sprint(want) {
		t.Errorf("metrics: %+v, want %+v", facts.metrics.value, want)
	}
	if len(facts.items) != 1 || string(facts.items[0].value) != `{"Items":[{"ItemPrice":1}]}` {
		t.Errorf("events: %+v", facts.items)
	}
	all := strings.Join(asked, "\n")
	for _, want := range []string{
		"/api/accounts map[]",
		"/api/metrics map[page[cursor]:[two]]",
		`/api/events map[filter:[equals(metric_id,"M2")] page[size]:[1] sort:[-datetime]]`,
		"/api/profile-bulk-import-jobs map[page[size]:[1]]",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%s isn't asked:\n%s", want, all)
		}
	}
}

// TestWhatEventsNeed has the lists that events name, and how many subscribe to SMS.
func TestWhatEventsNeed(t *testing.T) {
	identify := func(properties string) string {
		return `{"type":"identify","userId":"u","traits":{"email":"a@example.org","phone":"+4791234567","properties":` + properties + `}}`
	}
	for _, revision := range mapper.Revisions() {
		for name, tt := range map[string]struct {
			event string
			lists map[string]int
			sms   int
		}{
			"track":             {tracked, map[string]int{}, 0},
			"email":             {identify(`{"subscribe":true,"listId":"L2","consent":["email"]}`), map[string]int{"L2": 1}, 0},
			"SMS":               {identify(`{"subscribe":true,"listId":"L2","consent":["sms"]}`), map[string]int{"L2": 1}, 1},
			"both":              {identify(`{"subscribe":true,"listId":"L2","consent":["email","sms"]}`), map[string]int{"L2": 1}, 1},
			"the config's list": {identify(`{"subscribe":true,"consent":["email"]}`), map[string]int{"L1": 1}, 0},
			"end":               {identify(`{"subscribe":false,"listId":"L3","consent":["email","sms"]}`), map[string]int{"L3": 1}, 0},
		} {
			events := eventsOf(t, revision, tt.event)
			if events.sms != tt.sms || fmt.Sprint(events.lists) != fmt.Sprint(tt.lists) {
				t.Errorf("%s in %s: lists %v and %d to SMS, want %v and %d", name, revision, events.lists, events.sms, tt.lists, tt.sms)
			}
		}
	}
}
