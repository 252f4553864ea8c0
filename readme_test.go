package rudderklaviyo_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadmePrograms holds the README's programs against those that are compiled.
func TestReadmePrograms(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"examples/send/main.go", "examples/typed/main.go"} {
		program, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, code, _ := strings.Cut(string(program), "package main")
		if !strings.Contains(string(readme), "```go\npackage main"+code+"```") {
			t.Errorf("README.md doesn't show %s as it is", file)
		}
	}
}
