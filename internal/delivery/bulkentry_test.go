package delivery

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// An entry of a bulk call isn't larger than the queue assumes.
func TestBulkOverhead(t *testing.T) {
	whole := &klaviyo.EventCreateQuery{}
	fillAll(t, reflect.ValueOf(whole).Elem())
	for name, body := range map[string]*klaviyo.EventCreateQuery{"nothing": {}, "everything": whole} {
		entry := klaviyo.NewBulkCreateEventsBody(klaviyo.EventBulkCreateAttributes{
			Entries: klaviyo.NewEventBulkEntries(bulkEntry2026(&body.Data.Attributes)),
		})
		if more := len(entry.AppendJSON(nil)) - len(body.AppendJSON(nil)); more > batchings[klaviyo.OperationCreateEvent].overhead {
			t.Errorf("%s: %d bytes more", name, more)
		}
	}
}

// An entry has each field of its event, including fields that the description gets later.
func TestEachFieldIsInTheEntry(t *testing.T) {
	var body klaviyo.EventCreateQuery
	fillAll(t, reflect.ValueOf(&body).Elem())
	entry := bulkEntry2026(&body.Data.Attributes)
	single, bulk := leaves2026(t, body.Data.Attributes), leaves2026(t, entry)
	for value := range single {
		if single[value] != bulk[value] {
			t.Errorf("the entry has %s %d times, want %d", value, bulk[value], single[value])
		}
	}
}

// fillAll sets each field to a distinct value.
func fillAll(t *testing.T, v reflect.Value) {
	n := 0
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		n++
		text := fmt.Sprintf("value %d.", n)
		switch field := v.Addr().Interface().(type) {
		case *klaviyo.Nullable[string]:
			*field = klaviyo.Set(text)
			return
		case *klaviyo.Coordinate:
			if err := field.FromCoordinateText(text); err != nil {
				t.Fatal(err)
			}
			return
		case *json.RawMessage:
			*field = []byte(`{"p":"` + text + `"}`)
			return
		case *json.Number:
			*field = "1.5"
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.String:
			v.SetString(text)
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0))
		default:
			t.Fatalf("no value for a %v", v.Type())
		}
	}
	fill(v)
}

// leaves2026 counts the values of a body, except the types of its resources.
func leaves2026(t *testing.T, body any) map[string]int {
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var whole any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, value := range v {
				if name != "type" {
					walk(value)
				}
			}
		case []any:
			for _, value := range v {
				walk(value)
			}
		default:
			found[fmt.Sprint(v)]++
		}
	}
	walk(whole)
	return found
}
