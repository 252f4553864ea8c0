package mapper

import (
	"encoding/json"
	"testing"
)

func TestSplitterAgreesWithEncodingJSON(t *testing.T) {
	const text = `{ "a" : [1 , "x,]}\"\\" , {"b":{}},[],null ] ,"\u0062\/":true, "c":-1.50e+3,"":{ "d" : "}" } }`
	var want map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	got := value(text).members()
	if len(got) != len(want) {
		t.Fatalf("%d members, want %d", len(got), len(want))
	}
	for _, p := range got {
		if string(want[string(p.name())]) != string(p.value) {
			t.Errorf("%q: got %s, want %s", p.name(), p.value, want[string(p.name())])
		}
	}
	list, _ := value(text).get("a")
	var elements []json.RawMessage
	if err := json.Unmarshal(list, &elements); err != nil {
		t.Fatal(err)
	}
	for i, v := range list.elements() {
		if string(elements[i]) != string(v) {
			t.Errorf("element %d: got %s, want %s", i, v, elements[i])
		}
	}
}
