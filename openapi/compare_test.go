package openapi_test

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ignored are the keywords that state no fact of the API. They do count where
// they are names, as the property title of a profile is.
var ignored = map[string]bool{
	"description":           true,
	"summary":               true,
	"title":                 true,
	"example":               true,
	"contact":               true, // of the document, as the next two
	"license":               true,
	"termsOfService":        true,
	"x-default":             true, // the sample key of a security scheme
	"x-readme":              true, // how Klaviyo's site shows the reference
	"x-klaviyo-pre-release": true,
}

// named are the keywords that hold a map by names, so that no key of that map
// is a keyword.
var named = map[string]bool{
	"content":         true,
	"headers":         true,
	"paths":           true,
	"properties":      true,
	"responses":       true,
	"schemas":         true,
	"securitySchemes": true,
}

// methods are the keys of a path that hold an operation.
var methods = []string{".get", ".put", ".post", ".delete", ".options", ".head", ".patch", ".trace"}

// tree is the factual part of a node of a description. Its keys are written
// as they stand in a place: .key in an object, [key] in a list.
type tree struct {
	value    string // a scalar in Go syntax, or what else the node is
	keys     []string
	children map[string]*tree
	ordered  bool // the order of keys is a fact
}

// newTree makes the tree of a node; names says that its keys are names.
func newTree(n *yaml.Node, names bool) *tree {
	t := &tree{children: map[string]*tree{}}
	switch n.Kind {
	case yaml.MappingNode:
		t.value = "an object"
		for key, child := range pairs(n) {
			if names || !ignored[key] {
				c := newTree(child, !names && named[key])
				c.ordered = c.ordered || !names && key == "properties"
				t.add("."+key, c)
			}
		}
	case yaml.SequenceNode:
		t.value, t.ordered = "a list", true
		for i, child := range n.Content {
			t.add("["+itemKey(i, child)+"]", newTree(child, false))
		}
	default:
		t.value = n.Value
		if n.ShortTag() == "!!str" {
			t.value = strconv.Quote(n.Value)
		}
	}
	return t
}

// itemKey returns what tells an item of a list from the others: its value,
// its name (a parameter, a tag), else its index.
func itemKey(i int, n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	for key, child := range pairs(n) {
		if key == "name" {
			return child.Value
		}
	}
	return strconv.Itoa(i)
}

func (t *tree) add(key string, child *tree) {
	for t.children[key] != nil {
		key += "'" // a duplicate stays visible
	}
	t.keys = append(t.keys, key)
	t.children[key] = child
}

// at returns the descendant at the end of keys, or an empty tree.
func (t *tree) at(keys ...string) *tree {
	for _, key := range keys {
		child, ok := t.children[key]
		if !ok {
			return &tree{}
		}
		t = child
	}
	return t
}

// remove takes out the children whose keys drop picks.
func (t *tree) remove(drop func(key string) bool) {
	t.keys = slices.DeleteFunc(t.keys, drop)
	maps.DeleteFunc(t.children, func(key string, _ *tree) bool { return drop(key) })
}

// narrow cuts a published description to the operations that ours has, to
// their tags, and to the components that they reach.
func (t *tree) narrow(ours *tree) {
	beyond := func(other *tree) func(string) bool {
		return func(key string) bool { return other.children[key] == nil }
	}
	t.at(".tags").remove(beyond(ours.at(".tags")))
	t.at(".paths").remove(beyond(ours.at(".paths")))
	for path, item := range t.at(".paths").children {
		other := beyond(ours.at(".paths", path))
		item.remove(func(key string) bool { return slices.Contains(methods, key) && other(key) })
	}

	reached := map[string]bool{}
	t.reach(t.at(".paths"), reached)
	for _, kind := range []string{".schemas", ".responses"} {
		t.at(".components", kind).remove(func(key string) bool { return !reached[kind+key] })
	}
}

// reach adds the components that from refers to, directly or not.
func (t *tree) reach(from *tree, reached map[string]bool) {
	if ref, ok := from.children[".$ref"]; ok {
		parts := strings.Split(strings.Trim(ref.value, `"`), "/")
		kind, name := "."+parts[len(parts)-2], "."+parts[len(parts)-1]
		if !reached[kind+name] {
			reached[kind+name] = true
			t.reach(t.at(".components", kind, name), reached)
		}
	}
	for _, child := range from.children {
		t.reach(child, reached)
	}
}

// difference is one place at which two descriptions state different facts.
type difference struct {
	place, here, published string
}

func (d difference) String() string {
	return fmt.Sprintf("%s: %s here, %s published", d.place, d.here, d.published)
}

// compare lists the differences between our description and a published one.
// What the published one has beyond our operations is no difference.
func compare(here, published *yaml.Node) []difference {
	ours, theirs := newTree(here, false), newTree(published, false)
	theirs.narrow(ours)
	return differences("", ours, theirs)
}

func differences(place string, here, published *tree) []difference {
	at := strings.TrimPrefix(place, ".")
	switch {
	case here == nil:
		return []difference{{at, "absent", published.value}}
	case published == nil:
		return []difference{{at, here.value, "absent"}}
	case here.value != published.value:
		return []difference{{at, here.value, published.value}}
	}

	var all []difference
	for _, key := range here.keys {
		all = append(all, differences(place+key, here.children[key], published.children[key])...)
	}
	for _, key := range published.keys {
		if here.children[key] == nil {
			all = append(all, differences(place+key, nil, published.children[key])...)
		}
	}
	if here.ordered {
		all = append(all, orderDifference(at, here, published)...)
	}
	return all
}

// orderDifference names the first of the common keys that stand in another
// order.
func orderDifference(place string, here, published *tree) []difference {
	common := func(a, b *tree) []string {
		return slices.DeleteFunc(slices.Clone(a.keys), func(key string) bool { return b.children[key] == nil })
	}
	ours, theirs := common(here, published), common(published, here)
	for i := range ours {
		if ours[i] != theirs[i] {
			return []difference{{place + " (order)", ours[i] + " first", theirs[i] + " first"}}
		}
	}
	return nil
}

// pairs ranges over the keys and values of an object.
func pairs(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}
