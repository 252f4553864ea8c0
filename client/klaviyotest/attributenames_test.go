package klaviyotest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestRenamed serves a revision that has the names of two attributes swapped, which its
// description takes as well.
func TestRenamed(t *testing.T) {
	revision := *revisionOf("2026-07-15")
	revision.attributeNames = attributeNames{"profile": {"title": "organization", "organization": "title"}}
	k := New(WithJobs(func(Job) JobPlan { return JobPlan{Fail: func(json.RawMessage) bool { return true }} }))
	call := func(method, path, body string) string {
		t.Helper()
		c := newCall(newRequest(t, method, path, body, ofRevision(revision.name())))
		if a := k.check(c); a != nil {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		c.revision = &revision
		a := k.execute(c)
		if a.status >= http.StatusBadRequest {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		return string(a.body)
	}
	const sent = adasEmail + `,"title":"Acme","properties":{"title":"custom"}`
	call("POST", "/api/profile-import", profileWith(sent))
	call("POST", "/api/events", nestedEventWith(`"email":"bo@example.com","title":"Acme"`, ""))
	for _, who := range []string{"ada@example.com", "bo@example.com"} {
		if got := find(t, k, who).Attributes; got.Organization != "Acme" || got.Title != "" {
			t.Errorf("the account has %+v", got)
		}
	}
	if got := string(find(t, k, "ada@example.com").Attributes.Properties); got != `{"title":"custom"}` {
		t.Errorf("the custom properties are %s", got)
	}
	call("POST", importsPath, importOf(`"external_id":"7","title":"Acme"`))
	jobs := k.Jobs()
	for path, want := range map[string]string{
		"/api/profiles":                                   `"title":"Acme"`,
		"/api/profiles?fields[profile]=title":             `{"title":"Acme"}`,
		"/api/events?include=profile":                     `"title":"Acme"`,
		importsPath + "/" + jobs[0].ID + "/import-errors": `"title":"Acme"`,
	} {
		if got := call("GET", path, ""); !strings.Contains(got, want) || strings.Contains(got, `"organization":"Acme"`) {
			t.Errorf("%s: %s", path, got)
		}
	}
}
