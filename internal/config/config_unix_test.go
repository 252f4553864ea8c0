//go:build unix

package config

import (
	"strings"
	"testing"
)

// TestEndlessFile expects an error in place of all of the machine's memory.
func TestEndlessFile(t *testing.T) {
	if _, err := Load("/dev/zero", ""); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%v", err)
	}
}
