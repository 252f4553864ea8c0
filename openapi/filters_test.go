package openapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/internal/published"
)

// filterField is what a filter takes on a field.
type filterField struct {
	Operators []string // in order
	Time      string   // time or unix, where the operand is one of these
	List      bool     // the operand has to be a list, even for one value
}

// TestFiltersAgainstPublished compares the overlay's x-filter with what the published
// description says of each filter.
func TestFiltersAgainstPublished(t *testing.T) {
	eachRevision(t, func(t *testing.T, revision string) {
		theirs, ours := publishedFilters(t, published.Read(t, revision)), overlayFilters(t, revision)
		if len(ours) < 5 {
			t.Errorf("%d filters in the overlay, want 5 and more", len(ours))
		}
		for path, fields := range ours {
			if diff := cmp.Diff(theirs[path], fields); diff != "" {
				t.Errorf("%s: published -, ours +:\n%s", path, diff)
			}
		}
	})
}

// overlayFilters are the filters of x-filter by the paths of their operations.
func overlayFilters(t *testing.T, revision string) map[string]map[string]filterField {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(revision, "overlay.yaml"))
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
	filters := make(map[string]map[string]filterField)
	for _, action := range overlay.Actions {
		var update struct {
			Filter []struct {
				Field, Type string
				List        bool
				Operators   []string
			} `yaml:"x-filter"`
		}
		if action.Update.Kind != yaml.MappingNode || action.Update.Decode(&update) != nil || update.Filter == nil {
			continue
		}
		_, path, _ := strings.Cut(action.Target, "'")
		path, _, _ = strings.Cut(path, "'")
		filters[path] = make(map[string]filterField)
		for _, f := range update.Filter {
			field := filterField{Operators: slices.Sorted(slices.Values(f.Operators)), List: f.List}
			if f.Type == "time" || f.Type == "unix" {
				field.Time = f.Type
			}
			filters[path][f.Field] = field
		}
	}
	return filters
}

// publishedFilter is x-klaviyo-filters, which not every revision has.
type publishedFilter struct {
	Operators struct{ None, Single, List []string }
	Value     struct{ Type, Format string }
}

// fieldOperators finds a line such as "`email`: `any`, `equals`" of a published sentence.
var fieldOperators = regexp.MustCompile("`([^`]+)`: (`[a-z-]+`(?:, `[a-z-]+`)*)")

// publishedFilters are the filters of a published description by path: those that it
// spells out, else those that it tells of in a sentence.
func publishedFilters(t *testing.T, data []byte) map[string]map[string]filterField {
	t.Helper()
	var document struct {
		Paths map[string]struct {
			Get struct {
				Parameters []struct{ Name, Description string }
				Filters    map[string]publishedFilter `json:"x-klaviyo-filters"`
			}
		}
	}
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	filters := make(map[string]map[string]filterField)
	for path, item := range document.Paths {
		filters[path] = make(map[string]filterField)
		for name, f := range item.Get.Filters {
			filters[path][name] = f.field()
		}
		for _, p := range item.Get.Parameters {
			if p.Name != "filter" || item.Get.Filters != nil {
				continue
			}
			for _, found := range fieldOperators.FindAllStringSubmatch(p.Description, -1) {
				filters[path][found[1]] = toldField(strings.Split(strings.ReplaceAll(found[2], "`", ""), ", "))
			}
		}
	}
	return filters
}

func (f publishedFilter) field() filterField {
	field := filterField{
		Operators: slices.Sorted(slices.Values(slices.Concat(f.Operators.None, f.Operators.Single, f.Operators.List))),
		List:      slices.Contains(f.Operators.List, "equals") && !slices.Contains(f.Operators.Single, "equals"),
	}
	field.Operators = slices.Compact(field.Operators)
	switch {
	case f.Value.Format == "date-time":
		field.Time = "time"
	case f.Value.Type == "number":
		field.Time = "unix"
	}
	return field
}

// toldField is a field of which a sentence gives the operators alone: one that can only
// be compared holds a time.
func toldField(operators []string) filterField {
	field := filterField{Operators: slices.Sorted(slices.Values(operators))}
	if !slices.Contains(operators, "equals") && !slices.Contains(operators, "any") {
		field.Time = "time"
	}
	return field
}
