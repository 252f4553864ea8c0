package mapper

import (
	"fmt"
	"slices"
	"strings"
)

// A root is an object in an event that paths start from.
type root uint8

const (
	rootNone           root = iota // not used by rules
	rootEvent                      // the event itself
	rootTraits                     // T
	rootContextTraits              // C
	rootProperties                 // P
	rootTraitsOptions              // TP: the subscription options in traits
	rootContextOptions             // CP: the subscription options in context.traits
	rootTraitsAddress              // T.address
	rootContextAddress             // C.address
	rootTraitsCompany              // T.company
	rootContextCompany             // C.company
	rootLocation                   // context.location
	rootContext
	rootIntegrations
	rootKlaviyo  // the options for Klaviyo in integrations
	rootItems    // the elements of P.items
	rootProducts // the elements of P.products
	rootCount
)

// isList reports whether the root is the elements of a list.
func (r root) isList() bool { return r == rootItems || r == rootProducts }

// path returns the dotted path of the root.
func (r root) path() string {
	for _, place := range roots {
		if place.root == r {
			return place.path
		}
	}
	return ""
}

// roots maps the abbreviations in rules to roots and their paths. The longest match counts.
var roots = map[string]struct {
	root root
	path string
}{
	"T":            {rootTraits, "traits"},
	"C":            {rootContextTraits, "context.traits"},
	"P":            {rootProperties, "properties"},
	"TP":           {rootTraitsOptions, "traits.properties"},
	"CP":           {rootContextOptions, "context.traits.properties"},
	"T.address":    {rootTraitsAddress, "traits.address"},
	"C.address":    {rootContextAddress, "context.traits.address"},
	"T.company":    {rootTraitsCompany, "traits.company"},
	"C.company":    {rootContextCompany, "context.traits.company"},
	"context":      {rootContext, "context"},
	"integrations": {rootIntegrations, "integrations"},

	"context.location":     {rootLocation, "context.location"},
	"integrations.Klaviyo": {rootKlaviyo, "integrations.Klaviyo"},
}

// A path leads to a value in an event: a member of a root.
type path struct {
	root   root
	nameID nameID
	text   string // dotted, from the top of the event
}

// name returns the last name in the path.
func (p path) name() string { return knownNames.names[p.nameID] }

// paths parses rules such as "{T,C}.{zip,postalcode} P.zip userId". Braces contain
// alternatives; the first list varies slowest. A name without a root is a member of the event.
func paths(rules string) []path {
	var list []path
	for _, rule := range strings.Fields(rules) {
		for _, plain := range expand(rule) {
			list = append(list, newPath(plain))
		}
	}
	return list
}

func expand(rule string) []string {
	before, rest, found := strings.Cut(rule, "{")
	if !found {
		return []string{rule}
	}
	alternatives, after, _ := strings.Cut(rest, "}")
	var plain []string
	for _, alternative := range strings.Split(alternatives, ",") {
		for _, tail := range expand(after) {
			plain = append(plain, before+alternative+tail)
		}
	}
	return plain
}

func newPath(rule string) path {
	at := strings.LastIndexByte(rule, '.')
	if at < 0 {
		return path{root: rootEvent, nameID: knownNames.add(rule), text: rule}
	}
	r, ok := roots[rule[:at]]
	if !ok {
		panic(fmt.Sprintf("mapper: no root leads to %s", rule))
	}
	return path{root: r.root, nameID: knownNames.add(rule[at+1:]), text: r.path + rule[at:]}
}

// nestedObjects are the objects in an event that rules read, outer objects first.
var nestedObjects = []struct {
	path path
	root root
	// anyType means that the value may have another type than object.
	anyType bool
	// repeatable means that there may be several, under equivalent names.
	repeatable bool
}{
	{path: newPath("traits"), root: rootTraits},
	{path: newPath("context"), root: rootContext},
	{path: newPath("context.traits"), root: rootContextTraits},
	{path: newPath("properties"), root: rootProperties},
	{path: newPath("T.properties"), root: rootTraitsOptions},
	{path: newPath("C.properties"), root: rootContextOptions},
	{path: newPath("T.address"), root: rootTraitsAddress, anyType: true},
	{path: newPath("C.address"), root: rootContextAddress, anyType: true},
	{path: newPath("T.company"), root: rootTraitsCompany, anyType: true},
	{path: newPath("C.company"), root: rootContextCompany, anyType: true},
	{path: newPath("context.location"), root: rootLocation, anyType: true},
	{path: newPath("integrations"), root: rootIntegrations, anyType: true},
	{path: newPath("integrations.Klaviyo"), root: rootKlaviyo, anyType: true, repeatable: true},
	{path: newPath("P.items"), root: rootItems, anyType: true},
	{path: newPath("P.products"), root: rootProducts, anyType: true},
}

// branches maps a member of a root to the root that it leads to, for the scanner.
var branches = func() (to [rootCount][maxNames]root) {
	for _, part := range nestedObjects {
		to[part.path.root][part.path.nameID] = part.root
	}
	return to
}()

// A rule reads a value from the first path that has a usable one.
type rule struct {
	name string // what the value is for
	from []path
	// parent is the rule that this one is a subset of, or nil.
	parent *rule
}

// subset returns the rule with the paths for which is returns want.
func (r *rule) subset(is func(path) bool, want bool) rule {
	return rule{name: r.name, parent: r, from: slices.DeleteFunc(slices.Clone(r.from), func(p path) bool { return is(p) != want })}
}

func (p path) isProperty() bool { return p.root == rootProperties }

// withoutProperties returns the rule for profiles in events, whose properties don't describe
// the person.
func (r rule) withoutProperties() rule {
	r.from = slices.DeleteFunc(slices.Clone(r.from), path.isProperty)
	return r
}

func newRule(name, from string) rule { return rule{name: name, from: slices.Clip(paths(from))} }
