package rudderklaviyo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// codeSources say where the codes of sections of docs/troubleshooting.md are declared.
var codeSources = []struct {
	sections     []string
	declarations []string // a file, and the names of declarations in it; without any all of its constants and variables
}{
	{[]string{"Events that aren't sent", "Warnings", "Skipped events"}, []string{
		"mapper/codes.go",
		"client/request.go WarningInvalidPhone WarningInvalidEmail WarningIdentifierConflict",
		"internal/command/source.go tooLong",
		"internal/transfer/note.go CodeUnchanged",
	}},
	{[]string{"Failed requests"}, []string{
		"internal/transfer/letter.go clientCodes describe",
		"client/klaviyotest/responses.go codeInvalid codeNotAuthenticated codeAuthenticationFailed codePermissionDenied codeNotFound " +
			"codeMethodNotAllowed codeDuplicateProfile codeGone codePayloadTooLarge codeUnsupportedMediaType codeThrottled codeError",
	}},
	{[]string{"Stopped runs"}, []string{
		"internal/transfer/stopcode.go stopCodes StopCode",
		"internal/command/stop.go stopCodes stopCode",
	}},
	{[]string{"Paused accounts"}, []string{"internal/service/pause.go pausings codeOf"}},
}

// TestTroubleshooting checks the codes of docs/troubleshooting.md against those that the code
// declares.
func TestTroubleshooting(t *testing.T) {
	page, err := os.ReadFile("docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := make(map[string]string)
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		sections[title] = text
	}
	row := regexp.MustCompile("(?m)^\\| ((?:`[a-z_]+`(?:, )?)+) \\|")
	for _, source := range codeSources {
		var want, got []string
		for _, declaration := range source.declarations {
			file, names, _ := strings.Cut(declaration, " ")
			want = append(want, declaredCodes(t, file, strings.Fields(names))...)
		}
		for _, title := range source.sections {
			if sections[title] == "" {
				t.Errorf("there is no section %q", title)
			}
			for _, match := range row.FindAllStringSubmatch(sections[title], -1) {
				for _, code := range strings.Split(match[1], ", ") {
					got = append(got, strings.Trim(code, "`"))
				}
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(slices.Compact(want), slices.Compact(got)); diff != "" {
			t.Errorf("%q: codes of the program -, of the page +:\n%s", source.sections, diff)
		}
	}
}

// declaredCodes are the strings with the form of a code in some of a file's declarations, or in
// all of its constants and variables.
func declaredCodes(t *testing.T, name string, declarations []string) (codes []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	isCode := regexp.MustCompile(`^"[a-z]+(_[a-z]+)*"$`)
	missing := slices.Clone(declarations)
	collect := func(names []*ast.Ident, node ast.Node) {
		if len(declarations) > 0 && !slices.Contains(declarations, names[0].Name) {
			return
		}
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == names[0].Name })
		ast.Inspect(node, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && isCode.MatchString(literal.Value) {
				codes = append(codes, strings.Trim(literal.Value, `"`))
			}
			return true
		})
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if len(declarations) > 0 {
				collect([]*ast.Ident{d.Name}, d)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if spec, ok := spec.(*ast.ValueSpec); ok {
					collect(spec.Names, spec)
				}
			}
		}
	}
	if len(missing) > 0 || len(codes) == 0 {
		t.Errorf("%s: no codes, or no declaration of %q", name, missing)
	}
	return codes
}
