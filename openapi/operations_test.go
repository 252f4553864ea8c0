package openapi_test

import (
	"strings"
	"testing"
	"time"

	klaviyo2023 "github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	klaviyo2026 "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// packages are the tables of operations of the generated packages.
var packages = map[string]runtime.Operations{
	klaviyo2023.Revision: klaviyo2023.Operations,
	klaviyo2026.Revision: klaviyo2026.Operations,
}

// TestEachOperation checks the tables of the packages against the descriptions: each
// operation generated is described.
func TestEachOperation(t *testing.T) {
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
		for op := range operations.All() {
			d := described[op.String()]
			if op.Method != strings.ToUpper(d.Method) || op.Path != d.Path {
				t.Errorf("%s: described as %s %s, generated as %s %s", op, d.Method, d.Path, op.Method, op.Path)
			}
			if op.Revision != revision || op.MediaType == "" || op.Burst.Calls <= 0 || op.Steady.Calls < op.Burst.Calls || len(op.Scopes) == 0 {
				t.Errorf("%s: %+v", op, op)
			}
			if op.Public != strings.HasPrefix(d.Path, "/client/") {
				t.Errorf("%s: public is %v", op, op.Public)
			}
			if found, ok := operations.Match(op.Method, op.Path); !ok || found != op {
				t.Errorf("%s: its own method and path match %s", op, found)
			}
		}
	})
}

func TestOperation(t *testing.T) {
	day := runtime.RateLimit{Calls: 150, Window: 24 * time.Hour}
	if op := klaviyo2023.OperationCreateEvent; op.Burst != (runtime.RateLimit{Calls: 350, Window: time.Second}) || op.Steady != (runtime.RateLimit{Calls: 3500, Window: time.Minute}) || op.Daily != (runtime.RateLimit{}) {
		t.Errorf("the limits of create_event: %v, %v, %v", op.Burst, op.Steady, op.Daily)
	}
	if op := klaviyo2026.OperationCreateList; op.Path != "/api/lists" || op.MediaType != "application/vnd.api+json" || op.Daily != day {
		t.Errorf("create_list: %+v", op)
	}
}

// TestEndpoint is the same in each revision, whatever its paths end in.
func TestEndpoint(t *testing.T) {
	if a, b := klaviyo2023.OperationCreateEvent.Endpoint(), klaviyo2026.OperationCreateEvent.Endpoint(); a != b || a != "POST /api/events" {
		t.Errorf("%s and %s", a, b)
	}
}

// TestMatch finds an operation by a path with an id, and none by others.
func TestMatch(t *testing.T) {
	if op, ok := klaviyo2023.Operations.Match("PATCH", "/api/profiles/01H/"); !ok || op != klaviyo2023.OperationUpdateProfile {
		t.Errorf("a path with an id matches %s", op)
	}
	for _, path := range []string{"/api/profiles/01H", "/api/profiles//", "/api/nothing/", "/api/profiles/01H/x/"} {
		if op, ok := klaviyo2023.Operations.Match("PATCH", path); ok {
			t.Errorf("%s matches %s", path, op)
		}
	}
	if op, ok := klaviyo2026.Operations.Match("GET", "/api/profile-bulk-import-jobs/01H/import-errors"); !ok || op != klaviyo2026.OperationGetErrorsForBulkImportProfilesJob {
		t.Errorf("a path with an id matches %s", op)
	}
	if op, ok := klaviyo2026.Operations.Match("POST", "/api/events/"); ok {
		t.Errorf("a path with a slash at its end matches %s", op)
	}
}
