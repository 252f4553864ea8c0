package server

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// logging are the folders whose packages write to the log of serve.
var logging = []string{".", "../service", "../stream", "../admin", "../gateway", "../inbox"}

// severities are the logger's methods that an operator sees by default, and which argument is
// the message.
var severities = map[string]int{"Info": 0, "Warn": 0, "Error": 0, "Log": 2}

// TestLogMessages holds the messages of the log to their form, which is the same for all, and to
// the table of docs/operations.md.
func TestLogMessages(t *testing.T) {
	docs, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(docs), "\n## The log\n")
	section, _, _ = strings.Cut(section, "\n## ")
	form := regexp.MustCompile(`^[a-z][^:;,.]{0,39}$`)
	found := 0
	for _, folder := range logging {
		for _, m := range messagesIn(t, folder) {
			found++
			switch {
			case !form.MatchString(m):
				t.Errorf("%s: the message %q isn't a few words in lower case: put the rest into attributes", folder, m)
			case !strings.Contains(section, "`"+m+"`"):
				t.Errorf("%s: docs/operations.md doesn't explain %q", folder, m)
			}
		}
	}
	if found < 25 {
		t.Errorf("only %d messages are found", found)
	}
}

func messagesIn(t *testing.T, folder string) (messages []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			at, ok := severities[method.Sel.Name]
			if !ok || len(call.Args) <= at {
				return true
			}
			if text, ok := call.Args[at].(*ast.BasicLit); ok && text.Kind == token.STRING {
				message, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				messages = append(messages, message)
			}
			return true
		})
	}
	return messages
}
