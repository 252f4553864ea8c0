package mapper

import (
	"slices"
	"strings"
)

// A trace records the origins of values for an Explanation. It is nil if the event is only
// mapped.
type trace struct {
	applied []appliedRule
	// profile and properties are the origins of custom properties whose names have changed, by
	// the name in the request.
	profile, properties map[string]origin
	// itemProperties are the origins of properties in events for items, by request, and
	// orderProperties those of the order's event.
	itemProperties  map[int]map[string]origin
	orderProperties map[string]origin
	// prices are the origins of the values of those events, by request.
	prices map[int]string
	// used are the paths of values that are in a request, dropped of those that are dropped
	// because of their names.
	used, dropped map[string]bool
	// moved maps the paths of values that were moved to their original paths.
	moved map[string]string
}

// An appliedRule is a rule and the path of the value that it used.
type appliedRule struct {
	rule *rule
	path string
}

type origin struct {
	path string
	why  Why
}

func newTrace() *trace {
	return &trace{
		profile: make(map[string]origin), properties: make(map[string]origin),
		used: make(map[string]bool), dropped: make(map[string]bool), moved: make(map[string]string),
	}
}

// beginItem starts the trace of the event for an item, which becomes a separate request.
func (t *trace) beginItem(request int, price string) {
	if t.itemProperties == nil {
		t.itemProperties, t.prices = make(map[int]map[string]origin), make(map[int]string)
	}
	t.prices[request] = price
	t.orderProperties, t.properties = t.properties, make(map[string]origin)
	t.itemProperties[request] = t.properties
}

func (t *trace) endItem() { t.properties = t.orderProperties }

// traceRule records that a rule uses the value at a path.
func (m *mapping) traceRule(r *rule, path string) {
	if m.trace == nil {
		return
	}
	if r.parent != nil {
		r = r.parent
	}
	m.trace.applied = append(m.trace.applied, appliedRule{r, path})
	m.trace.used[path] = true
}

// traceTrait records the origin of a custom property of a profile.
func (m *mapping) traceTrait(name []byte, path string, why Why) {
	if m.trace == nil {
		return
	}
	if _, ok := m.trace.profile[string(name)]; !ok {
		m.trace.profile[string(name)] = origin{path, why}
	}
	m.trace.used[path] = true
}

// traceRename records that a property of an event has another name in the request.
func (m *mapping) traceRename(label *member, path string) {
	m.trace.properties[string(label.name())] = origin{path, WhyRenamed}
}

// traceFlattened records that a custom property was nested in the member with the name, at the
// path place.
func (m *mapping) traceFlattened(key, name, place string) {
	origins := m.trace.profile
	if strings.HasPrefix(place, "properties.") {
		origins = m.trace.properties
	}
	whole, ok := origins[name]
	switch {
	case !ok:
		origins[key] = origin{place + key[len(name):], WhyFlattened}
	case whole.why == WhyRenamed: // and its members may be renamed
		origins[key] = origin{whole.path, WhyFlattened}
	default:
		origins[key] = origin{whole.path + key[len(name):], WhyFlattened}
	}
}

// isApplied reports whether a rule used the value at a path.
func (t *trace) isApplied(path string) bool {
	return slices.ContainsFunc(t.applied, func(v appliedRule) bool { return v.path == path })
}

// traceDecision records that a rule acts on the value at a path without sending it.
func (t *trace) traceDecision(path string, by *rule) {
	t.used[path] = true
	t.applied = slices.Insert(t.applied, 0, appliedRule{by, path}) // after values that are sent
}

// findRule returns the last use of the rule with the name.
func (t *trace) findRule(name string) (appliedRule, bool) {
	for i := len(t.applied) - 1; i >= 0; i-- {
		if t.applied[i].rule.name == name {
			return t.applied[i], true
		}
	}
	return appliedRule{}, false
}
