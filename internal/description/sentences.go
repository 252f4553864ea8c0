package description

import (
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Reword returns a description that states the facts of published in our words: without its
// sentences, titles and examples, and with the sentences of the same element of ours. In these,
// dates replaces the old revision by the new one. Keys are in the order of ours, except
// properties, whose order is a fact. Reword also returns the places of new elements, which have no
// sentence yet.
func Reword(published, ours *yaml.Node, dates *strings.Replacer) (*yaml.Node, []string) {
	w := &rewording{dates: dates}
	root := w.object("", published, ours, false, false)
	return root, w.unworded
}

type rewording struct {
	dates    *strings.Replacer
	unworded []string
}

func (w *rewording) node(place string, n, ours *yaml.Node) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		return w.object(place, n, ours, false, false)
	case yaml.SequenceNode:
		return w.list(place, n, ours)
	}
	c := &yaml.Node{Kind: yaml.ScalarNode, Tag: n.ShortTag(), Value: n.Value}
	if ours != nil && ours.ShortTag() == c.Tag {
		c.Style = ours.Style
	}
	return c
}

// object rewords an object; names says that its keys are names, ordered that their
// order is a fact.
func (w *rewording) object(place string, n, ours *yaml.Node, names, ordered bool) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	children := maps.Collect(pairs(n))
	done := make(map[string]bool)
	add := func(key string) {
		if done[key] {
			return
		}
		done[key] = true
		var value *yaml.Node
		old := Get(ours, key)
		switch {
		case !names && ignored[key]:
			value = w.sentence(key, n, old)
		case children[key] == nil:
		case !names && named[key] && children[key].Kind == yaml.MappingNode:
			value = w.object(place+"."+key, children[key], old, true, key == "properties")
		default:
			value = w.node(place+"."+key, children[key], old)
			if names && old == nil && children[key].Kind == yaml.MappingNode {
				w.missing(place + "." + key)
			}
		}
		if value != nil {
			out.Content = append(out.Content, w.key(key, ours), value)
		}
	}
	if ordered {
		for key := range pairs(n) {
			add(key)
		}
		return out
	}
	for key := range pairs(ours) {
		add(key)
	}
	for key := range pairs(n) {
		add(key)
	}
	return out
}

// sentence gives our wording of a keyword that states no fact, or nil. A response
// has to have a description.
func (w *rewording) sentence(key string, n, ours *yaml.Node) *yaml.Node {
	switch {
	case ours != nil:
		c := Clone(ours)
		c.Value = w.dates.Replace(c.Value)
		return c
	case key == "description" && isResponse(n):
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.SingleQuotedStyle}
	}
	return nil
}

// isResponse reports whether an object is a response: it has a description, and otherwise at most
// content and headers.
func isResponse(n *yaml.Node) bool {
	for key := range pairs(n) {
		if key != "description" && key != "content" && key != "headers" && key != "links" {
			return false
		}
	}
	return true
}

func (w *rewording) key(key string, ours *yaml.Node) *yaml.Node {
	c := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}
	if ours == nil {
		return c
	}
	for i := 0; i+1 < len(ours.Content); i += 2 {
		if old := ours.Content[i]; old.Value == key {
			c.HeadComment, c.Style = w.dates.Replace(old.HeadComment), old.Style
		}
	}
	return c
}

// width is the maximum width of a list on one line.
const width = 100

func (w *rewording) list(place string, n, ours *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	length, scalars := 0, true
	for i, item := range n.Content {
		key := itemKey(i, item)
		old := itemOf(ours, key)
		out.Content = append(out.Content, w.node(place+"["+key+"]", item, old))
		if Get(item, "name") != nil && old == nil {
			w.missing(place + "[" + key + "]")
		}
		length += len(item.Value) + len(", ")
		scalars = scalars && item.Kind == yaml.ScalarNode
	}
	if scalars && length < width {
		out.Style = yaml.FlowStyle
	}
	return out
}

func itemOf(list *yaml.Node, key string) *yaml.Node {
	if list == nil {
		return nil
	}
	for i, item := range list.Content {
		if itemKey(i, item) == key {
			return item
		}
	}
	return nil
}

func (w *rewording) missing(place string) {
	w.unworded = append(w.unworded, strings.TrimPrefix(place, "."))
}
