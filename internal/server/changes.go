package server

import (
	"reflect"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
)

// changes are what a reload did to the accounts, by their names in the order of the file.
type changes struct {
	added, removed, changed []string
	unchanged               int
}

// changesBetween compares the accounts before and after a reload: the settings, the keys and the
// tokens of each.
func changesBetween(before, after []config.Account) (c changes) {
	known := map[string]config.Account{}
	for _, a := range before {
		known[a.Name] = a
	}
	for _, a := range after {
		old, isKnown := known[a.Name]
		delete(known, a.Name)
		switch {
		case !isKnown:
			c.added = append(c.added, a.Name)
		case !reflect.DeepEqual(old, a):
			c.changed = append(c.changed, a.Name)
		default:
			c.unchanged++
		}
	}
	for _, a := range before {
		if _, isLeft := known[a.Name]; isLeft {
			c.removed = append(c.removed, a.Name)
		}
	}
	return c
}

// attributes are those of a line of the log.
func (c changes) attributes() (attributes []any) {
	for _, kind := range []struct {
		what  string
		names []string
	}{{"added", c.added}, {"removed", c.removed}, {"changed", c.changed}} {
		if len(kind.names) > 0 {
			attributes = append(attributes, kind.what, kind.names)
		}
	}
	return append(attributes, "unchanged", c.unchanged)
}
