package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// kindOfKlaviyo is the name that RudderStack's definition of a Klaviyo destination has.
const kindOfKlaviyo = "KLAVIYO"

// exportKeys are the keys, in small letters, of what RudderStack's exports have destinations in.
var exportKeys = map[string]bool{"source": true, "sources": true, "destination": true, "destinations": true, "connections": true}

// destination is one of RudderStack's, as its exports have them.
type destination struct {
	id, name string
	kind     string // the name of its definition, or empty if that isn't there
	off      string // why RudderStack sends nothing to it, or empty
	node     *yaml.Node
	config   *yaml.Node
}

// unwrap gives the settings of a document: those of the destination that it is or holds,
// else the document itself. Of several destinations the chosen one is taken, by its name or
// id, or if that is empty the one of Klaviyo that is switched on.
func unwrap(document *yaml.Node, chosen string) (*yaml.Node, error) {
	found := destinationsIn(document)
	if len(found) == 0 {
		switch {
		case document.Kind != yaml.MappingNode:
			return nil, errorAt(document, "want keys and values")
		case chosen != "":
			return nil, errors.New("holds settings and no destination to choose: leave --destination out")
		}
		for key := range pairs(document) {
			if exportKeys[strings.ToLower(key.Value)] {
				return nil, errorAt(key, "holds no destination with a config: export that of Klaviyo, or the whole workspace")
			}
		}
		return document, nil
	}
	if document.Kind == yaml.MappingNode {
		for key := range pairs(document) {
			if _, ok := fields[key.Value]; ok {
				return nil, errorAt(key, "%s stands beside config; move it into config", key.Value)
			}
		}
	}
	d, err := choose(found, chosen)
	if err != nil {
		return nil, err
	}
	switch {
	case !d.isOfKlaviyo():
		return nil, errorAt(d.node, "the destination %s is one of %s, not of Klaviyo: export that of Klaviyo", d, quoted(d.kind))
	case d.off != "":
		return nil, errorAt(d.node, "the destination %s %s: if it is to be used all the same, give its config alone", d, d.off)
	}
	return d.config, nil
}

// choose gives the destination to use, which may be one that can't be.
func choose(all []destination, chosen string) (destination, error) {
	if chosen != "" {
		fitting := slices.DeleteFunc(slices.Clone(all), func(d destination) bool { return d.id != chosen && d.name != chosen })
		switch len(fitting) {
		case 0:
			return destination{}, fmt.Errorf("holds no destination of that name or id: choose one of %s", list(all))
		case 1:
			return fitting[0], nil
		}
		return destination{}, fmt.Errorf("holds several destinations of that name: choose one by its id, of %s", list(fitting))
	}
	ofKlaviyo := slices.DeleteFunc(slices.Clone(all), func(d destination) bool { return !d.isOfKlaviyo() })
	on := slices.DeleteFunc(slices.Clone(ofKlaviyo), func(d destination) bool { return d.off != "" })
	switch {
	case len(all) == 1:
		return all[0], nil
	case len(on) == 1:
		return on[0], nil
	case len(on) > 1:
		return destination{}, fmt.Errorf("holds several destinations of Klaviyo: choose one with --destination NAME or ID, of %s", list(on))
	case len(ofKlaviyo) > 0:
		return destination{}, fmt.Errorf("holds no destination of Klaviyo that is switched on: %s", list(ofKlaviyo))
	}
	return destination{}, fmt.Errorf("holds no destination of Klaviyo, but %s", list(all))
}

// destinationsIn looks for destinations: the document itself, or what is in it at any depth,
// such as those of the sources of a workspace. One that is there several times, as that of
// several sources, is given once.
func destinationsIn(document *yaml.Node) []destination {
	if d, ok := asDestination(document); ok {
		return []destination{d}
	}
	var found []destination
	var look func(node *yaml.Node)
	look = func(node *yaml.Node) {
		for _, inner := range node.Content { // an alias is not followed: it could be to what holds it
			d, ok := asDestination(inner)
			switch {
			case !ok || d.kind == "":
				look(inner)
			case d.id == "" || !slices.ContainsFunc(found, func(other destination) bool { return other.id == d.id }):
				found = append(found, d)
			}
		}
	}
	look(document)
	return found
}

// asDestination reads a destination, which has a config, in the spelling of any of
// RudderStack's exports. A source has one too, and its destinations.
func asDestination(node *yaml.Node) (destination, bool) {
	d := destination{node: node}
	if node.Kind != yaml.MappingNode {
		return d, false
	}
	named := false // by its definition
	for key, value := range pairs(node) {
		isText := value.ShortTag() == "!!str"
		switch name := strings.ToLower(key.Value); {
		case name == "destinations", name == "sources":
			return d, false
		case name == "config" && value.Kind == yaml.MappingNode:
			d.config = value
		case name == "id" && isText:
			d.id = value.Value
		case name == "name" && isText:
			d.name = value.Value
		case name == "type" && isText && d.kind == "":
			d.kind = value.Value
		case name == "destinationdefinition" && value.Kind == yaml.MappingNode:
			for key, value := range pairs(value) {
				switch isText := value.ShortTag() == "!!str"; {
				case strings.EqualFold(key.Value, "name") && isText:
					d.kind, named = value.Value, true
				case strings.EqualFold(key.Value, "displayName") && isText && !named:
					d.kind = value.Value
				}
			}
		case name == "enabled" && isFlag(value, false):
			d.off = "is switched off"
		case name == "deleted" && isFlag(value, true):
			d.off = "is deleted"
		}
	}
	return d, d.config != nil
}

func isFlag(value *yaml.Node, want bool) bool {
	return value.Kind == yaml.ScalarNode && strings.EqualFold(value.Value, strconv.FormatBool(want))
}

// isOfKlaviyo tells whether it is one, as far as it says so.
func (d destination) isOfKlaviyo() bool {
	return d.kind == "" || strings.EqualFold(d.kind, kindOfKlaviyo)
}

// String names it by its name and id.
func (d destination) String() string {
	switch {
	case d.id == "":
		return quoted(d.name)
	case d.name == "":
		return quoted(d.id)
	}
	return fmt.Sprintf("%s (%s)", quoted(d.name), quoted(d.id))
}

// list names destinations, with what keeps them from being used.
func list(all []destination) string {
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = d.String()
		if !d.isOfKlaviyo() {
			texts[i] += " of " + quoted(d.kind)
		}
		if d.off != "" {
			texts[i] += ", which " + d.off
		}
	}
	return strings.Join(texts, "; ")
}

// quoted is a name for a message, unless it could be a secret that slipped in.
func quoted(name string) string {
	if len(name) > maxKey || secretForm.MatchString(name) {
		return "(not shown)"
	}
	return strconv.Quote(name)
}
