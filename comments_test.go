package rudderklaviyo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// public are the folders of the packages that others import, with * for each revision.
var public = []string{
	"client", "client/klaviyotest", "generated/*/klaviyo", "generated/runtime", "mapper", "openapi",
}

// TestComments finds packages and exported names without a comment: functions, methods,
// types, the fields and methods within those, constants and variables. A comment of a
// group is that of each name in it.
func TestComments(t *testing.T) {
	for _, dir := range public {
		names, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(names), err)
		}
		described := map[string]bool{} // by folder
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			folder := filepath.Dir(name)
			described[folder] = described[folder] || file.Doc != nil
			for _, declaration := range file.Decls {
				for _, ident := range uncommented(declaration) {
					t.Errorf("%s: %s has no comment", files.Position(ident.Pos()), ident.Name)
				}
			}
		}
		for folder, is := range described {
			if !is {
				t.Errorf("%s: the package has no comment", folder)
			}
		}
	}
}

// uncommented returns the exported names of a declaration that nothing is said of.
func uncommented(declaration ast.Decl) (names []*ast.Ident) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && isExported(d.Recv) {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if !s.Name.IsExported() {
					continue
				}
				if d.Doc == nil && s.Doc == nil {
					names = append(names, s.Name)
				}
				names = append(names, uncommentedInside(s.Type)...)
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						names = append(names, name)
					}
				}
			}
		}
	}
	return names
}

// uncommentedInside are the fields of a struct and the methods of an interface. Embedded
// ones are their own type's.
func uncommentedInside(t ast.Expr) (names []*ast.Ident) {
	var fields *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return nil
	}
	for _, field := range fields.List {
		for _, name := range field.Names {
			if name.IsExported() && field.Doc == nil && field.Comment == nil {
				names = append(names, name)
			}
		}
	}
	return names
}

// isExported reports whether a method is of an exported type; a function is.
func isExported(receiver *ast.FieldList) bool {
	if receiver == nil {
		return true
	}
	t := receiver.List[0].Type
	if pointer, ok := t.(*ast.StarExpr); ok {
		t = pointer.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	ident, ok := t.(*ast.Ident)
	return ok && ident.IsExported()
}
