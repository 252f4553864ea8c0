package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// parseDocument reads YAML or JSON. It gives nil if text is empty.
func parseDocument(text []byte) (*yaml.Node, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	parse := parseYAML
	if json.Valid(text) {
		parse = parseJSON // YAML's parser refuses some of JSON's escapes
	}
	return parse(text)
}

func parseYAML(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, syntaxError(err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("holds more than one document")
	}
	return resolve(document.Content[0]), nil
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+):`)

// syntaxError keeps the line of a YAML error, whose text may quote a secret.
func syntaxError(err error) error {
	if line := yamlLine.FindStringSubmatch(err.Error()); line != nil {
		return fmt.Errorf("neither YAML nor JSON near line %s", line[1])
	}
	return errors.New("neither YAML nor JSON")
}

// parseJSON makes of valid JSON the nodes that YAML's parser would make.
func parseJSON(text []byte) (*yaml.Node, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	line, seen := 1, 0
	var parse func() (*yaml.Node, error)
	parse = func() (*yaml.Node, error) {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		offset := int(decoder.InputOffset())
		line += bytes.Count(text[seen:offset], []byte("\n"))
		seen = offset
		node := &yaml.Node{Kind: yaml.ScalarNode, Line: line}
		switch token := token.(type) {
		case nil:
			node.Tag = "!!null"
		case bool:
			node.Tag, node.Value = "!!bool", fmt.Sprint(token)
		case json.Number:
			node.Tag, node.Value = "!!float", token.String()
		case string:
			node.Tag, node.Value = "!!str", token
		case json.Delim:
			node.Kind = yaml.SequenceNode
			if token == '{' {
				node.Kind = yaml.MappingNode
			}
			for decoder.More() {
				element, err := parse()
				if err != nil {
					return nil, err
				}
				node.Content = append(node.Content, element)
			}
			_, err = decoder.Token() // the closing bracket
		}
		return node, err
	}
	return parse()
}

// pairs goes through the keys of a mapping and their values.
func pairs(mapping *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(*yaml.Node, *yaml.Node) bool) {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i], resolve(mapping.Content[i+1])) {
				return
			}
		}
	}
}

// resolve follows a YAML alias.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func errorAt(node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{node.Line}, args...)...)
}
