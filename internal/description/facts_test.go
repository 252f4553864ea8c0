package description

import (
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// describe returns the description that the tests change.
func describe(t *testing.T) []byte {
	t.Helper()
	data, err := openapi.Description("2023-02-22")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parse(t *testing.T, data []byte) *yaml.Node {
	t.Helper()
	root, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// compare compares as openapi does with the published file.
func compare(ours, published *yaml.Node) []Difference {
	return Compare(ours, Narrow(published, ours))
}

// TestComparisonFindsDifferences changes one fact at a time, once in the published description and
// once in ours.
func TestComparisonFindsDifferences(t *testing.T) {
	const (
		schemas = "components.schemas."
		profile = schemas + "ProfileCreateQueryResourceObject.properties.attributes.properties"
	)
	tests := []struct {
		name   string
		change func(e editor)
		want   []string // places
	}{
		{
			"parameter dropped",
			func(e editor) { e.at("paths", "/api/events/", "get", "parameters").drop("page[cursor]") },
			[]string{"paths./api/events/.get.parameters[page[cursor]]"},
		},
		{
			"parameter's type changed",
			func(e editor) {
				e.at("paths", "/api/events/", "get", "parameters", "page[cursor]", "schema", "type").set("integer")
			},
			[]string{"paths./api/events/.get.parameters[page[cursor]].schema.type"},
		},
		{
			"status code dropped",
			func(e editor) { e.at("paths", "/api/events/", "post", "responses").drop("4XX") },
			[]string{"paths./api/events/.post.responses.4XX"},
		},
		{
			"rate limit changed",
			func(e editor) { e.at("paths", "/api/profiles/", "post", "x-klaviyo-ratelimit", "burst").set("76/s") },
			[]string{"paths./api/profiles/.post.x-klaviyo-ratelimit.burst"},
		},
		{
			"scope dropped",
			func(e editor) { e.at("paths", "/api/profiles/", "post", "x-klaviyo-scopes").drop("profiles:write") },
			[]string{"paths./api/profiles/.post.x-klaviyo-scopes[profiles:write]"},
		},
		{
			"security of one operation dropped",
			func(e editor) { e.at("paths", "/client/events/", "post").drop("security") },
			[]string{"paths./client/events/.post.security"},
		},
		{
			"enum value changed",
			func(e editor) { e.at("components", "schemas", "EventEnum", "enum", "event").set("events") },
			[]string{schemas + "EventEnum.enum[event]", schemas + "EventEnum.enum[events]"},
		},
		{
			"required entry dropped",
			func(e editor) { e.at("components", "schemas", "Suppression", "required").drop("email") },
			[]string{schemas + "Suppression.required[email]"},
		},
		{
			"schema dropped",
			func(e editor) { e.at("components", "schemas").drop("RelationshipLinks") },
			[]string{schemas + "RelationshipLinks"},
		},
		{
			"property added",
			func(e editor) { e.at("components", "schemas", "ProfileLocation", "properties").add("planet") },
			[]string{schemas + "ProfileLocation.properties.planet"},
		},
		{
			"property with the name of a keyword removed",
			func(e editor) {
				e.at("components", "schemas", "ProfileCreateQueryResourceObject", "properties", "attributes", "properties").drop("title")
			},
			[]string{profile + ".title"},
		},
		{
			"format changed",
			func(e editor) {
				e.at("components", "schemas", "ObjectLinks", "properties", "self", "format").set("uuid")
			},
			[]string{schemas + "ObjectLinks.properties.self.format"},
		},
		{
			"properties reordered",
			func(e editor) {
				e.at("components", "schemas", "ProfileCreateQueryResourceObject", "properties", "attributes", "properties").swap()
			},
			[]string{profile + " (order)"},
		},
		{
			"two facts changed",
			func(e editor) {
				e.at("components", "schemas", "ListEnum", "type").set("integer")
				e.at("openapi").set("3.1.0")
			},
			[]string{schemas + "ListEnum.type", "openapi"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ours := parse(t, describe(t))
			changed := parse(t, describe(t))
			tt.change(editor{t, changed})

			for direction, got := range map[string][]Difference{
				"published": compare(ours, changed),
				"ours":      compare(changed, ours),
			} {
				var places []string
				for _, d := range got {
					places = append(places, d.Place)
				}
				slices.Sort(places)
				if !slices.Equal(places, tt.want) {
					t.Errorf("changed in %s: got differences at %q, want %q", direction, places, tt.want)
				}
			}
		})
	}
}

// TestComparisonPassesOver changes parts that aren't compared.
func TestComparisonPassesOver(t *testing.T) {
	tests := []struct {
		name   string
		change func(e editor)
	}{
		{"path beyond ours", func(e editor) { e.at("paths").add("/api/flows/") }},
		{"operation beyond ours", func(e editor) { e.at("paths", "/api/metrics/").add("post") }},
		{"schema beyond ours", func(e editor) { e.at("components", "schemas").add("FlowEnum") }},
		{"other description", func(e editor) { e.at("paths", "/api/metrics/", "get", "description").set("other") }},
		{"example", func(e editor) { e.at("components", "schemas", "ListEnum").add("example") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			published := parse(t, describe(t))
			tt.change(editor{t, published})
			if got := compare(parse(t, describe(t)), published); len(got) > 0 {
				t.Errorf("got differences %q, want none", got)
			}
		})
	}
}

// TestComparisonOfTheUndescribed checks that the content of a schema that our description marks
// isn't compared, nor the components that only this schema refers to.
func TestComparisonOfTheUndescribed(t *testing.T) {
	const (
		head    = "openapi: 3.0.2\npaths: {/x: {get: {operationId: get_x, parameters: [{name: q, schema: {$ref: '#/components/schemas/Opaque'}}]}}}\ncomponents: {schemas: {"
		ours    = head + "Opaque: {description: ours, type: object, x-not-described: true}}}"
		inside  = head + "Opaque: {type: object, properties: {a: {$ref: '#/components/schemas/Inner'}}}, Inner: {type: string}}}"
		another = head + "Opaque: {type: array, items: {$ref: '#/components/schemas/Inner'}}, Inner: {type: string}}}"
	)
	if got := compare(parse(t, []byte(ours)), parse(t, []byte(inside))); len(got) > 0 {
		t.Errorf("the content of the schema is compared: %q", got)
	}
	got := compare(parse(t, []byte(ours)), parse(t, []byte(another)))
	if len(got) != 1 || got[0].Place != "components.schemas.Opaque.type" {
		t.Errorf("its type: %q", got)
	}
}

// TestCutFollowsFormerIDs checks that an operation is kept by its former id.
func TestCutFollowsFormerIDs(t *testing.T) {
	published := parse(t, []byte("openapi: 3.0.2\npaths: {/x: {get: {operationId: new, x-klaviyo-operation-aliases: [old]}}, /y: {get: {operationId: other}}}"))
	var ids []string
	for _, op := range Operations(Cut(published, []string{"old"})) {
		ids = append(ids, op.ID)
	}
	if !slices.Equal(ids, []string{"new"}) {
		t.Errorf("left are %q", ids)
	}
}

// editor changes a node of a description in place.
type editor struct {
	t    *testing.T
	node *yaml.Node
}

// index returns where in the content of the node the child of that key is.
func (e editor) index(key string) int {
	e.t.Helper()
	for i, child := range e.node.Content {
		switch e.node.Kind {
		case yaml.MappingNode:
			if i%2 == 1 && e.node.Content[i-1].Value == key {
				return i
			}
		case yaml.SequenceNode:
			if itemKey(i, child) == key {
				return i
			}
		}
	}
	e.t.Fatalf("the description has no %q there", key)
	return -1
}

func (e editor) at(keys ...string) editor {
	e.t.Helper()
	for _, key := range keys {
		e.node = e.node.Content[e.index(key)]
	}
	return e
}

func (e editor) set(value string) { e.node.Value = value }

func (e editor) drop(key string) {
	e.t.Helper()
	i := e.index(key)
	first := i
	if e.node.Kind == yaml.MappingNode {
		first--
	}
	e.node.Content = slices.Delete(e.node.Content, first, i+1)
}

// add adds a key to an object. Its value is an object.
func (e editor) add(key string) {
	e.node.Content = append(e.node.Content,
		&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key},
		&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"})
}

// swap exchanges the first two keys of an object.
func (e editor) swap() {
	c := e.node.Content
	c[0], c[1], c[2], c[3] = c[2], c[3], c[0], c[1]
}
