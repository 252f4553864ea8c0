package mapper_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const differencesPage = "../docs/differences.md"

var differencesHead = []string{"RudderStack's transformer", "This project", "Test"}

// TestDifferences finds the test of each row in docs/differences.md.
func TestDifferences(t *testing.T) {
	golden := make(map[string]bool)
	for _, file := range goldenFiles(t) {
		for _, c := range file.cases {
			golden[file.name+"/"+c.name] = true
		}
	}
	rows, inTable := 0, false
	for i, line := range strings.Split(string(readFile(t, differencesPage)), "\n") {
		if !strings.HasPrefix(line, "|") {
			inTable = false
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line[1:], "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if slices.Equal(cells, differencesHead) || slices.Equal(cells, []string{"---", "---", "---"}) {
			inTable = true
			continue
		}
		if rows++; !inTable {
			t.Errorf("%s:%d: the row stands in no table", differencesPage, i+1)
		}
		if err := checkDifference(cells, golden); err != nil {
			t.Errorf("%s:%d: %v", differencesPage, i+1, err)
		}
	}
	if rows == 0 {
		t.Errorf("%s has no rows", differencesPage)
	}
}

// checkDifference says what a row lacks. It is told the names of the golden cases.
func checkDifference(cells []string, golden map[string]bool) error {
	if len(cells) != len(differencesHead) || slices.Contains(cells, "") {
		return fmt.Errorf("a row says what either does and names a test; this one has %q", cells)
	}
	name := strings.Trim(cells[len(cells)-1], "`")
	switch m := goTest.FindStringSubmatch(name); {
	case m != nil:
		return findGoTest(m[1], m[2])
	case !golden[name]:
		return fmt.Errorf("%q is neither a golden case, SECTION/RULE/CASE, nor PACKAGE.TestName", name)
	}
	return nil
}

// goTest is a test function with its package.
var goTest = regexp.MustCompile(`^((?:client|internal|mapper)[a-z/]*)\.(Test\w+)$`)

func findGoTest(pkg, name string) error {
	files, err := filepath.Glob(filepath.Join("..", pkg, "*_test.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.Contains(string(source), "\nfunc "+name+"(t *testing.T)") {
			return nil
		}
	}
	return fmt.Errorf("package %s has no test %s", pkg, name)
}

// TestMappingCallsNothing holds the package to its promise: without files, the
// network and a context, which each call of package klaviyo takes, it can call
// nobody.
func TestMappingCallsNothing(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			switch path, _ := strconv.Unquote(spec.Path.Value); path {
			case "context", "net", "net/http", "os", "syscall":
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
