package main

import (
	"fmt"
	"strings"

	"github.com/speakeasy-api/openapi/overlay"
	"go.yaml.in/yaml/v3"
	yamlv3 "gopkg.in/yaml.v3" // what the library of overlays works with

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// carryOverlay adapts an overlay to another description. It removes actions without a target,
// which the generator would reject. The remarks name these, and actions with fewer targets than
// before.
func (s *successor) carryOverlay(data []byte) (carried []byte, remarks []string, err error) {
	text := strings.ReplaceAll(string(data), s.ours.revision, s.revision)
	for _, m := range s.moved {
		if m.from.Path == m.to.Path && m.from.Method == m.to.Method {
			continue
		}
		text = strings.ReplaceAll(text, fmt.Sprintf("$.paths['%s'].%s.", m.from.Path, m.from.Method), fmt.Sprintf("$.paths['%s'].%s.", m.to.Path, m.to.Method))
	}
	all, err := overlay.ParseReader(strings.NewReader(text))
	if err != nil {
		return nil, nil, fmt.Errorf("overlay.yaml: %w", err)
	}
	before, err := overlaid(s.base)
	if err != nil {
		return nil, nil, err
	}
	after, err := overlaid(s.root)
	if err != nil {
		return nil, nil, err
	}
	gone := make([]bool, len(all.Actions))
	for i, action := range all.Actions {
		was, err := applyTo(before, all, action)
		if err != nil {
			return nil, nil, err
		}
		is, err := applyTo(after, all, action)
		switch {
		case err != nil:
			return nil, nil, err
		case is == 0:
			gone[i] = true
			remarks = append(remarks, fmt.Sprintf("`%s` has no target and is left out", action.Target))
		case is < was && !strings.Contains(action.Target, "*"):
			remarks = append(remarks, fmt.Sprintf("`%s` has %d targets, and had %d", action.Target, is, was))
		}
	}
	carried, err = withoutActions(text, gone)
	return carried, remarks, err
}

// overlaid is a description for applyTo.
func overlaid(root *yaml.Node) (*yamlv3.Node, error) {
	data, err := description.Encode(root)
	if err != nil {
		return nil, err
	}
	document := new(yamlv3.Node)
	return document, yamlv3.Unmarshal(data, document)
}

// applyTo applies one action of an overlay and counts its targets.
func applyTo(document *yamlv3.Node, all *overlay.Overlay, action overlay.Action) (int, error) {
	path, err := all.NewPath(action.Target, new([]string))
	if err != nil {
		return 0, fmt.Errorf("overlay.yaml: %s: %w", action.Target, err)
	}
	targets := len(path.Query(document))
	one := *all
	one.Actions = []overlay.Action{action}
	return targets, one.ApplyTo(document)
}

// withoutActions removes actions from the text of an overlay, and keeps its comments.
func withoutActions(text string, gone []bool) ([]byte, error) {
	var list yamlv3.Node
	if err := yamlv3.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("overlay.yaml: %w", err)
	}
	starts := actionLines(&list)
	if len(starts) != len(gone) {
		return nil, fmt.Errorf("overlay.yaml has %d actions, and %d begin a line", len(gone), len(starts))
	}
	lines := strings.Split(text, "\n")
	kept := lines[:starts[0]:starts[0]]
	for i, start := range starts {
		end := len(lines)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		if gone[i] {
			// Blank lines and comments at the end belong to the next action.
			last := end
			for last > start && isRemark(lines[last-1]) {
				last--
			}
			start = last
		}
		kept = append(kept, lines[start:end]...)
	}
	return []byte(strings.Join(kept, "\n")), nil
}

func isRemark(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#")
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
