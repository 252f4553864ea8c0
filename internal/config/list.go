package config

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// SetList sets a key that holds a list to the values of a flag: channels, names of events, or
// EVENT=METRIC. No error quotes a value.
func SetList(cfg *Config, key string, values []string) error {
	field := reflect.ValueOf(cfg).Elem().FieldByIndex(fields[key].Index)
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, value := range values {
		entry := &yaml.Node{Kind: yaml.MappingNode}
		switch field.Interface().(type) {
		case mapper.EventNames:
			entry.Content = []*yaml.Node{textNode("eventName"), textNode(value)}
		case []mapper.MetricName:
			event, metric, ok := strings.Cut(value, "=")
			if !ok {
				return fmt.Errorf("%s must be EVENT=METRIC", key)
			}
			entry.Content = []*yaml.Node{textNode("eventName"), textNode(event), textNode("metricName"), textNode(metric)}
		default:
			entry = textNode(strings.TrimSpace(value))
		}
		list.Content = append(list.Content, entry)
	}
	if err := set(field, list); err != nil {
		return fmt.Errorf("%s %w", key, err)
	}
	return nil
}

func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}
