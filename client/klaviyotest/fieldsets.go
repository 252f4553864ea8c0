package klaviyotest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// sparseFieldsets are what the query selects: attributes by resource type (fields), and related
// resources (include).
type sparseFieldsets struct {
	call     *call
	fields   func(kind string) []string
	include  []string
	included []resource
}

func (c *call) fieldsets() *sparseFieldsets {
	query := c.req.URL.Query()
	return &sparseFieldsets{
		call:    c,
		fields:  func(kind string) []string { return queryList(query, "fields["+kind+"]") },
		include: queryList(query, "include"),
	}
}

// resource returns the resource of an object. related returns the related objects by the names
// of include; it is nil if the operation doesn't support include. Relationships that the
// revision always has aren't changed.
func (s *sparseFieldsets) resource(object collectionItem, related func(name string) []collectionItem) resource {
	shown := s.filterFields(s.call.revision.attributeNames.toRevision(object.toResource(s.call)))
	if related == nil {
		return shown
	}
	for _, name := range s.include {
		named := []resourceID{}
		for _, other := range related(name) {
			r := s.filterFields(s.call.revision.attributeNames.toRevision(other.toResource(s.call)))
			named = append(named, resourceID{r.Type, r.ID})
			if !slices.ContainsFunc(s.included, func(there resource) bool { return there.Type == r.Type && there.ID == r.ID }) {
				s.included = append(s.included, r)
			}
		}
		if shown.Relationships == nil {
			shown.Relationships = make(map[string]relationship)
		}
		if _, ok := shown.Relationships[name]; !ok {
			shown.Relationships[name] = relationship{Data: named}
		}
	}
	return shown
}

// filterFields keeps the attributes in fields. A dot in a name separates nested names.
func (s *sparseFieldsets) filterFields(r resource) resource {
	fields := s.fields(r.Type)
	if len(fields) == 0 {
		return r
	}
	decoder := json.NewDecoder(bytes.NewReader(encode(r.Attributes)))
	decoder.UseNumber()
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		panic("klaviyotest: the attributes are not an object: " + err.Error())
	}
	r.Attributes = make(map[string]any)
	for _, field := range fields {
		copyPath(r.Attributes, all, strings.Split(field, "."))
	}
	return r
}

// copyPath copies the value at a path.
func copyPath(to, from map[string]any, path []string) {
	value, ok := from[path[0]]
	switch {
	case !ok:
	case len(path) == 1:
		to[path[0]] = value
	case object(value) != nil:
		inside, ok := to[path[0]].(map[string]any)
		if !ok {
			inside = make(map[string]any)
			to[path[0]] = inside
		}
		copyPath(inside, object(value), path[1:])
	}
}
