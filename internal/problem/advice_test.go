package problem

import (
	"os"
	"regexp"
	"testing"
)

var row = regexp.MustCompile(`(?m)^\| .([a-z_]+). \| (?:error|warning|skip|error or warning) \| .*? \| ([^|]*) \|$`)

// TestAdviceIsThatOfTheDocs finds a code of the mapper that has none, or other words.
func TestAdviceIsThatOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := row.FindAllStringSubmatch(string(page), -1)
	if len(rows) < 30 {
		t.Fatalf("%d codes are found", len(rows))
	}
	for _, r := range rows {
		if got := Advice(r[1]); got != r[2] {
			t.Errorf("%s: %q, want %q", r[1], got, r[2])
		}
	}
}
