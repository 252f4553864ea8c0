package rudderklaviyo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// revisioned are the folders in which each revision may have a file named after it.
var revisioned = []string{"mapper", "client", "client/klaviyotest", "internal/delivery"}

// revisionList is the program's list of the revisions.
const revisionList = "internal/command/revisions.go"

// passedOver are folders whose files name the revision that they need: generated code,
// and programs that stand for those of users.
var passedOver = []string{".git", "generated", "examples", "testdata"}

// TestRevisionsHaveFilesOfTheirOwn finds the hand-written files that import the package of a
// revision or have its name in a string. A further revision adds files named after it, and a
// line to the program's list; it changes no others.
func TestRevisionsHaveFilesOfTheirOwn(t *testing.T) {
	revisions := openapi.Revisions()
	own := map[string]string{} // the revision by the name of its file
	for _, revision := range revisions {
		for _, folder := range revisioned {
			own[folder+"/revision_"+strings.ReplaceAll(revision, "-", "_")+".go"] = revision
		}
	}
	found := map[string]bool{}
	for _, name := range handWritten(t) {
		named := namedIn(t, name, revisions)
		found[name] = len(named) > 0
		revision, isOwn := own[name]
		switch {
		case len(named) == 0, name == revisionList, isOwn && slices.Equal(named, []string{revision}):
		case isOwn:
			t.Errorf("%s names %q, and is the file of %s", name, named, revision)
		default:
			t.Errorf("%s names %q: move that to the revision's own file", name, named)
		}
	}
	if len(revisions) < 2 || !found[revisionList] || !found["mapper/revision_2023_02_22.go"] {
		t.Errorf("the revisions are %q, and not even %s names them", revisions, revisionList)
	}
}

// handWritten are the module's Go files outside of tests.
func handWritten(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(passedOver, path.Base(name)):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// namedIn returns the revisions that a file's strings name, those of its imports included.
func namedIn(t *testing.T, name string, revisions []string) (named []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(name), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		text, ok := n.(*ast.BasicLit)
		if !ok || text.Kind != token.STRING {
			return true
		}
		for _, revision := range revisions {
			if strings.Contains(text.Value, revision) && !slices.Contains(named, revision) {
				named = append(named, revision)
			}
		}
		return true
	})
	return named
}
