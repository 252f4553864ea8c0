package mapper

import "strings"

// root is the place in an event that a path starts from.
type root int

const (
	rootEvent          root = iota
	rootTraits              // T
	rootContextTraits       // C
	rootProperties          // P
	rootTraitsOptions       // TP: the subscription options under traits
	rootContextOptions      // CP: those under context.traits
	rootTraitsAddress       // T.address
	rootContextAddress      // C.address
	rootContext
	rootCount
)

// roots are the abbreviations of the rules and what they stand for.
var roots = map[string]struct {
	root root
	path string
}{
	"T":       {rootTraits, "traits"},
	"C":       {rootContextTraits, "context.traits"},
	"P":       {rootProperties, "properties"},
	"TP":      {rootTraitsOptions, "traits.properties"},
	"CP":      {rootContextOptions, "context.traits.properties"},
	"context": {rootContext, "context"},
}

// addresses are objects that many rules look into.
var addresses = map[string]root{"T.address": rootTraitsAddress, "C.address": rootContextAddress}

// path leads to a value in an event, through objects only.
type path struct {
	root root
	keys []string
	text string // dotted, from the top of the event
}

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
	keys := strings.Split(rule, ".")
	if len(keys) > 2 {
		if r, ok := addresses[keys[0]+"."+keys[1]]; ok {
			return path{root: r, keys: keys[2:], text: roots[keys[0]].path + "." + strings.Join(keys[1:], ".")}
		}
	}
	if r, ok := roots[keys[0]]; ok && len(keys) > 1 {
		return path{root: r.root, keys: keys[1:], text: r.path + "." + strings.Join(keys[1:], ".")}
	}
	return path{root: rootEvent, keys: keys, text: rule}
}

// name is the key that the path ends in, if it stands directly in its root.
func (p path) name() (string, bool) {
	if len(p.keys) != 1 {
		return "", false
	}
	return p.keys[0], true
}
