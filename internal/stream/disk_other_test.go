//go:build !linux

package stream

import (
	"os"
	"testing"
)

// readOnly makes a folder one that can't be written.
func readOnly(t *testing.T, dir string) {
	if os.Geteuid() <= 0 {
		t.Skip("this user may write everywhere")
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
}
