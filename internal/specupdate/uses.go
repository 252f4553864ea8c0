package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// code is the module's code that builds requests and reads responses, with its types.
type code struct {
	root      string
	generated *types.Package
	packages  []*packages.Package
}

// loadCode loads the packages that use the generated package of a revision.
func loadCode(ctx context.Context, root, revision string) (*code, error) {
	generated := "./generated/" + revision + "/klaviyo"
	loaded, err := packages.Load(&packages.Config{
		Context: ctx,
		Dir:     root,
		Mode:    packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
	}, generated, "./mapper", "./client/...", "./internal/...")
	if err != nil {
		return nil, err
	}
	c := &code{}
	if c.root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	var faults []error
	for _, p := range loaded {
		for _, fault := range p.Errors {
			faults = append(faults, fault)
		}
		if strings.HasSuffix(p.PkgPath, "/generated/"+revision+"/klaviyo") {
			c.generated = p.Types
			continue
		}
		c.packages = append(c.packages, p)
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("the code that is to be searched doesn't compile: %w", errors.Join(faults...))
	}
	if c.generated == nil {
		return nil, fmt.Errorf("there is no %s", generated)
	}
	return c, nil
}

// use is a place in the code that a change affects.
type use struct {
	pkg  string // within the module, such as mapper
	rule string // the function or table, with the row of a table
	file string
	line int
}

func (u use) String() string { return fmt.Sprintf("%s (%s:%d)", u.rule, u.file, u.line) }

// method is the name of an operation's method of API, or nothing if it has none.
func (c *code) method(operation string) string {
	scope := c.generated.Scope()
	for _, name := range scope.Names() {
		_, ok := scope.Lookup(name).(*types.Var)
		method, isOperation := strings.CutPrefix(name, "Operation")
		// The name is the id in camel case.
		if ok && isOperation && strings.EqualFold(method, strings.ReplaceAll(operation, "_", "")) {
			return method
		}
	}
	return ""
}

// touched returns the uses of the field that a change is about, or, if there is no such field, of
// the type that would have it, or of the call, if the whole call changes. A harmless change
// affects no use. operation is the id in the generated package.
func (c *code) touched(ch change, operation string) []use {
	method := c.method(operation)
	if method == "" || ch.severity == harmless || ch.part == beside {
		return nil
	}
	api, ok := c.generated.Scope().Lookup("API").(*types.TypeName)
	if !ok {
		return nil
	}
	call, _, _ := types.LookupFieldOrMethod(types.NewPointer(api.Type()), true, c.generated, method)
	if call == nil {
		return nil
	}
	constructor := c.generated.Scope().Lookup("New" + method + "Body")
	var body types.Type // what the constructor makes; the call itself may take its attributes
	if constructor != nil {
		body = constructor.Type().(*types.Signature).Results().At(0).Type()
	}
	var targets []types.Object
	if ch.part == whole {
		targets = []types.Object{call, c.generated.Scope().Lookup("Operation" + method), constructor}
		if body != nil {
			targets = append(targets, namedOf(body))
		}
		return c.usesOf(targets)
	}
	t := body
	if ch.part != request {
		t = c.typeOf(call, ch.part)
	}
	if t == nil {
		return nil
	}
	found, isField := c.resolve(t, ch.place)
	targets = append(targets, found)
	if !isField && ch.part == request {
		targets = append(targets, constructor)
	}
	return c.usesOf(targets)
}

// typeOf is the type of the response of a call, or that of its parameters, or nil.
func (c *code) typeOf(call types.Object, p part) types.Type {
	signature := call.Type().(*types.Signature)
	if p == answer {
		if first := signature.Results().At(0).Type(); signature.Results().Len() > 1 {
			return first
		}
		return nil
	}
	for i := range signature.Params().Len() {
		if t, ok := signature.Params().At(i).Type().(*types.Pointer); ok {
			return t
		}
	}
	return nil
}

// namedOf is the name of a type, of what it points to, or of its elements, or nil.
func namedOf(t types.Type) types.Object {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return t.Obj()
	case *types.Pointer:
		return namedOf(t.Elem())
	case *types.Slice:
		return namedOf(t.Elem())
	}
	return nil
}

// resolve follows JSON names from a type. It returns the field at their end, and true; or else the
// last named type on the way there.
func (c *code) resolve(t types.Type, place []string) (types.Object, bool) {
	nearest := namedOf(t)
	for i, name := range place {
		field := fieldOf(t, name)
		if field == nil {
			return nearest, false
		}
		if i == len(place)-1 {
			return field, true
		}
		t = field.Type()
		if named := namedOf(t); named != nil && named.Pkg() == c.generated {
			nearest = named
		}
	}
	return nearest, false
}

