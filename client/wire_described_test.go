package client_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// descriptions are those that were read.
var descriptions = make(map[string]*openapi3.T)

// descriptionOf reads a revision's description.
func descriptionOf(t *testing.T, revision string) *openapi3.T {
	t.Helper()
	if doc := descriptions[revision]; doc != nil {
		return doc
	}
	data, err := openapi.Description(revision)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	descriptions[revision] = doc
	return doc
}

// described checks the cases against the description: each operation, each response,
// each parameter and each property of a body has to occur in one, and nothing else.
func checkDescribed[API any](t *testing.T, w wireRevision[API], doc *openapi3.T, all []wireCase[API], proven contract) {
	for op := range w.operations.All() {
		item := doc.Paths.Find(op.Path)
		if item == nil || item.GetOperation(op.Method) == nil {
			t.Errorf("%s: the description has no %s %s", op, op.Method, op.Path)
			continue
		}
		operation := item.GetOperation(op.Method)
		var cases []wireCase[API]
		for _, tt := range all {
			if tt.operation == op {
				cases = append(cases, tt)
			}
		}
		for status := range operation.Responses.Map() {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(proven[op])), func(proven int) bool {
				return status == fmt.Sprint(proven) || status == fmt.Sprintf("%dXX", proven/100)
			}) {
				t.Errorf("%s: no case for the response %s", op, status)
			}
		}
		for status := range proven[op] {
			if status < 300 && operation.Responses.Value(fmt.Sprint(status)) == nil {
				t.Errorf("%s: the description has no response %d", op, status)
			}
		}

		used := make(map[string]bool)
		for _, tt := range cases {
			for name := range tt.query {
				used[name] = true
			}
		}
		for _, p := range append(item.Parameters, operation.Parameters...) {
			if p.Value.In == openapi3.ParameterInQuery && p.Value.Name != "company_id" && !used[p.Value.Name] {
				t.Errorf("%s: no case for the parameter %s", op, p.Value.Name)
			}
			delete(used, p.Value.Name)
			enumerated(t, w.enums, op, p.Value)
		}
		for name := range used {
			t.Errorf("%s: the description has no parameter %s", op, name)
		}

		if operation.RequestBody != nil {
			var bodies []any
			for _, tt := range cases {
				bodies = append(bodies, jsonValue([]byte(tt.body)))
			}
			covered(t, string(op.ID)+": body", operation.RequestBody.Value.Content.Get(op.MediaType).Schema.Value, bodies)
		}
		for status, response := range operation.Responses.Map() {
			media := response.Value.Content.Get(op.MediaType)
			if media == nil || strings.HasSuffix(status, "XX") { // whose body is wireErrors'
				continue
			}
			var answers []any
			for _, tt := range cases {
				if fmt.Sprint(tt.status) == status {
					answers = append(answers, jsonValue([]byte(tt.answer)))
				}
			}
			covered(t, fmt.Sprintf("%s: %s", op, status), media.Schema.Value, answers)
		}
	}
}

// enumerated reports values of a parameter that its type doesn't have.
func enumerated(t *testing.T, enums map[string]func(string) bool, op *runtime.Operation, p *openapi3.Parameter) {
	schema := p.Schema.Value
	if schema.Items != nil {
		schema = schema.Items.Value
	}
	if len(schema.Enum) == 0 {
		return
	}
	valid, ok := enums[p.Name]
	if !ok {
		valid, ok = enums[op.String()+" "+p.Name]
	}
	if !ok {
		t.Errorf("%s: no type for the values of %s", op, p.Name)
		return
	}
	for _, value := range schema.Enum {
		if !valid(value.(string)) {
			t.Errorf("%s: %s has the value %v, its type hasn't", op, p.Name, value)
		}
	}
}

// covered reports properties of a schema that none of the values has, and those that
// a value has and the schema hasn't.
func covered(t *testing.T, at string, schema *openapi3.Schema, values []any) {
	if len(values) == 0 {
		t.Errorf("%s occurs in no case", at)
		return
	}
	if strings.HasSuffix(at, "(segment)/attributes/definition") { // which the overlay leaves as JSON
		return
	}
	if schema.Items != nil {
		covered(t, at+"/*", schema.Items.Value, elementsOf(values))
	}
	for _, alternative := range schema.OneOf {
		kind := alternative.Value.Properties["type"]
		if kind == nil {
			continue // a number or a string
		}
		var ofKind []any
		for _, v := range values {
			if object, _ := v.(map[string]any); slices.Contains(kind.Value.Enum, object["type"]) {
				ofKind = append(ofKind, v)
			}
		}
		covered(t, fmt.Sprintf("%s(%v)", at, kind.Value.Enum[0]), alternative.Value, ofKind)
	}
	properties := propertiesOf(schema)
	if len(properties) == 0 {
		return
	}
	if strings.HasSuffix(at, "suppressions") { // of which the description has one by itself; see the overlay
		values = slices.Concat(values, elementsOf(values))
	}
	for name, property := range properties {
		var inside []any
		for _, v := range values {
			if object, _ := v.(map[string]any); object != nil {
				if v, ok := object[name]; ok {
					inside = append(inside, v)
				}
			}
		}
		covered(t, at+"/"+name, merged(property), inside)
	}
	for _, v := range values {
		object, _ := v.(map[string]any)
		for name := range object {
			if properties[name] == nil {
				t.Errorf("%s: there is no property %s", at, name)
			}
		}
	}
}

// elementsOf are the elements of those values that are lists.
func elementsOf(values []any) (elements []any) {
	for _, v := range values {
		list, _ := v.([]any)
		elements = append(elements, list...)
	}
	return elements
}

// propertiesOf are a schema's properties, each as the schemas that say something of it.
func propertiesOf(schema *openapi3.Schema) map[string][]*openapi3.Schema {
	properties := make(map[string][]*openapi3.Schema)
	for name, property := range schema.Properties {
		properties[name] = append(properties[name], property.Value)
	}
	for _, part := range schema.AllOf {
		for name, schemas := range propertiesOf(part.Value) {
			properties[name] = append(properties[name], schemas...)
		}
	}
	return properties
}

// merged makes one schema of those that all hold.
func merged(schemas []*openapi3.Schema) *openapi3.Schema {
	if len(schemas) == 1 {
		return schemas[0]
	}
	all := &openapi3.Schema{}
	for _, s := range schemas {
		all.AllOf = append(all.AllOf, &openapi3.SchemaRef{Value: s})
	}
	return all
}
