package klaviyotest

import (
	"net/http"
	"testing"
)

func optedOut(r *http.Request) { r.Header.Set("X-Klaviyo-Revision-Fall-Forward-Opt-Out", "1") }

// TestRetiredRevision is answered 410, or read as the next that is left.
func TestRetiredRevision(t *testing.T) {
	const (
		profileAndMetric = "/data/attributes/metric/data /data/attributes/profile/data /data/attributes/metric/name /data/attributes/profile/$email"
		event            = `{"data":{"type":"event","attributes":{"profile":{"$email":"ada@example.com"},"metric":{"name":"M"},"properties":{}}}}`
	)
	for _, test := range []struct {
		name, method, path, body string
		retired                  []string
		optedOut                 bool
		status                   int
		pointers, detail         string
	}{
		{name: "opted out", method: "POST", path: "/api/events/", body: event, retired: revisionsUntil("2023-02-22"), optedOut: true, status: 410},
		{name: "opted out, reading", method: "GET", path: "/api/profiles/01A/", retired: revisionsUntil("2023-02-22"), optedOut: true, status: 410},
		{name: "opted out, no such path", method: "GET", path: "/api/nothing/", retired: revisionsUntil("2023-02-22"), optedOut: true, status: 404},
		{name: "event", method: "POST", path: "/api/events/", body: event, retired: revisionsUntil("2023-02-22"), status: 400, pointers: profileAndMetric},
		{name: "profile, which is alike", method: "POST", path: "/api/profiles/", body: profileWith(adasEmail), retired: revisionsUntil("2023-02-22"), status: 201},
		{name: "lists, which are alike", method: "GET", path: "/api/lists/", retired: revisionsUntil("2023-02-22"), status: 200},
		{name: "a removed path", method: "POST", path: "/api/profile-unsubscription-bulk-create-jobs/", body: unsubscriptionOf(`"emails":["ada@example.com"]`),
			retired: revisionsUntil("2023-02-22"), status: 404, detail: "No valid revisions found for method."},
		{name: "none is left", method: "POST", path: "/api/events/", body: event, retired: revisionsUntil(revisions[len(revisions)-1].name()), status: 404, detail: "No valid revisions found for method."},
		{name: "none is left, opted out", method: "POST", path: "/api/events", body: nestedEventWith(adasEmail, ""), retired: revisionsUntil(revisions[len(revisions)-1].name()), optedOut: true, status: 410},
		{name: "the later one goes on", method: "POST", path: "/api/events", body: nestedEventWith(adasEmail, ""), retired: revisionsUntil("2023-02-22"), optedOut: true, status: 202},
		{name: "the earlier one goes on", method: "POST", path: "/api/events/", body: event, retired: []string{"2026-07-15"}, optedOut: true, status: 202},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := New()
			for _, name := range test.retired {
				k.Retire(name)
			}
			var edits []func(*http.Request)
			if test.optedOut {
				edits = append(edits, optedOut)
			}
			if test.path[len(test.path)-1] == '/' {
				edits = append(edits, ofRevision("2023-02-22"))
			}
			r := send(t, k, test.method, test.path, test.body, edits...)
			if r.status != test.status {
				t.Fatalf("status %d, want %d: %s", r.status, test.status, r.body)
			}
			if test.pointers != "" && r.pointers(t) != test.pointers {
				t.Errorf("pointers %q, want %q", r.pointers(t), test.pointers)
			}
			if test.detail != "" && r.errors(t)[0].Detail != test.detail {
				t.Errorf("detail %q, want %q", r.errors(t)[0].Detail, test.detail)
			}
			if test.status == 410 && r.errors(t)[0].Code != "gone" {
				t.Errorf("code %q", r.errors(t)[0].Code)
			}
			if test.status >= 400 && len(k.Profiles())+len(k.Events()) > 0 {
				t.Error("a refused call was taken")
			}
		})
	}
}

// revisionsUntil are the revisions up to one.
func revisionsUntil(last string) (names []string) {
	for _, r := range revisions {
		if r.name() <= last {
			names = append(names, r.name())
		}
	}
	return names
}

// TestRetireInTheMiddle ends what was served until then, and what it took stays.
func TestRetireInTheMiddle(t *testing.T) {
	for _, test := range []struct{ revision, path, body string }{
		{"2023-02-22", "/api/events/", eventWith(`"unique_id":"1"`)},
		{"2026-07-15", "/api/events", nestedEventWith(adasEmail, `,"unique_id":"1"`)},
	} {
		k := New()
		mustSend(t, k, "POST", test.path, test.body, ofRevision(test.revision))
		k.Retire(test.revision)
		for range 2 {
			if r := send(t, k, "POST", test.path, test.body, ofRevision(test.revision), optedOut); r.status != http.StatusGone {
				t.Errorf("%s: status %d: %s", test.revision, r.status, r.body)
			}
		}
		if n := len(k.Events()); n != 1 {
			t.Errorf("%s: %d events", test.revision, n)
		}
	}
}

// TestOptionRetires as the method does.
func TestOptionRetires(t *testing.T) {
	if r := send(t, New(WithRetiredRevision("2023-02-22")), "GET", "/api/lists/", "", optedOut); r.status != http.StatusGone {
		t.Errorf("status %d", r.status)
	}
}
