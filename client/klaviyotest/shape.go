package klaviyotest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// A shaping is what a query asks of the resources in the answer: the attributes to
// show of each kind (fields), and what to add that they belong to (include).
type shaping struct {
	call     *call
	fields   func(kind string) []string
	include  []string
	included []resource
}

func (c *call) shaping() *shaping {
	query := c.req.URL.Query()
	return &shaping{
		call:    c,
		fields:  func(kind string) []string { return listIn(query, "fields["+kind+"]") },
		include: listIn(query, "include"),
	}
}

// resource is an object as the answer shows it. related gives those it belongs to, by
// the names of include; it is nil where the operation includes none. What a revision always
// shows stays as it shows it.
func (s *shaping) resource(object collected, related func(name string) []collected) resource {
	shown := s.sparse(s.call.revision.renamed.show(object.shown(s.call)))
	if related == nil {
		return shown
	}
	for _, name := range s.include {
		named := []identity{}
		for _, other := range related(name) {
			r := s.sparse(s.call.revision.renamed.show(other.shown(s.call)))
			named = append(named, identity{r.Type, r.ID})
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

// sparse leaves the attributes that fields names. A dot in a name leads into an object.
func (s *shaping) sparse(r resource) resource {
	fields := s.fields(r.Type)
	if len(fields) == 0 {
		return r
	}
	decoder := json.NewDecoder(bytes.NewReader(encode(r.Attributes)))
	decoder.UseNumber()
	var all map[string]any
	if err := decoder.Decode(&all); err != nil {
		panic("klaviyotest: attributes that are no object: " + err.Error())
	}
	r.Attributes = make(map[string]any)
	for _, field := range fields {
		pick(r.Attributes, all, strings.Split(field, "."))
	}
	return r
}

// pick copies what is at a path.
func pick(to, from map[string]any, path []string) {
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
		pick(inside, object(value), path[1:])
	}
}
