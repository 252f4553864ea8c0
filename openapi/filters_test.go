package openapi_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// fieldOperators finds a line such as "`email`: `any`, `equals`" of a published sentence.
var fieldOperators = regexp.MustCompile("`([^`]+)`: (`[a-z-]+`(?:, `[a-z-]+`)*)")

// TestFiltersAgainstPublished compares the overlay's x-filter with what the published
// description says of each filter in words.
func TestFiltersAgainstPublished(t *testing.T) {
	var published struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Parameters  []struct{ Name, Description string }
		}
	}
	if err := json.Unmarshal(readPublished(t), &published); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("2023-02-22/overlay.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct {
		Actions []struct {
			Target string
			Update yaml.Node
		}
	}
	if err := yaml.Unmarshal(file, &overlay); err != nil {
		t.Fatal(err)
	}
	filters := 0
	for _, action := range overlay.Actions {
		var update struct {
			Filter []struct {
				Field, Type string
				Operators   []string
			} `yaml:"x-filter"`
		}
		if action.Update.Kind != yaml.MappingNode || action.Update.Decode(&update) != nil || update.Filter == nil {
			continue
		}
		filters++
		ours := make(map[string][]string)
		for _, f := range update.Filter {
			ours[f.Field] = slices.Sorted(slices.Values(f.Operators))
			if compares := !slices.Contains(f.Operators, "equals") && !slices.Contains(f.Operators, "any"); compares != (f.Type == "time") {
				t.Errorf("%s: %s has the type %q", action.Target, f.Field, f.Type)
			}
		}
		_, path, _ := strings.Cut(action.Target, "'")
		path, _, _ = strings.Cut(path, "'")
		theirs := make(map[string][]string)
		for _, p := range published.Paths[path]["get"].Parameters {
			if p.Name != "filter" {
				continue
			}
			for _, found := range fieldOperators.FindAllStringSubmatch(p.Description, -1) {
				theirs[found[1]] = slices.Sorted(slices.Values(strings.Split(strings.ReplaceAll(found[2], "`", ""), ", ")))
			}
		}
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Errorf("%s: published -, ours +:\n%s", path, diff)
		}
	}
	if filters != 5 {
		t.Errorf("%d filters in the overlay, want 5", filters)
	}
}
