package rudderklaviyo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
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

// shownFunctions are the files whose functions a page shows, each as it is compiled and tested.
var shownFunctions = map[string]string{"docs/importer.md": "examples/calls/calls.go"}

func TestShownFunctions(t *testing.T) {
	for page, name := range shownFunctions {
		text := readPage(t, page)
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		shown := 0
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			shown++
			code := source[files.Position(f.Doc.Pos()).Offset:files.Position(f.End()).Offset]
			if !strings.Contains(text, "```go\n"+string(code)+"\n```\n") {
				t.Errorf("%s doesn't show %s of %s as it is", page, f.Name, name)
			}
		}
		if shown == 0 {
			t.Errorf("%s has no functions", name)
		}
	}
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
