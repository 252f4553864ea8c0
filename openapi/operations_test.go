package openapi_test

import (
	"strings"
	"testing"
	"time"

	klaviyo2023 "github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	klaviyo2026 "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// operation is what the packages of all revisions say of one.
type operation struct {
	method, path, mediaType, revision string
	public                            bool
	burst, steady, daily              int
	scopes                            string
}

func operations2023() map[string]operation {
	all := make(map[string]operation)
	for op := range klaviyo2023.Operations() {
		all[string(op.ID)] = operation{op.Method, op.Path, op.MediaType, op.Revision, op.Public, op.Burst.Calls, op.Steady.Calls, op.Daily.Calls, strings.Join(op.Scopes, " ")}
	}
	return all
}

func operations2026() map[string]operation {
	all := make(map[string]operation)
	for op := range klaviyo2026.Operations() {
		all[string(op.ID)] = operation{op.Method, op.Path, op.MediaType, op.Revision, op.Public, op.Burst.Calls, op.Steady.Calls, op.Daily.Calls, strings.Join(op.Scopes, " ")}
	}
	return all
}

// TestEachOperation holds the tables of the packages against the descriptions: each
// operation generated is described.
func TestEachOperation(t *testing.T) {
	packages := map[string]map[string]operation{klaviyo2023.Revision: operations2023(), klaviyo2026.Revision: operations2026()}
	counts := map[string]int{"2023-02-22": 22, "2026-07-15": 34}
	eachRevision(t, func(t *testing.T, revision string) {
		operations := packages[revision]
		if len(operations) != counts[revision] {
			t.Errorf("%d operations, want %d", len(operations), counts[revision])
		}
		root, err := description.Parse(describe(t, revision))
		if err != nil {
			t.Fatal(err)
		}
		described := make(map[string]description.Operation)
		for _, d := range description.Operations(root) {
			described[d.ID] = d
		}
		for id, op := range operations {
			d := described[id]
			if op.method != strings.ToUpper(d.Method) || op.path != d.Path {
				t.Errorf("%s: described as %s %s, generated as %s %s", id, d.Method, d.Path, op.method, op.path)
			}
			if op.revision != revision || op.burst <= 0 || op.steady < op.burst || op.scopes == "" {
				t.Errorf("%s: %+v", id, op)
			}
			if op.public != strings.HasPrefix(d.Path, "/client/") {
				t.Errorf("%s: public is %v", id, op.public)
			}
		}
	})
}

func TestOperation(t *testing.T) {
	want := operation{"POST", "/api/events/", "application/json", "2023-02-22", false, 350, 3500, 0, "events:write"}
	if got := operations2023()["create_event"]; got != want {
		t.Errorf("create_event: %+v, want %+v", got, want)
	}
	want = operation{"POST", "/api/lists", "application/vnd.api+json", "2026-07-15", false, 10, 150, 150, "lists:write"}
	if got := operations2026()["create_list"]; got != want {
		t.Errorf("create_list: %+v, want %+v", got, want)
	}
	op, _ := klaviyo2026.LookupOperation("create_list")
	if op.Burst.Window != time.Second || op.Steady.Window != time.Minute || op.Daily.Window != 24*time.Hour {
		t.Errorf("the windows of create_list: %v, %v, %v", op.Burst, op.Steady, op.Daily)
	}
}

// TestMatchOperation finds each operation by its own method and path, and none by
// others.
func TestMatchOperation(t *testing.T) {
	for id, op := range operations2023() {
		if found, ok := klaviyo2023.MatchOperation(op.method, op.path); !ok || string(found.ID) != id {
			t.Errorf("%s: its own method and path match %q", id, found.ID)
		}
	}
	for id, op := range operations2026() {
		if found, ok := klaviyo2026.MatchOperation(op.method, op.path); !ok || string(found.ID) != id {
			t.Errorf("%s: its own method and path match %q", id, found.ID)
		}
	}
	if op, ok := klaviyo2023.MatchOperation("PATCH", "/api/profiles/01H/"); !ok || op.ID != klaviyo2023.OperationUpdateProfile {
		t.Errorf("a path with an id matches %q", op.ID)
	}
	for _, path := range []string{"/api/profiles/01H", "/api/profiles//", "/api/nothing/", "/api/profiles/01H/x/"} {
		if op, ok := klaviyo2023.MatchOperation("PATCH", path); ok {
			t.Errorf("%s matches %s", path, op.ID)
		}
	}
	if op, ok := klaviyo2026.MatchOperation("GET", "/api/profile-bulk-import-jobs/01H/import-errors"); !ok || op.ID != klaviyo2026.OperationGetErrorsForBulkImportProfilesJob {
		t.Errorf("a path with an id matches %q", op.ID)
	}
	if op, ok := klaviyo2026.MatchOperation("POST", "/api/events/"); ok {
		t.Errorf("a path with a slash at its end matches %s", op.ID)
	}
}
