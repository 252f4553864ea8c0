package klaviyotest

import (
	"net/http"
	"strings"
	"testing"
)

func TestSchemaViolations(t *testing.T) {
	tests := []struct {
		name         string
		method, path string
		body         string
		status       int
		pointers     string
	}{
		{"no body", "POST", "/api/events/", "", 415, ""},
		{"no JSON", "POST", "/api/profiles/", `{"data":`, 400, ""},
		{"two values", "POST", "/api/profiles/", `{} {}`, 400, ""},
		{"empty object", "POST", "/api/profiles/", `{}`, 400, "/data"},
		{"missing type", "POST", "/api/profiles/", `{"data":{"attributes":{"email":"ada@example.com"}}}`, 400, "/data/type"},
		{"wrong type", "POST", "/api/profiles/", `{"data":{"type":"secret","attributes":{"email":"ada@example.com"}}}`, 400, "/data/type"},
		{"unknown attribute", "POST", "/api/profiles/", `{"data":{"type":"profile","attributes":{"email":"ada@example.com","a/b~c":"secret"}}}`, 400, "/data/attributes/a~1b~0c"},
		{"unknown field of an element", "POST", "/api/profile-subscription-bulk-create-jobs/",
			`{"data":{"type":"profile-subscription-bulk-create-job","attributes":{"list_id":"L","subscriptions":[{"email":"ada@example.com"},{"email":"bo@example.com","name":"secret"}]}}}`,
			400, "/data/attributes/subscriptions/1/name"},
		{"number as text", "POST", "/api/profiles/", `{"data":{"type":"profile","attributes":{"email":"ada@example.com","first_name":42}}}`, 400, "/data/attributes/first_name"},
		{"null in an identifier", "POST", "/api/profiles/", `{"data":{"type":"profile","attributes":{"email":null,"external_id":"1"}}}`, 400, "/data/attributes/email"},
		{"null in a name", "POST", "/api/profiles/", `{"data":{"type":"profile","attributes":{"email":"ada@example.com","first_name":null,"location":{"city":null}}}}`, 201, ""},
		{"latitude as text and number", "POST", "/api/profiles/", `{"data":{"type":"profile","attributes":{"email":"ada@example.com","location":{"latitude":"51.5","longitude":-0.1}}}}`, 201, ""},
		{"latitude as flag", "POST", "/api/profiles/", `{"data":{"type":"profile","attributes":{"email":"ada@example.com","location":{"latitude":true}}}}`, 400, "/data/attributes/location/latitude"},
		{"all faults at once", "POST", "/api/events/", `{"data":{"type":"event","attributes":{"profile":[],"metric":{},"time":5}}}`, 400,
			"/data/attributes/metric/name /data/attributes/profile /data/attributes/time /data/attributes/properties"},
		{"value as text", "POST", "/api/events/", `{"data":{"type":"event","attributes":{"profile":{"$email":"ada@example.com"},"metric":{"name":"M"},"properties":{},"value":"9"}}}`, 400, "/data/attributes/value"},
		{"an event of a later revision", "POST", "/api/events/",
			`{"data":{"type":"event","attributes":{"profile":{"data":{"type":"profile","attributes":{"email":"ada@example.com"}}},"metric":{"data":{"type":"metric","attributes":{"name":"M"}}},"properties":{}}}}`,
			400, "/data/attributes/metric/name /data/attributes/metric/data"},
		{"a channel's kind", "POST", "/api/profile-subscription-bulk-create-jobs/",
			`{"data":{"type":"profile-subscription-bulk-create-job","attributes":{"list_id":"L","subscriptions":[{"email":"ada@example.com","channels":{"email":["secret"]}}]}}}`,
			400, "/data/attributes/subscriptions/0/channels/email/0"},
		{"members that are no profiles", "POST", "/api/lists/L/relationships/profiles/", `{"data":[{"type":"secret","id":"1"}]}`, 400, "/data/0/type"},
		{"page too large", "GET", "/api/profiles/?page[size]=101", "", 400, "page[size]"},
		{"page no number", "GET", "/api/profiles/?page[size]=secret", "", 400, "page[size]"},
		{"sort", "GET", "/api/profiles/?sort=secret", "", 400, "sort"},
		{"fields", "GET", "/api/profiles/?fields[profile]=email,created", "", 200, ""},
		{"fields in two parameters", "GET", "/api/profiles/?fields[profile]=email&fields[profile]=created", "", 200, ""},
		{"an unknown field in two parameters", "GET", "/api/profiles/?fields[profile]=email&fields[profile]=secret", "", 400, "fields[profile]"},
		{"include with commas", "GET", "/api/events/?include=metrics,profiles", "", 200, ""},
		{"include something unknown", "GET", "/api/events/?include=metrics,secret", "", 400, "include"},
		{"fields without a value", "GET", "/api/profiles/?fields[profile]=", "", 400, "fields[profile]"},
		{"meta of a client's profile", "POST", "/client/profiles/?company_id=ABC123",
			`{"data":{"type":"profile","attributes":{"email":"ada@example.com"},"meta":{"patch_properties":{"append":{"sizes":"M"},"unset":"size"}}}}`, 202, ""},
		{"unknown field of a client's profile", "POST", "/client/profiles/?company_id=ABC123",
			`{"data":{"type":"profile","attributes":{"email":"ada@example.com"},"mata":{}}}`, 400, "/data/mata"},
		{"meta of a profile", "POST", "/api/profiles/", `{"data":{"type":"profile","attributes":{"email":"ada@example.com"},"meta":{}}}`, 400, "/data/meta"},
		{"unknown fields", "GET", "/api/profiles/?fields[profile]=email,secret", "", 400, "fields[profile]"},
		{"escapes", "GET", "/api/profiles/?sort=%zz", "", 400, ""},
	}
	for name, d := range descriptions(t) {
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				k := newKlaviyo(d, []Option{WithList("L", "list")})
				r := send(t, k, test.method, test.path, test.body)
				if r.status != test.status {
					t.Fatalf("status %d, want %d: %s", r.status, test.status, r.body)
				}
				if test.status < 400 {
					return
				}
				if got := r.pointers(t); got != test.pointers {
					t.Errorf("pointers %q, want %q", got, test.pointers)
				}
				for _, quoted := range []string{"secret", "ada@", "42"} {
					for _, e := range r.errors(t) {
						if strings.Contains(e.Detail+e.Title, quoted) {
							t.Errorf("the detail %q quotes a value", e.Detail)
						}
					}
				}
			})
		}
	}
}

