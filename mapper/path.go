package mapper

import (
	"fmt"
	"slices"
	"strings"
)

// root is the place in an event that a path starts from.
type root uint8

const (
	rootNone           root = iota // not looked into
	rootEvent                      // the event itself
	rootTraits                     // T
	rootContextTraits              // C
	rootProperties                 // P
	rootTraitsOptions              // TP: the subscription options under traits
	rootContextOptions             // CP: those under context.traits
	rootTraitsAddress              // T.address
	rootContextAddress             // C.address
	rootTraitsCompany              // T.company
	rootContextCompany             // C.company
	rootLocation                   // context.location
	rootContext
	rootIntegrations
	rootKlaviyo  // the options for Klaviyo among the integrations
	rootItems    // the elements of P.items
	rootProducts // the elements of P.products
	rootCount
)

// isList says that the root stands for the elements of a list.
func (r root) isList() bool { return r == rootItems || r == rootProducts }

// path is the dotted path of the root.
func (r root) path() string {
	for _, place := range roots {
		if place.root == r {
			return place.path
		}
	}
	return ""
}

// roots are the places that rules begin with, by their abbreviation there, and what
// these stand for. Of two that fit a rule the longer counts.
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

// path leads to a value in an event: the member of a root that has a name.
type path struct {
	root root
	word nameID
	text string // dotted, from the top of the event
}

// name is the key that the path ends in.
func (p path) name() string { return knownNames.names[p.word] }

// paths reads rules such as "{T,C}.{zip,postalcode} P.zip userId": alternatives
// stand in braces, the first of them varying slowest; a name without a root is
// one of the event's own.
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
		return path{root: rootEvent, word: knownNames.add(rule), text: rule}
	}
	r, ok := roots[rule[:at]]
	if !ok {
		panic(fmt.Sprintf("mapper: no root leads to %s", rule))
	}
	return path{root: r.root, word: knownNames.add(rule[at+1:]), text: r.path + rule[at:]}
}

// parts are the objects within an event that rules look into, outer before inner.
var parts = []struct {
	path path
	root root
	// anything says that the part may be something else than an object.
	anything bool
	// several says that there may be more than one, under names that mean the same.
	several bool
}{
	{path: newPath("traits"), root: rootTraits},
	{path: newPath("context"), root: rootContext},
	{path: newPath("context.traits"), root: rootContextTraits},
	{path: newPath("properties"), root: rootProperties},
	{path: newPath("T.properties"), root: rootTraitsOptions},
	{path: newPath("C.properties"), root: rootContextOptions},
	{path: newPath("T.address"), root: rootTraitsAddress, anything: true},
	{path: newPath("C.address"), root: rootContextAddress, anything: true},
	{path: newPath("T.company"), root: rootTraitsCompany, anything: true},
	{path: newPath("C.company"), root: rootContextCompany, anything: true},
	{path: newPath("context.location"), root: rootLocation, anything: true},
	{path: newPath("integrations"), root: rootIntegrations, anything: true},
	{path: newPath("integrations.Klaviyo"), root: rootKlaviyo, anything: true, several: true},
	{path: newPath("P.items"), root: rootItems, anything: true},
	{path: newPath("P.products"), root: rootProducts, anything: true},
}

// branches say which root a member of a root leads to, for the scanner.
var branches = func() (to [rootCount][maxNames]root) {
	for _, part := range parts {
		to[part.path.root][part.path.word] = part.root
	}
	return to
}()

// rule says where a value comes from: the first of the paths that has a usable one.
type rule struct {
	name string // what the value is for
	from []path
	// whole is the rule that this one is a part of, if it is one.
	whole *rule
}

// part is the part of a rule for which is true, or the other one.
func (r *rule) part(is func(path) bool, want bool) rule {
	return rule{name: r.name, whole: r, from: slices.DeleteFunc(slices.Clone(r.from), func(p path) bool { return is(p) != want })}
}

func (p path) isProperty() bool { return p.root == rootProperties }

// withoutProperties is the rule for events, whose properties say nothing of the person.
func (r rule) withoutProperties() rule {
	r.from = slices.DeleteFunc(slices.Clone(r.from), path.isProperty)
	return r
}

func newRule(name, from string) rule { return rule{name: name, from: slices.Clip(paths(from))} }
