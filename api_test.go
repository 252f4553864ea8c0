package rudderklaviyo_test

import (
	"flag"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/go/packages"
)

var updateAPI = flag.Bool("update", false, "write the listings of testdata/api anew")

const module = "github.com/rudderklaviyo/rudderklaviyo"

// TestAPI checks the exported API of each package that others can import against its
// listing in testdata/api, so that a change of it is a difference that somebody reads.
func TestAPI(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{
		Context: t.Context(),
		Mode:    packages.NeedName | packages.NeedTypes,
	}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	listings := make(map[string]string)
	for _, p := range loaded {
		for _, fault := range p.Errors {
			t.Error(fault)
		}
		path := strings.TrimPrefix(strings.TrimPrefix(p.PkgPath, module), "/")
		if path == "" || p.Name == "main" || strings.HasPrefix(path, "internal/") || strings.HasPrefix(path, "examples/") {
			continue
		}
		listings[strings.ReplaceAll(path, "/", "_")+".txt"] = listing(p.Types)
	}
	if t.Failed() {
		return
	}

	dir := filepath.Join("testdata", "api")
	if *updateAPI {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range listings {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if _, ok := listings[entry.Name()]; !ok {
			t.Errorf("%s lists a package that is gone", entry.Name())
		}
	}
	for name, text := range listings {
		data, _ := os.ReadFile(filepath.Join(dir, name))
		if diff := cmp.Diff(strings.Split(string(data), "\n"), strings.Split(text, "\n")); diff != "" {
			t.Errorf("the exported API changed; if that is intended, run go test . -run API -update\n%s, -, and now, +:\n%s", name, diff)
		}
	}
}

// listing is the exported API of a package, a line for each name, field and method.
func listing(pkg *types.Package) string {
	qualify := func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return other.Path()
	}
	var lines []string
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		object := scope.Lookup(name)
		if !object.Exported() {
			continue
		}
		switch object := object.(type) {
		case *types.Const:
			lines = append(lines, fmt.Sprintf("const %s %s = %s", name, types.TypeString(object.Type(), qualify), object.Val().ExactString()))
		case *types.TypeName:
			lines = append(lines, typeLines(object, qualify)...)
		default:
			lines = append(lines, types.ObjectString(object, qualify))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// typeLines are those of a type: itself, its exported fields and its methods.
func typeLines(object *types.TypeName, qualify types.Qualifier) []string {
	name, t := object.Name(), object.Type()
	if object.IsAlias() {
		return []string{fmt.Sprintf("type %s = %s", name, types.TypeString(types.Unalias(t), qualify))}
	}
	var lines []string
	switch u := t.Underlying().(type) {
	case *types.Struct:
		lines = append(lines, fmt.Sprintf("type %s struct", name))
		for i := range u.NumFields() {
			if field := u.Field(i); field.Exported() {
				lines = append(lines, fmt.Sprintf("type %s struct, %s %s", name, field.Name(), types.TypeString(field.Type(), qualify)))
			}
		}
	default:
		lines = append(lines, fmt.Sprintf("type %s %s", name, types.TypeString(u, qualify)))
	}
	if !types.IsInterface(t) {
		methods := types.NewMethodSet(types.NewPointer(t))
		for i := range methods.Len() {
			if method := methods.At(i).Obj(); method.Exported() {
				lines = append(lines, types.ObjectString(method, qualify))
			}
		}
	}
	return lines
}
