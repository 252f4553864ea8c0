package openapi_test

import (
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
	"github.com/rudderklaviyo/rudderklaviyo/internal/published"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// eachRevision runs a test for each revision that is described.
func eachRevision(t *testing.T, test func(t *testing.T, revision string)) {
	t.Helper()
	if len(openapi.Revisions()) < 2 {
		t.Fatalf("described are %q", openapi.Revisions())
	}
	for _, revision := range openapi.Revisions() {
		t.Run(revision, func(t *testing.T) { test(t, revision) })
	}
}

func describe(t *testing.T, revision string) []byte {
	t.Helper()
	data, err := openapi.Description(revision)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAgainstPublished compares our descriptions with the published ones.
func TestAgainstPublished(t *testing.T) {
	eachRevision(t, func(t *testing.T, revision string) {
		theirs, err := description.Parse(published.Read(t, revision))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := description.Parse(describe(t, revision))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range description.Compare(ours, description.Narrow(theirs, ours)) {
			t.Error(d)
		}
	})
}

func TestUnknownRevision(t *testing.T) {
	if _, err := openapi.Description("2022-10-17"); err == nil {
		t.Error("a revision that isn't described gives no error")
	}
}
