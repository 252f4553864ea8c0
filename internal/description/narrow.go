package description

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// undescribed marks a schema of our description whose content is left out, such as the conditions
// of a segment.
const undescribed = "x-not-described"

// Narrow returns a copy of a published description that is reduced to our operations, at any path.
// Of schemas that ours marks with x-not-described it has only the type.
func Narrow(published, ours *yaml.Node) *yaml.Node {
	var ids []string
	for _, op := range Operations(ours) {
		ids = append(ids, op.ID)
	}
	left := Clone(published)
	for name, schema := range pairs(Get(ours, "components", "schemas")) {
		mark, theirs := Get(schema, undescribed), Get(left, "components", "schemas", name)
		if mark == nil || theirs == nil {
			continue
		}
		keep(theirs, func(key string, _ *yaml.Node) bool { return key == "type" })
		put(theirs, undescribed, Clone(mark))
	}
	return Cut(left, ids)
}

// Cut returns a copy of a description that is reduced to some operations, by their present or
// former ids, their tags, and the components that they refer to.
func Cut(published *yaml.Node, ids []string) *yaml.Node {
	root := Clone(published)
	paths := Get(root, "paths")
	for _, item := range pairs(paths) {
		keep(item, func(key string, value *yaml.Node) bool {
			op, ok := newOperation("", key, value)
			return !methods[key] || ok && slices.ContainsFunc(ids, op.Is)
		})
	}
	keep(paths, func(_ string, item *yaml.Node) bool {
		for key := range pairs(item) {
			if methods[key] {
				return true
			}
		}
		return false
	})

	if tags := Get(root, "tags"); tags != nil {
		used := make(map[string]bool)
		for _, op := range Operations(root) {
			if names := Get(op.Node, "tags"); names != nil {
				for _, name := range names.Content {
					used[name.Value] = true
				}
			}
		}
		tags.Content = slices.DeleteFunc(tags.Content, func(tag *yaml.Node) bool {
			name := Get(tag, "name")
			return name == nil || !used[name.Value]
		})
	}

	components := Get(root, "components")
	reached := make(map[string]bool)
	reach(components, paths, reached)
	for kind, all := range pairs(components) {
		if kind == "securitySchemes" {
			continue
		}
		keep(all, func(name string, _ *yaml.Node) bool { return reached[kind+"/"+name] })
	}
	return root
}

// reach adds the components, as kind/name, that n refers to directly or indirectly.
func reach(components, n *yaml.Node, reached map[string]bool) {
	if n == nil {
		return
	}
	if ref := Get(n, "$ref"); ref != nil {
		kind, name, _ := strings.Cut(strings.TrimPrefix(ref.Value, "#/components/"), "/")
		if place := kind + "/" + name; !reached[place] {
			reached[place] = true
			reach(components, Get(components, kind, name), reached)
		}
	}
	for _, c := range n.Content {
		reach(components, c, reached)
	}
}
