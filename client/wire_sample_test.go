package client_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// asDescribed is a body or a response that has each property of its description, with a
// value of its own.
const asDescribed = "as described"

// inFull puts the JSON in the place of asDescribed.
func inFull[API any](t *testing.T, doc *openapi3.T, tt wireCase[API]) wireCase[API] {
	t.Helper()
	operation := doc.Paths.Find(tt.operation.Path).GetOperation(tt.operation.Method)
	if tt.body == asDescribed {
		tt.body = sampleOf(t, operation.RequestBody.Value.Content.Get(tt.operation.MediaType).Schema.Value)
	}
	var sample struct{ Data struct{ ID string } }
	if json.Unmarshal([]byte(tt.body), &sample) == nil {
		tt.path = strings.ReplaceAll(tt.path, "{data.id}", sample.Data.ID)
	}
	if tt.answer == asDescribed {
		response := operation.Responses.Value(fmt.Sprint(tt.status))
		if response == nil {
			t.Fatalf("%s: the description has no response %d", tt.operation, tt.status)
		}
		tt.answer = sampleOf(t, response.Value.Content.Get(tt.operation.MediaType).Schema.Value)
	}
	return tt
}

// bodyOf is the sample of an operation's body, read into its generated type.
func bodyOf[Body any](t *testing.T, op *runtime.Operation) (body Body) {
	t.Helper()
	operation := descriptionOf(t, op.Revision).Paths.Find(op.Path).GetOperation(op.Method)
	sample := sampleOf(t, operation.RequestBody.Value.Content.Get(op.MediaType).Schema.Value)
	if err := json.Unmarshal([]byte(sample), &body); err != nil {
		t.Fatal(err)
	}
	named(t, reflect.TypeOf(body))
	return body
}

// sampleOf is a value of a schema in JSON.
func sampleOf(t *testing.T, schema *openapi3.Schema) string {
	t.Helper()
	data, err := json.Marshal((&sampler{}).sample(schema))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A sampler makes values that differ from each other.
type sampler struct{ made int }

func (s *sampler) sample(schema *openapi3.Schema) any {
	s.made++
	properties := propertiesOf(schema)
	switch {
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case len(properties) > 0:
		object := make(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			object[name] = s.sample(merged(properties[name]))
		}
		return object
	case schema.Items != nil && len(schema.Items.Value.OneOf) > 0:
		var list []any
		for _, alternative := range schema.Items.Value.OneOf {
			list = append(list, s.sample(alternative.Value))
		}
		return list
	case schema.Items != nil:
		return []any{s.sample(schema.Items.Value)}
	case len(schema.OneOf) > 0:
		return s.sample(simplest(schema.OneOf))
	case len(schema.AllOf) > 0:
		return s.sample(schema.AllOf[0].Value)
	case schema.Type.Is("boolean"):
		return true
	case schema.Type.Is("integer"):
		return s.made
	case schema.Type.Is("number"):
		return float64(s.made) + 0.5
	case schema.Type.Is("string"):
		return fmt.Sprintf("text-%d", s.made)
	}
	return map[string]any{"custom": s.made}
}

// simplest is the alternative that can be read and written alike: a list where one by itself
// does too.
func simplest(alternatives openapi3.SchemaRefs) *openapi3.Schema {
	for _, a := range alternatives {
		if a.Value.Items != nil {
			return a.Value
		}
	}
	return alternatives[0].Value
}

// given is a value without the members that are empty: a type that several answers share
// may have more than one of them.
func given(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := make(map[string]any)
		for name, member := range v {
			member = given(member)
			if object, ok := member.(map[string]any); member != "" && (!ok || len(object) > 0) {
				kept[name] = member
			}
		}
		return kept
	case []any:
		kept := make([]any, len(v))
		for i := range v {
			kept[i] = given(v[i])
		}
		return kept
	}
	return v
}

// renamed are the fields whose names in Go differ from those in JSON by more than case.
var renamed = map[string]string{"events-bulk-create": "Entries"}

// named reports fields of a type whose names in Go are others than those in JSON: a
// round trip doesn't show that two were exchanged.
func named(t *testing.T, typ reflect.Type) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		named(t, typ.Elem())
	case reflect.Struct:
		for i := range typ.NumField() {
			field := typ.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			plain := strings.NewReplacer("_", "", "-", "").Replace(name)
			if name != "" && !strings.EqualFold(plain, field.Name) && renamed[name] != field.Name {
				t.Errorf("%s.%s is %q in JSON", typ, field.Name, name)
			}
			if field.IsExported() {
				named(t, field.Type)
			}
		}
	}
}
