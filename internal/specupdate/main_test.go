package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rudderklaviyo/rudderklaviyo/internal/published"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// TestOwnRevision runs specupdate for a revision that is already described.
func TestOwnRevision(t *testing.T) {
	root := newModule(t)
	before := contents(t, root)
	unchanged := func(t *testing.T) {
		t.Helper()
		if got := changed(before, contents(t, root)); len(got) > 0 {
			t.Errorf("written: %q", got)
		}
	}
	same := func(t *testing.T, revision, file string) {
		t.Helper()
		var out bytes.Buffer
		if err := run(t.Context(), root, file, &out); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		if !strings.Contains(out.String(), "no difference to openapi/"+revision) {
			t.Errorf("printed %s", &out)
		}
		unchanged(t)
	}
	for _, revision := range openapi.Revisions() {
		t.Run("ours/"+revision, func(t *testing.T) {
			same(t, revision, newPublished(t, root, revision).file())
		})
		t.Run("published/"+revision, func(t *testing.T) {
			published.Read(t, revision)
			same(t, revision, published.File(t, revision))
		})
	}
	t.Run("changed", func(t *testing.T) {
		needOasdiff(t)
		p := newPublished(t, root, "2023-02-22")
		p.object("paths", "/api/profiles/", "post", limitExtension, "burst").Value = "7/s"
		var out bytes.Buffer
		err := run(t.Context(), root, p.file(), &out)
		if err == nil || !strings.Contains(err.Error(), "mend openapi/2023-02-22/klaviyo.yaml") {
			t.Errorf("got %v", err)
		}
		if !strings.Contains(out.String(), "the burst limit changed from `75/s` to `7/s`") {
			t.Errorf("printed %s", &out)
		}
		unchanged(t)
	})
}

// TestBadInput runs specupdate with unusable files, and without a file.
func TestBadInput(t *testing.T) {
	root := newModule(t)
	before := contents(t, root)
	const head = "openapi: 3.0.2\npaths: {}\ninfo: "
	tests := []struct {
		name, data string
		want       string
	}{
		{"neither JSON nor YAML", "{\"openapi\": [", "neither JSON nor YAML"},
		{"empty", "", "it is not an object"},
		{"a list", "[1, 2]", "it is not an object"},
		{"not OpenAPI", "{\"swagger\": \"2.0\"}", "the key openapi is missing"},
		{"another OpenAPI", "openapi: 3.1.0\npaths: {}", "the generator reads 3.0"},
		{"no paths", "openapi: 3.0.2", "the key paths is missing"},
		{"no revision", head + "{}", "take the file of a released revision"},
		{"no date", head + "{version: v3}", "take the file of a released revision"},
		{"a suffix", head + "{version: 2099-01-01.pre}", "take the file of a released revision"},
		{"an older revision", head + "{version: '2022-10-17'}", "take a later one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "published.json")
			if err := os.WriteFile(file, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err := run(t.Context(), root, file, &out)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want one with %q", err, tt.want)
			}
			if out.Len() > 0 {
				t.Errorf("printed %s", &out)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		err := run(t.Context(), root, filepath.Join(t.TempDir(), "published.json"), new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), "name the description that Klaviyo publishes") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("none of our operations", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "published.json")
		if err := os.WriteFile(file, []byte(head+"{version: '2099-01-01'}"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := run(t.Context(), root, file, new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), "none of our operations") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		p := newPublished(t, root, later)
		err := run(t.Context(), t.TempDir(), p.file(), new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), "run specupdate in the root of the module") {
			t.Errorf("got %v", err)
		}
	})
	if got := changed(before, contents(t, root)); len(got) > 0 {
		t.Errorf("written: %q", got)
	}
}

func TestParseChangelog(t *testing.T) {
	tests := []struct {
		name, entry string
		want        change
	}{
		{
			"a field of a request",
			`{"id":"new-required-request-property","text":"added the new required request property ` + "`data/attributes/source`" + `","level":3,"operation":"POST","operationId":"create_event","path":"/api/events/"}`,
			change{severity: breaking, operation: "create_event", call: "POST /api/events/", part: request, place: []string{"data", "attributes", "source"}},
		},
		{
			"a field of an answer's elements, which oasdiff calls harmless",
			`{"id":"response-optional-property-removed","text":"removed the optional property ` + "`data/items/allOf[#/components/schemas/L]/attributes/name` from the response with the `200` status" + `","level":1,"operation":"GET","operationId":"get_lists","path":"/api/lists/"}`,
			change{severity: breaking, operation: "get_lists", call: "GET /api/lists/", part: answer, place: []string{"data", "attributes", "name"}},
		},
		{
			"a value of an enum before its field",
			`{"id":"request-property-enum-value-removed","text":"removed the enum value ` + "`MARKETING` of the request property `data/attributes/channels/email/items/`" + `","level":3,"operation":"POST","operationId":"subscribe_profiles","path":"/x/"}`,
			change{severity: breaking, operation: "subscribe_profiles", call: "POST /x/", part: request, place: []string{"data", "attributes", "channels", "email"}},
		},
		{
			"a parameter",
			`{"id":"request-parameter-removed","text":"deleted the ` + "`query` request parameter `page[cursor]`" + `","level":2,"operation":"GET","operationId":"get_events","path":"/api/events/"}`,
			change{severity: breaking, operation: "get_events", call: "GET /api/events/", part: parameters, place: []string{"page[cursor]"}},
		},
		{
			"a warning",
			`{"id":"request-property-prefix-items-removed","text":"x","level":2,"operation":"GET","operationId":"get_events","path":"/api/events/"}`,
			change{severity: perhapsBreaking, operation: "get_events", call: "GET /api/events/", part: request},
		},
		{
			"a call",
			`{"id":"api-removed-without-deprecation","text":"api removed","level":3,"operation":"GET","operationId":"get_events","path":"/api/events/"}`,
			change{severity: breaking, operation: "get_events", call: "GET /api/events/", part: whole},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseChangelog([]byte("[" + tt.entry + "]"))
			if err != nil || len(got) != 1 {
				t.Fatalf("got %+v, %v", got, err)
			}
			got[0].text = ""
			if diff := cmp.Diff(tt.want, got[0], cmp.AllowUnexported(change{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
	if _, err := parseChangelog([]byte("no JSON")); err == nil {
		t.Error("invalid JSON was accepted")
	}
}
