package openapi_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// readPublished reads the file that Klaviyo publishes and KLAVIYO_OPENAPI names. A
// relative name starts at the root of the module.
func readPublished(t *testing.T) []byte {
	t.Helper()
	file := os.Getenv("KLAVIYO_OPENAPI")
	if file == "" {
		t.Skip("KLAVIYO_OPENAPI names no published description of revision 2023-02-22")
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join("..", file)
	}
	published, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return published
}

// TestAgainstPublished compares our description with the published one.
func TestAgainstPublished(t *testing.T) {
	published, err := description.Parse(readPublished(t))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := description.Parse(openapi.Revision20230222())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range description.Compare(ours, description.Narrow(published, ours)) {
		t.Error(d)
	}
}