// fieldOf is the field of a struct, or of one behind pointers and lists, that has a
// name in JSON.
func fieldOf(t types.Type, name string) *types.Var {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return fieldOf(u.Elem(), name)
	case *types.Slice:
		return fieldOf(u.Elem(), name)
	case *types.Struct:
		for i := range u.NumFields() {
			tag, _, _ := strings.Cut(reflect.StructTag(u.Tag(i)).Get("json"), ",")
			if tag == name {
				return u.Field(i)
			}
		}
	}
	return nil
}

// usesOf finds the uses of any of the targets, or of an alias of one. A type is used
// where a value of it is made.
func (c *code) usesOf(targets []types.Object) []use {
	wanted := make(map[types.Object]bool)
	for _, target := range targets {
		if target != nil {
			wanted[target] = true
		}
	}
	for _, p := range c.packages {
		for _, name := range p.Types.Scope().Names() {
			alias, ok := p.Types.Scope().Lookup(name).(*types.TypeName)
			if ok && alias.IsAlias() && wanted[namedOf(alias.Type())] {
				wanted[alias] = true
			}
		}
	}
	var all []use
	for _, p := range c.packages {
		made := madeIn(p)
		for id, object := range p.TypesInfo.Uses {
			_, isType := object.(*types.TypeName)
			if wanted[object] && (!isType || made[id]) {
				all = append(all, c.useAt(p, id.Pos()))
			}
		}
	}
	slices.SortFunc(all, func(a, b use) int {
		if a.file != b.file {
			return strings.Compare(a.file, b.file)
		}
		return a.line - b.line
	})
	// One of each rule: the first.
	seen := make(map[string]bool)
	return slices.DeleteFunc(all, func(u use) bool {
		key := u.file + " " + u.rule
		defer func() { seen[key] = true }()
		return seen[key]
	})
}

// madeIn are the names of types in the literals of a package.
func madeIn(p *packages.Package) map[*ast.Ident]bool {
	made := make(map[*ast.Ident]bool)
	for _, file := range p.Syntax {
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok {
				switch t := literal.Type.(type) {
				case *ast.Ident:
					made[t] = true
				case *ast.SelectorExpr:
					made[t.Sel] = true
				}
			}
			return true
		})
	}
	return made
}

// useAt says which rule stands at a position.
func (c *code) useAt(p *packages.Package, pos token.Pos) use {
	position := p.Fset.Position(pos)
	file, err := filepath.Rel(c.root, position.Filename)
	if err != nil {
		file = position.Filename
	}
	u := use{
		pkg:  strings.TrimPrefix(p.PkgPath, module+"/"),
		file: filepath.ToSlash(file),
		line: position.Line,
	}
	for _, parsed := range p.Syntax {
		if parsed.FileStart <= pos && pos < parsed.FileEnd {
			u.rule = ruleAt(parsed, pos)
		}
	}
	return u
}

// ruleAt names the function or the table at a position, with the row of the table.
func ruleAt(file *ast.File, pos token.Pos) string {
	within := func(n ast.Node) bool { return n.Pos() <= pos && pos < n.End() }
	for _, decl := range file.Decls {
		if !within(decl) {
			continue
		}
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if of := receiver(decl); ast.IsExported(of) {
				return of + "." + decl.Name.Name
			}
			return decl.Name.Name
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				if !within(spec) {
					continue
				}
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					return spec.Name.Name
				case *ast.ValueSpec:
					return spec.Names[0].Name + rowAt(spec, pos)
				}
			}
		}
	}
	return file.Name.Name
}

// receiver is the name of the type that a method is one of, or nothing.
func receiver(decl *ast.FuncDecl) string {
	if decl.Recv == nil {
		return ""
	}
	t := decl.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// rowAt names the row of a table at a position by its first string.
func rowAt(table *ast.ValueSpec, pos token.Pos) string {
	for _, value := range table.Values {
		literal, ok := value.(*ast.CompositeLit)
		if !ok {
			continue
		}
		for _, row := range literal.Elts {
			if row.Pos() > pos || pos >= row.End() {
				continue
			}
			name := ""
			ast.Inspect(row, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && name == "" {
					name = "[" + text.Value + "]"
				}
				return name == ""
			})
			return name
		}
	}
	return ""
}
