package runtime_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

type fields struct {
	Title runtime.Nullable[string] `json:"title,omitempty,omitzero"`
	Age   runtime.Nullable[int]    `json:"age,omitempty,omitzero"`
}

// TestJSON holds the three states apart, there and back.
func TestJSON(t *testing.T) {
	tests := map[string]fields{
		`{}`:                       {},
		`{"title":null}`:           {Title: runtime.Null[string]()},
		`{"title":"","age":0}`:     {Title: runtime.Set(""), Age: runtime.Set(0)},
		`{"title":"x","age":null}`: {Title: runtime.Set("x"), Age: runtime.Null[int]()},
	}
	for text, want := range tests {
		encoded, err := json.Marshal(want)
		if err != nil || string(encoded) != text {
			t.Errorf("got %s, %v, want %s", encoded, err, text)
		}
		var got fields
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	var got fields
	if json.Unmarshal([]byte(`{"title":7}`), &got) == nil || got.Title.IsSpecified() {
		t.Errorf("a number became a title: %+v", got)
	}
}

// TestEscapes lets the encoder say whether HTML is escaped.
func TestEscapes(t *testing.T) {
	v := fields{Title: runtime.Set("<b>")}
	var plain strings.Builder
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil || plain.String() != `{"title":"<b>"}`+"\n" {
		t.Errorf("got %s, %v", plain.String(), err)
	}
	if escaped, err := json.Marshal(v); err != nil || string(escaped) != `{"title":"\u003cb\u003e"}` {
		t.Errorf("got %s, %v", escaped, err)
	}
}

func TestStates(t *testing.T) {
	var n runtime.Nullable[string]
	check := func(specified, null bool, value string, ok bool) {
		t.Helper()
		got, err := n.Get()
		if n.IsSpecified() != specified || n.IsZero() == specified || n.IsNull() != null || got != value || (err == nil) != ok {
			t.Errorf("specified %v, null %v, value %q, %v", n.IsSpecified(), n.IsNull(), got, err)
		}
	}
	check(false, false, "", false)
	n.Set("x")
	check(true, false, "x", true)
	n.SetNull()
	check(true, true, "", false)
	n.SetUnspecified()
	check(false, false, "", false)
}
