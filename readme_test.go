package rudderklaviyo_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeProgram holds the README's program against the one that is compiled.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("examples/send/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "package main")
	if !strings.Contains(string(readme), "```go\npackage main"+code+"```") {
		t.Error("README.md doesn't show examples/send/main.go as it is")
	}
}
