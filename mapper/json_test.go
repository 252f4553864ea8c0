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
	list := value(text).get("a")
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

// TestIsBlank checks the look at a string's escapes against decoding it.
func TestIsBlank(t *testing.T) {
	for _, text := range []string{
		`""`, `" "`, `"\t\n\r\f"`, `"\b"`, `"\/"`, `"\\"`, `"\""`, `"n"`, `"\u0020\u00a0\u2028\u3000"`, `"\u200b"`, `" \u0041"`,
		`"\ud83d"`, `"\ud83d\ude00"`, `"\u000b\u0085"`, "\"\u00a0\u2003\"", "\" \u2603\"", `"\u002"`[:4] + `0020"`,
	} {
		if got, want := value(text).isBlank(), trim(value(text).text()) == ""; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
