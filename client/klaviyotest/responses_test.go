package klaviyotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// TestResponseForms holds responses to what recordings of Klaviyo show beyond the
// description.
func TestResponseForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2024, 2, 1, 0, 0, 0, 123_000_000, time.UTC)))
		k := New(WithKey("pk_test"), WithList("L", "Newsletter"))
		authorized := func(r *http.Request) { r.Header.Set("Authorization", "Klaviyo-API-Key pk_test") }
		get := func(method, path, body string) reply { return send(t, k, method, path, body, authorized) }

		created := get("POST", "/api/profiles/", profileWith(`"email":"ada@example.com"`))
		get("POST", "/api/events/", `{"data":{"type":"event","attributes":{"time":"2024-01-30T06:10:00.5+01:00","profile":{"$email":"ada@example.com"},"metric":{"name":"Paid"},"properties":{}}}}`)
		for _, tt := range []struct {
			name   string
			answer reply
			want   []string // parts of the JSON
		}{
			{"a profile", created, []string{
				`"phone_number":null`, `"external_id":null`, `"first_name":null`, `"last_event_date":null`, `"created":"2024-02-01T00:00:00+00:00"`, `"updated":"2024-02-01T00:00:00+00:00"`,
				`"location":{"address1":null,"address2":null,"city":null,"country":null,"latitude":null,"longitude":null,"region":null,"timezone":null,"zip":null}`,
				`"subscriptions":{"email":null,"sms":null}`,
			}},
			{"a profile with an event", get("GET", "/api/profiles/", ""), []string{`"last_event_date":"2024-01-30T05:10:00+00:00"`, `"next":null`, `"prev":null`}},
			{"a list", get("GET", "/api/lists/", ""), []string{`"created":"2024-02-01T00:00:00+00:00"`, `"next":null`, `"prev":null`}},
			{"a metric", get("GET", "/api/metrics/", ""), []string{`"created":"2024-02-01T00:00:00+00:00"`}},
			{"an event", get("GET", "/api/events/", ""), []string{`"datetime":"2024-01-30 05:10:00+00:00"`, `"timestamp":"1706591400"`}},
			{"a conflict", get("POST", "/api/profiles/", profileWith(`"email":"ada@example.com"`)), []string{`"source":{"pointer":"/data/attributes"}`, `"duplicate_profile_id":"01PROFILE`}},
			{"another's key", send(t, k, "GET", "/api/lists/", "", func(r *http.Request) { r.Header.Set("Authorization", "Klaviyo-API-Key pk_other") }),
				[]string{`"code":"authentication_failed"`, `"source":{"pointer":"/data/"}`}},
			{"no key", send(t, k, "GET", "/api/lists/", "", func(r *http.Request) { r.Header.Del("Authorization") }),
				[]string{`"code":"not_authenticated"`, `"source":{"pointer":"/data/"}`}},
		} {
			for _, want := range tt.want {
				if !strings.Contains(tt.answer.body, want) {
					t.Errorf("%s: %s\nlacks %s", tt.name, tt.answer.body, want)
				}
			}
		}

		events := decode[klaviyo.EventPage](t, get("GET", "/api/events/", "")).Data
		if uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`); len(events) != 1 || !uuid.MatchString(events[0].Attributes.UUID) {
			t.Errorf("events %+v, want one with a UUID", events)
		}
	})
}

// TestTimesOfEvents takes the forms that the description's examples have.
func TestTimesOfEvents(t *testing.T) {
	want := time.Date(2022, 11, 8, 0, 0, 0, 0, time.UTC)
	k := New()
	texts := []string{"2022-11-08T00:00:00", "2022-11-08T00:00:00Z", "2022-11-08T01:00:00+01:00", "2022-11-08T00:00:00.000"}
	for i, text := range texts {
		mustSend(t, k, "POST", "/api/events/", fmt.Sprintf(
			`{"data":{"type":"event","attributes":{"time":%q,"unique_id":"%d","profile":{"$email":"ada@example.com"},"metric":{"name":"Paid"},"properties":{}}}}`, text, i))
	}
	for i, e := range k.Events() {
		if !e.Time.Equal(want) {
			t.Errorf("%s became %v", texts[i], e.Time)
		}
	}
	if n := len(k.Events()); n != len(texts) {
		t.Errorf("%d events", n)
	}
	for _, text := range []string{"2022-11-08 00:00:00", "2022-11-08", "2022-02-30T00:00:00", "now"} {
		r := send(t, k, "POST", "/api/events/", fmt.Sprintf(
			`{"data":{"type":"event","attributes":{"time":%q,"profile":{"$email":"ada@example.com"},"metric":{"name":"Paid"},"properties":{}}}}`, text))
		if r.status != http.StatusBadRequest || r.pointers(t) != "/data/attributes/time" {
			t.Errorf("%s: %d %s", text, r.status, r.body)
		}
	}
	mustSend(t, k, "GET", "/api/events/?filter=less-than(datetime,2022-11-08T00:00:01)", "")
}

// The response to an unsupported operation does not say that Klaviyo lacks it.
func TestUnsupportedOperations(t *testing.T) {
	for _, tt := range []struct {
		revision, method, path string
		status                 int
		detail                 string
	}{
		{"2023-02-22", "GET", "/api/flows/", 404, "klaviyotest does not support GET /api/flows/. In revision 2023-02-22 it supports POST /api/data-privacy-deletion-jobs/, GET /api/events/,"},
		{"2023-02-22", "POST", "/api/profile-import/", 404, "No valid revisions found"},
		{"2023-02-22", "DELETE", "/api/lists/L/", 405, "klaviyotest does not support DELETE /api/lists/L/. It supports GET for this path."},
		{"2023-02-22", "GET", "/api/lists", 404, "Paths of this revision end in a slash."},
		{"2026-07-15", "GET", "/api/flows", 404, "klaviyotest does not support GET /api/flows. In revision 2026-07-15 it supports GET /api/accounts,"},
		{"2026-07-15", "POST", "/api/profile-unsubscription-bulk-create-jobs/", 404, "No valid revisions found"},
		{"2026-07-15", "DELETE", "/api/lists/L", 405, "klaviyotest does not support DELETE /api/lists/L. It supports GET for this path."},
		{"2026-07-15", "PUT", "/api/profiles", 405, "It supports GET and POST for this path."},
		{"2026-07-15", "GET", "/api/lists/", 404, "Paths of this revision don't end in a slash."},
	} {
		var body struct {
			Errors []struct{ Code, Detail string }
		}
		r := send(t, New(WithList("L", "Newsletter")), tt.method, tt.path, "", ofRevision(tt.revision))
		if err := json.Unmarshal([]byte(r.body), &body); err != nil {
			t.Fatal(err)
		}
		if r.status != tt.status || len(body.Errors) != 1 || !strings.Contains(body.Errors[0].Detail, tt.detail) {
			t.Errorf("%s %s %s: %d %s", tt.revision, tt.method, tt.path, r.status, r.body)
			continue
		}
		ours := strings.Contains(tt.detail, "upports")
		if code := body.Errors[0].Code; (code == codeUnsupported) != ours {
			t.Errorf("%s %s %s: code %s", tt.revision, tt.method, tt.path, code)
		}
	}
}
