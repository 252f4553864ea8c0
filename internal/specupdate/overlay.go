package main

import (
	"fmt"
	"strings"

	"github.com/speakeasy-api/openapi/overlay"
	yamlv3 "gopkg.in/yaml.v3"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// carryOverlay takes an overlay over to another description. An action whose target
// isn't there goes, for the generator would stop at it; its target is in dropped.
func (s *successor) carryOverlay(data []byte) (carried []byte, dropped []string, err error) {
	text := strings.ReplaceAll(string(data), s.ours.revision, s.revision)
	for _, m := range s.moved {
		text = strings.ReplaceAll(text, fmt.Sprintf("$.paths['%s'].%s.", m.from.Path, m.from.Method), fmt.Sprintf("$.paths['%s'].%s.", m.to.Path, m.to.Method))
	}
	described, err := description.Encode(s.root)
	if err != nil {
		return nil, nil, err
	}
	var document, list yamlv3.Node // of the library that overlay works with
	if err := yamlv3.Unmarshal(described, &document); err != nil {
		return nil, nil, err
	}
	if err := yamlv3.Unmarshal([]byte(text), &list); err != nil {
		return nil, nil, fmt.Errorf("overlay.yaml: %w", err)
	}
	all, err := overlay.ParseReader(strings.NewReader(text))
	if err != nil {
		return nil, nil, fmt.Errorf("overlay.yaml: %w", err)
	}
	lines := strings.Split(text, "\n")
	starts := actionLines(&list)
	if len(starts) != len(all.Actions) {
		return nil, nil, fmt.Errorf("overlay.yaml has %d actions, and %d begin a line", len(all.Actions), len(starts))
	}
	remove := make(map[int]bool)
	for i, action := range all.Actions {
		one := *all
		one.Actions = []overlay.Action{action}
		if _, err := one.ApplyToStrict(&document); err == nil {
			continue
		}
		dropped = append(dropped, action.Target)
		end := len(lines)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		for line := starts[i]; line < end; line++ {
			// Blank lines and comments at the end are about what comes next.
			if rest := strings.TrimSpace(strings.Join(stripComments(lines[line:end]), "")); rest == "" {
				break
			}
			remove[line] = true
		}
	}
	var kept []string
	for i, line := range lines {
		if !remove[i] {
			kept = append(kept, line)
		}
	}
	return []byte(strings.Join(kept, "\n")), dropped, nil
}

func stripComments(lines []string) []string {
	var rest []string
	for _, line := range lines {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			rest = append(rest, line)
		}
	}
	return rest
}

// actionLines are the lines, from 0, that the actions of an overlay begin on.
func actionLines(document *yamlv3.Node) []int {
	root := document.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "actions" {
			var lines []int
			for _, action := range root.Content[i+1].Content {
				lines = append(lines, action.Line-1)
			}
			return lines
		}
	}
	return nil
}
