package published

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFile names the published descriptions in each way.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "2023-02-22.json")
	if err := os.WriteFile(file, []byte(`{"info":{"version":"2023-02-22"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	yaml := filepath.Join(dir, "klaviyo.yaml")
	if err := os.WriteFile(yaml, []byte("info:\n  version: '2026-07-15'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, variable, revision, want string }{
		{"nothing", "", "2023-02-22", ""},
		{"a folder", dir, "2023-02-22", file},
		{"a folder without the revision", dir, "2026-07-15", ""},
		{"a file", file, "2023-02-22", file},
		{"a file of another revision", file, "2026-07-15", ""},
		{"a file in YAML", yaml, "2026-07-15", yaml},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("KLAVIYO_OPENAPI", tt.variable)
			if got := File(t, tt.revision); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestModuleRoot(t *testing.T) {
	if _, err := os.Stat(filepath.Join(moduleRoot(t), "internal", "published")); err != nil {
		t.Errorf("the root of the module isn't found: %v", err)
	}
}
