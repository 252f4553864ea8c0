package openapi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/published"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// aboutOurs are the packages whose tests are about a description that is in our words
// and has our operations alone.
var aboutOurs = []string{module, module + "/internal/description", module + "/internal/specupdate"}

// aboutNone are the packages whose tests no description can change, and take long.
var aboutNone = []string{module + "/internal/stream", module + "/internal/gateway", module + "/internal/admin"}

const module = "github.com/rudderklaviyo/rudderklaviyo"

// TestPublishedTakesOurPlace copies the module, puts the published files in the
// places of our descriptions, and generates, builds and tests it without any other
// change.
func TestPublishedTakesOurPlace(t *testing.T) {
	theirs := make(map[string][]byte)
	for _, revision := range openapi.Revisions() {
		if published.File(t, revision) != "" {
			theirs[revision] = published.Read(t, revision)
		}
	}
	if len(theirs) == 0 {
		t.Skip("KLAVIYO_OPENAPI names no published description")
	}
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	// Another folder's git has no business here, nor have the tests that need the file.
	if err := os.RemoveAll(filepath.Join(root, ".git")); err != nil {
		t.Fatal(err)
	}
	for revision, data := range theirs {
		if err := os.WriteFile(filepath.Join(root, "openapi", revision, "klaviyo.yaml"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "KLAVIYO_OPENAPI=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("generate", "./...")
	run("build", "./...")
	run("vet", "./...")
	packages := slices.DeleteFunc(strings.Fields(run("list", "./...")), func(path string) bool {
		return slices.Contains(aboutOurs, path) || slices.Contains(aboutNone, path)
	})
	run(append([]string{"test", "-short"}, packages...)...) // without the hundred kills
}
