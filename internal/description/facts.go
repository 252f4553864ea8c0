package description

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ignored are the keywords that state no fact of the API. As names they count, such as the
// property title of a profile.
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

// named are the keywords whose value is a map by name: the keys of the map aren't keywords.
var named = map[string]bool{
	"content":         true,
	"headers":         true,
	"paths":           true,
	"properties":      true,
	"responses":       true,
	"schemas":         true,
	"securitySchemes": true,
}

// tree is the factual part of a node of a description. Its keys have the form that they have in a
// place: .key in an object, [key] in a list.
type tree struct {
	value    string // a scalar in Go syntax, or the kind of another node
	keys     []string
	children map[string]*tree
	ordered  bool // the order of keys is a fact
}

// newTree returns the tree of a node; names means that its keys are names.
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

// itemKey returns the key of an item of a list: its value, its name (of a parameter or a tag), or
// else its index.
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

// Difference is one place at which two descriptions state different facts.
type Difference struct {
	Place           string // such as components.schemas.ListEnum.type
	Here, Published string // the values there; "absent" if there is none
}

func (d Difference) String() string {
	return fmt.Sprintf("%s: %s here, %s published", d.Place, d.Here, d.Published)
}

// Compare returns the differences between our description and a published one that Narrow has
// reduced to our operations.
func Compare(ours, published *yaml.Node) []Difference {
	return differences("", newTree(ours, false), newTree(published, false))
}

func differences(place string, here, published *tree) []Difference {
	at := strings.TrimPrefix(place, ".")
	switch {
	case here == nil:
		return []Difference{{at, "absent", published.value}}
	case published == nil:
		return []Difference{{at, here.value, "absent"}}
	case here.value != published.value:
		return []Difference{{at, here.value, published.value}}
	}

	var all []Difference
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

// orderDifference returns the first difference in the order of the common keys.
func orderDifference(place string, here, published *tree) []Difference {
	common := func(a, b *tree) []string {
		return slices.DeleteFunc(slices.Clone(a.keys), func(key string) bool { return b.children[key] == nil })
	}
	ours, theirs := common(here, published), common(published, here)
	for i := range ours {
		if ours[i] != theirs[i] {
			return []Difference{{place + " (order)", ours[i] + " first", theirs[i] + " first"}}
		}
	}
	return nil
}
