package rudderklaviyo_test

import (
	"os"
	"strings"
	"testing"
)

// shownPrograms are the pages that show programs, each as it is compiled or run.
var shownPrograms = map[string][]string{
	"README.md":        {"examples/send/main.go"},
	"docs/importer.md": {"examples/typed/main.go", "examples/importer/main.go", "examples/importer/main_test.go"},
	"docs/nightly.md":  {"examples/nightly/nightly.sh"},
}

func TestShownPrograms(t *testing.T) {
	for page, files := range shownPrograms {
		text := readPage(t, page)
		for _, file := range files {
			program, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			shown := "```sh\n" + string(program) + "```"
			if strings.HasSuffix(file, ".go") {
				_, code, _ := strings.Cut(string(program), "package main") // without the comment
				shown = "```go\npackage main" + code + "```"
			}
			if !strings.Contains(text, shown) {
				t.Errorf("%s doesn't show %s as it is", page, file)
			}
		}
	}
}