func TestRevision(t *testing.T) {
	for name, value := range map[string]string{"missing": "", "another": "2023-06-15"} {
		t.Run(name, func(t *testing.T) {
			r := send(t, New(), "GET", "/api/lists/", "", func(r *http.Request) { r.Header.Set("Revision", value) })
			if r.status != 400 || r.pointers(t) != "revision" {
				t.Fatalf("status %d: %s", r.status, r.body)
			}
			if !strings.Contains(r.errors(t)[0].Detail, "revision") {
				t.Errorf("the detail %q doesn't name the revision", r.errors(t)[0].Detail)
			}
		})
	}
}

func TestContentType(t *testing.T) {
	const body = `{"data":{"type":"list","attributes":{"name":"N"}}}`
	for contentType, status := range map[string]int{
		"application/json":                201,
		"application/json; charset=utf-8": 201,
		"text/plain":                      415,
		"":                                415,
	} {
		r := send(t, New(), "POST", "/api/lists/", body, func(r *http.Request) { r.Header.Set("Content-Type", contentType) })
		if r.status != status {
			t.Errorf("Content-Type %q: status %d, want %d", contentType, r.status, status)
		}
	}
}

func TestDescriptionWithoutAnOperation(t *testing.T) {
	_, err := newDescription(revisions[0], []byte(`{"openapi":"3.0.2","info":{"title":"t","version":"v"},"paths":{}}`))
	if err == nil {
		t.Error("no error")
	}
}
