// Package published finds the descriptions that Klaviyo publishes, for tests that hold
// ours against them. They are no part of the module: the environment variable
// KLAVIYO_OPENAPI names them, one file or a folder with REVISION.json of each.
package published

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// File gives the file of a revision, or nothing if KLAVIYO_OPENAPI names none of that
// revision. A relative name starts at the root of the module.
func File(t testing.TB, revision string) string {
	t.Helper()
	name := os.Getenv("KLAVIYO_OPENAPI")
	if name == "" {
		return ""
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(moduleRoot(t), name)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatalf("KLAVIYO_OPENAPI: %v", err)
	}
	if info.IsDir() {
		name = filepath.Join(name, revision+".json")
		if _, err := os.Stat(name); os.IsNotExist(err) {
			return ""
		}
	}
	if revisionOf(t, name) != revision {
		if info.IsDir() {
			t.Fatalf("%s is of another revision", name)
		}
		return ""
	}
	return name
}

// Read gives the description of a revision. Where there is none, the test is skipped.
func Read(t testing.TB, revision string) []byte {
	t.Helper()
	name := File(t, revision)
	if name == "" {
		t.Skipf("KLAVIYO_OPENAPI names no published description of revision %s", revision)
	}
	return read(t, name)
}

func revisionOf(t testing.TB, name string) string {
	t.Helper()
	var document struct{ Info struct{ Version string } }
	data := read(t, name)
	if json.Unmarshal(data, &document) != nil { // much faster, where it is JSON
		if err := yaml.Unmarshal(data, &document); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return document.Info.Version
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// moduleRoot is the folder above a test that holds go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("there is no go.mod above this test")
		}
		dir = up
	}
}
