package description

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// undescribed marks a schema of ours that leaves out what is in it, such as the
// conditions of a segment.
const undescribed = "x-not-described"

// Narrow copies a published description and cuts the copy to what ours describes: to its
// operations, wherever they stand in it, and of a schema that ours marks with
// x-not-described to its type.
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

// Cut copies a description and cuts the copy to some operations, by their ids or former
// ids, to their tags, and to the
// components that they reach.
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

// reach notes the components, as kind/name, that n refers to, directly or not.
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
