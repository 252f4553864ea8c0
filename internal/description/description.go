// Package description works on descriptions of Klaviyo's API, which are OpenAPI documents as YAML
// nodes: it reduces a published description to our operations, compares the facts of two
// descriptions, and replaces published sentences by ours.
package description

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"
)

// Parse reads an OpenAPI 3.0 document, YAML or JSON.
func Parse(data []byte) (*yaml.Node, error) {
	// YAML includes all of JSON except one escape: a character as two surrogates.
	if plain, err := jsontext.AppendFormat(nil, data, jsontext.PreserveRawStrings(false)); err == nil {
		data = plain
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("not an OpenAPI description: it is not an object")
	}
	root := doc.Content[0]
	switch version := Get(root, "openapi"); {
	case version == nil:
		return nil, errors.New("not an OpenAPI description: the key openapi is missing")
	case !strings.HasPrefix(version.Value, "3.0."):
		return nil, fmt.Errorf("unsupported OpenAPI version %s: the generator reads 3.0", version.Value)
	case Get(root, "paths") == nil:
		return nil, errors.New("not an API description: the key paths is missing")
	}
	return root, nil
}

// Encode writes a description in the form of ours.
func Encode(root *yaml.Node) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := yaml.NewEncoder(&buffer)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, err
	}
	return buffer.Bytes(), encoder.Close()
}

// Get returns the node at the end of the keys, or nil.
func Get(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		n = child(n, key)
	}
	return n
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	for k, v := range pairs(n) {
		if k == key {
			return v
		}
	}
	return nil
}

// Clone copies a node and all below it.
func Clone(n *yaml.Node) *yaml.Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = Clone(child)
	}
	return &c
}

// Operation is an operation of a description.
type Operation struct {
	ID, Method, Path string // the method as in the description, such as get
	Node             *yaml.Node
	Aliases          []string // former ids, if the description has them
}

// Is reports whether an id is the operation's present or former id.
func (op Operation) Is(id string) bool {
	return op.ID == id || slices.Contains(op.Aliases, id)
}

// Operations returns the operations of a description in order, without those that have no
// operationId.
func Operations(root *yaml.Node) []Operation {
	var all []Operation
	for path, item := range pairs(Get(root, "paths")) {
		for method, node := range pairs(item) {
			if op, ok := newOperation(path, method, node); ok {
				all = append(all, op)
			}
		}
	}
	return all
}

func newOperation(path, method string, node *yaml.Node) (Operation, bool) {
	id := Get(node, "operationId")
	if !methods[method] || id == nil {
		return Operation{}, false
	}
	op := Operation{ID: id.Value, Method: method, Path: path, Node: node}
	if aliases := Get(node, "x-klaviyo-operation-aliases"); aliases != nil {
		for _, alias := range aliases.Content {
			op.Aliases = append(op.Aliases, alias.Value)
		}
	}
	return op, true
}

// methods are the keys of a path that hold an operation.
var methods = map[string]bool{
	"get": true, "put": true, "post": true, "delete": true,
	"options": true, "head": true, "patch": true, "trace": true,
}

// pairs ranges over the keys and values of an object.
func pairs(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// keep removes the keys of an object for which picked returns false.
func keep(n *yaml.Node, picked func(key string, value *yaml.Node) bool) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	kept := make([]*yaml.Node, 0, len(n.Content))
	for i := 0; i+1 < len(n.Content); i += 2 {
		if picked(n.Content[i].Value, n.Content[i+1]) {
			kept = append(kept, n.Content[i], n.Content[i+1])
		}
	}
	n.Content = kept
}

// Move puts an operation of a description at another method and path.
func Move(root *yaml.Node, op Operation, method, path string) {
	paths := Get(root, "paths")
	keep(Get(paths, op.Path), func(key string, _ *yaml.Node) bool { return key != op.Method })
	if len(Get(paths, op.Path).Content) == 0 {
		keep(paths, func(key string, _ *yaml.Node) bool { return key != op.Path })
	}
	item := Get(paths, path)
	if item == nil {
		item = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		put(paths, path, item)
	}
	keep(item, func(key string, _ *yaml.Node) bool { return key != method })
	put(item, method, op.Node)
}

func put(object *yaml.Node, key string, value *yaml.Node) {
	object.Content = append(object.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}
