package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadAdminToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	for text, want := range map[string]string{"token-0123\n": "token-0123", "  token-0123": "token-0123", "": "", "\n": "", "token-0123 token-4567": ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadAdminToken(file)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "0123") {
			t.Errorf("the error shows a token: %v", err)
		}
	}
}
