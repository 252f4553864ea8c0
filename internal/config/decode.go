package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// fields gives the field of a Config for each key.
var fields = func() map[string]reflect.StructField {
	byKey := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "" && key != "-" {
			byKey[key] = field
		}
	}
	return byKey
}()

// decode reads the settings of a mapping. Null and the empty string leave a setting unset,
// as RudderStack's form writes them.
func decode(mapping *yaml.Node) (File, error) {
	file := File{Lines: map[string]int{}}
	lines := map[string]int{}
	for key, value := range pairs(mapping) {
		name := key.Value
		if line, ok := lines[name]; ok {
			return File{}, errorAt(key, "%s is already set in line %d", printable(name), line)
		}
		lines[name] = key.Line
		field, ok := fields[name]
		switch {
		case rudderStackKeys[name]:
			file.Ignored = append(file.Ignored, name)
		case !ok && name == accountsKey:
			return File{}, errorAt(key, "this is a file of accounts, for serve: check it with rudderklaviyo doctor --accounts FILE, and give the file of a destination here")
		case !ok:
			return File{}, errorAt(key, "unknown key %s%s", printable(name), suggestion(name, maps.Keys(fields)))
		case isUnset(value):
		default:
			if err := set(reflect.ValueOf(&file.Config).Elem().FieldByIndex(field.Index), value); err != nil {
				return File{}, errorAt(value, "%s %w", name, err)
			}
			if err := Check(file.Config); err != nil { // those before were right
				return File{}, errorAt(value, "%w", err)
			}
			file.Lines[name] = key.Line
		}
	}
	slices.Sort(file.Ignored)
	return file, nil
}

func isUnset(value *yaml.Node) bool {
	return value.ShortTag() == "!!null" || value.ShortTag() == "!!str" && strings.TrimSpace(value.Value) == ""
}

// set stores a value in a field of a Config. The error ends a sentence that
// begins with the key.
func set(field reflect.Value, value *yaml.Node) (err error) {
	switch target := field.Addr().Interface().(type) {
	case *bool:
		*target, err = boolean(value)
	case **bool:
		var flag bool
		flag, err = boolean(value)
		*target = &flag
	case *[]mapper.Channel:
		*target, err = channels(value)
	case *mapper.EventNames:
		*target, err = eventNames(value)
	case *[]mapper.MetricName:
		*target, err = metricNames(value)
	default:
		var s string
		s, err = text(value)
		field.SetString(s)
	}
	return err
}

func boolean(value *yaml.Node) (bool, error) {
	if value.ShortTag() != "!!bool" {
		return false, errors.New("must be true or false")
	}
	return strings.EqualFold(value.Value, "true"), nil
}

var template = regexp.MustCompile(`^\{\{.*\}\}$|^env\.`)

func text(value *yaml.Node) (string, error) {
	switch value.ShortTag() {
	case "!!str", "!!timestamp": // YAML takes a revision's name for a date
	default:
		return "", errors.New("must be a string; put a number in quotes")
	}
	s := strings.TrimSpace(value.Value)
	if template.MatchString(s) {
		return "", errors.New("is a template that RudderStack fills in; write the value itself")
	}
	return s, nil
}

// channels reads a list of channels or a single one.
func channels(value *yaml.Node) ([]mapper.Channel, error) {
	elements := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		elements = value.Content
	}
	known := []mapper.Channel{mapper.ChannelEmail, mapper.ChannelSMS}
	list := make([]mapper.Channel, 0, len(elements))
	for _, element := range elements {
		channel := mapper.Channel(resolve(element).Value)
		if !slices.Contains(known, channel) {
			return nil, fmt.Errorf("must be a list of the channels %s and %s", known[0], known[1])
		}
		list = append(list, channel)
	}
	return list, nil
}

// eventNames reads [{eventName: …}] and leaves out the blank entries of
// RudderStack's form.
func eventNames(value *yaml.Node) (mapper.EventNames, error) {
	form := errors.New("must be a list of eventName: NAME")
	if value.Kind != yaml.SequenceNode {
		return nil, form
	}
	var list mapper.EventNames
	for _, element := range value.Content {
		element = resolve(element)
		if element.Kind != yaml.MappingNode || len(element.Content) > 2 {
			return nil, form
		}
		for key, name := range pairs(element) {
			if key.Value != "eventName" {
				return nil, form
			}
			if isUnset(name) {
				continue
			}
			s, err := text(name)
			if err != nil {
				return nil, form
			}
			list = append(list, s)
		}
	}
	return list, nil
}

// metricNames reads [{eventName: …, metricName: …}].
func metricNames(value *yaml.Node) ([]mapper.MetricName, error) {
	form := errors.New("must be a list of eventName: NAME and metricName: NAME")
	if value.Kind != yaml.SequenceNode {
		return nil, form
	}
	var list []mapper.MetricName
	for _, element := range value.Content {
		if element = resolve(element); element.Kind != yaml.MappingNode {
			return nil, form
		}
		var name mapper.MetricName
		for key, value := range pairs(element) {
			part := map[string]*string{"eventName": &name.EventName, "metricName": &name.MetricName}[key.Value]
			if part == nil {
				return nil, form
			}
			s, err := text(value)
			if err != nil {
				return nil, form
			}
			*part = s
		}
		list = append(list, name)
	}
	return list, nil
}
