package klaviyotest

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestEveryOperationIsServed(t *testing.T) {
	if files, err := filepath.Glob("revision_*.go"); err != nil || len(revisions) != len(files) {
		t.Errorf("%d revisions are served, of %q (%v)", len(revisions), files, err)
	}
	for _, r := range revisions {
		for op := range r.operations.All() {
			served := r.operationSpecs[op]
			if served.handler == nil {
				t.Errorf("%s: %s has no handler", r.name(), op)
			}
			if op.Method != http.MethodGet && served.rules == nil {
				t.Errorf("%s: %s has no rules", r.name(), op)
			}
		}
		if len(r.operationSpecs) != len(r.operations) {
			t.Errorf("%s: %d operations are served, and it has %d", r.name(), len(r.operationSpecs), len(r.operations))
		}
	}
}

func TestAuthentication(t *testing.T) {
	const event = `{"data":{"type":"event","attributes":{"profile":{"$email":"ada@example.com"},"metric":{"name":"M"},"properties":{}}}}`
	tests := []struct {
		name         string
		method, path string
		body         string
		edit         func(*http.Request)
		status       int
		code         string
	}{
		{"right key", "GET", "/api/lists/", "", nil, 200, ""},
		{"no key", "GET", "/api/lists/", "", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "not_authenticated"},
		{"empty key", "GET", "/api/lists/", "", withAuthorization("Klaviyo-API-Key "), 401, "not_authenticated"},
		{"another scheme", "GET", "/api/lists/", "", withAuthorization("Bearer pk_test"), 401, "not_authenticated"},
		{"another key", "GET", "/api/lists/", "", withAuthorization("Klaviyo-API-Key pk_other"), 401, "authentication_failed"},
		{"key comes before revision", "GET", "/api/lists/", "", func(r *http.Request) { r.Header = http.Header{} }, 401, "not_authenticated"},
		{"client without company", "POST", "/client/events/", event, nil, 400, "invalid"},
		{"client with another company", "POST", "/client/events/?company_id=other", event, nil, 400, "invalid"},
		{"client without key", "POST", "/client/events/?company_id=COMPNY", event, func(r *http.Request) { r.Header.Del("Authorization") }, 202, ""},
		{"no such path", "GET", "/api/flows/", "", nil, 404, "unsupported_by_klaviyotest"},
		{"no slash at the end", "GET", "/api/lists", "", ofRevision("2023-02-22"), 404, "not_found"},
		{"a slash at the end", "GET", "/api/lists/", "", ofRevision("2026-07-15"), 404, "not_found"},
		{"not in this revision", "POST", "/api/event-bulk-create-jobs", "{}", ofRevision("2023-02-22"), 404, "not_found"},
		{"no such method", "DELETE", "/api/lists/", "", nil, 405, "unsupported_by_klaviyotest"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := New(WithKey("pk_test"), WithCompanyID("COMPNY"))
			var edits []func(*http.Request)
			if test.edit != nil {
				edits = append(edits, test.edit)
			}
			r := send(t, k, test.method, test.path, test.body, edits...)
			if r.status != test.status {
				t.Fatalf("status %d, want %d: %s", r.status, test.status, r.body)
			}
			if test.code != "" && r.errors(t)[0].Code != test.code {
				t.Errorf("code %q, want %q", r.errors(t)[0].Code, test.code)
			}
			if strings.Contains(r.body, "pk_other") {
				t.Error("the response quotes the key")
			}
		})
	}
}

func TestAnyKeyByDefault(t *testing.T) {
	if r := send(t, New(), "GET", "/api/lists/", "", withAuthorization("Klaviyo-API-Key whatever")); r.status != 200 {
		t.Errorf("status %d", r.status)
	}
}

func TestInvalidOptionsPanic(t *testing.T) {
	tests := map[string]func(){
		"empty key":           func() { New(WithKey("")) },
		"empty company":       func() { New(WithCompanyID("")) },
		"unknown operation":   func() { New(WithLimit(nil, CallLimits{PerSecond: 1, PerMinute: 1})) },
		"limit of none":       func() { New(WithLimit(klaviyo.OperationGetLists, CallLimits{PerSecond: 0, PerMinute: 1})) },
		"the same list twice": func() { New(WithList("L", "one"), WithList("L", "two")) },
		"page without status": func() { New().Inject(Fault{HTML: "<p>"}) },
		"unknown spending":    func() { New().Spend(nil, 1) },
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	k := New(WithoutLimits())
	k.Inject(Fault{Status: 500, Times: 5})
	hc := &http.Client{Transport: k.Transport()}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				r := newRequest(t, "POST", "/api/events/",
					`{"data":{"type":"event","attributes":{"profile":{"$email":"`+string(rune('a'+i))+`@example.com"},"metric":{"name":"M"},"properties":{}}}}`)
				rsp, err := hc.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_ = rsp.Body.Close()
				_, _, _ = k.Profiles(), k.Events(), k.Requests()
			}
		})
	}
	wg.Wait()
	if n := len(k.Profiles()); n != 8 {
		t.Errorf("%d profiles, want 8", n)
	}
	if n := len(k.Requests()); n != 160 {
		t.Errorf("%d requests, want 160", n)
	}
	failed := slices.DeleteFunc(k.Requests(), func(r Request) bool { return r.Status != 500 })
	if len(failed) != 5 {
		t.Errorf("%d requests failed, want 5", len(failed))
	}
}

func BenchmarkCreateEvent(b *testing.B) {
	k := New(WithoutLimits(), WithoutRequestLog())
	transport := k.Transport()
	const body = `{"data":{"type":"event","attributes":{"profile":{"$email":"ada@example.com","$first_name":"Ada","plan":"pro"},
		"metric":{"name":"Viewed Product"},"time":"2023-02-22T10:00:00Z","value":9.5,
		"properties":{"ProductName":"Lamp","Price":9.5,"Categories":["a","b"],"Items":[{"SKU":"1","Quantity":2}],"nested":{"a":{"b":1}}}}}}`
	for b.Loop() {
		r, err := http.NewRequest("POST", "https://a.klaviyo.com/api/events/", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header = http.Header{
			"Authorization": {"Klaviyo-API-Key pk_test"}, "Revision": {"2023-02-22"}, "Content-Type": {"application/json"},
		}
		rsp, err := transport.RoundTrip(r)
		if err != nil || rsp.StatusCode != 202 {
			b.Fatal(rsp, err)
		}
	}
}
