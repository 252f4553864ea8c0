package openapi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPublishedTakesOurPlace copies the module, puts the published file in the
// place of our description, and generates, builds and tests it without any other
// change.
func TestPublishedTakesOurPlace(t *testing.T) {
	published := readPublished(t)
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	// Another folder's git has no business here, nor have the tests that need the file.
	if err := os.RemoveAll(filepath.Join(root, ".git")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "openapi/2023-02-22/klaviyo.yaml"), published, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"go generate ./...", "go build ./...", "go vet ./...", "go test ./..."} {
		args := strings.Fields(command)
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "KLAVIYO_OPENAPI=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
}
