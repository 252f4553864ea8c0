package doctor

import (
	"os"
	"strings"
	"testing"
)

// TestDocs checks the table of docs/doctor.md against the checks.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## The checks")
	table, _, _ = strings.Cut(table, "\n## ")
	var documented []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); len(cells) == 2 && cells[0] != "| Check" {
			documented = append(documented, strings.TrimPrefix(cells[0], "| "))
		}
	}
	var names []string
	for _, c := range checks {
		names = append(names, c.name)
	}
	if got, want := strings.Join(documented, ", "), strings.Join(names, ", "); got != want {
		t.Errorf("documented are %s, want %s", got, want)
	}
}
