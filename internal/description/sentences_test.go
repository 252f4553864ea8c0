package description

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const theirs = "a sentence of theirs"

// say adds published sentences wherever a description can have one.
func say(n *yaml.Node, names bool) {
	for key, child := range pairs(n) {
		say(child, !names && named[key])
		if !names && child.Kind == yaml.ScalarNode && (key == "description" || key == "summary") {
			child.Value, child.Style = theirs, 0
		}
	}
	if n.Kind == yaml.SequenceNode {
		for _, child := range n.Content {
			say(child, false)
		}
	}
	if n.Kind == yaml.MappingNode && !names && (Get(n, "type") != nil || Get(n, "schema") != nil) {
		keep(n, func(key string, _ *yaml.Node) bool { return key != "example" && key != "title" })
		n.Content = append(n.Content,
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "example"},
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: theirs})
	}
}

func TestRewordKeepsOurSentences(t *testing.T) {
	ours := parse(t, describe(t))
	published := parse(t, describe(t))
	say(published, false)

	reworded, unworded := Reword(published, ours, strings.NewReplacer())
	if len(unworded) > 0 {
		t.Errorf("without a sentence although nothing is new: %q", unworded)
	}
	data, err := Encode(reworded)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), theirs) {
		t.Error("a sentence of the published file is left")
	}
	var got, want any
	if err := yaml.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(describe(t), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the result differs from our description (-ours +result)\n%s", diff)
	}
	comment, _, _ := strings.Cut(string(describe(t)), "\n")
	if strings.HasPrefix(comment, "#") && !strings.HasPrefix(string(data), comment) {
		t.Errorf("the first comment is lost: %.80s", data)
	}
}

func TestRewordNamesWhatIsNew(t *testing.T) {
	ours := parse(t, describe(t))
	published := parse(t, describe(t))
	location := editor{t, published}.at("components", "schemas", "ProfileLocation", "properties")
	location.add("planet")
	location.at("planet").add("title")
	location.add("title") // a name here, not a keyword
	dates := strings.NewReplacer("2023-02-22", "2023-06-15")

	reworded, unworded := Reword(published, ours, dates)
	const places = "components.schemas.ProfileLocation.properties."
	if want := []string{places + "planet", places + "title"}; !slices.Equal(unworded, want) {
		t.Errorf("without a sentence: %q, want %q", unworded, want)
	}
	properties := Get(reworded, "components", "schemas", "ProfileLocation", "properties")
	if Get(properties, "title") == nil {
		t.Error("the property title is lost")
	}
	if Get(properties, "planet", "title") != nil {
		t.Error("the title of a property is left")
	}
	if got := Get(reworded, "info", "description").Value; !strings.Contains(got, "2023-06-15") {
		t.Errorf("the old revision is left in a sentence: %s", got)
	}
}
