package description

import "testing"

// TestParseEscapes parses JSON in which all characters outside ASCII are escapes.
func TestParseEscapes(t *testing.T) {
	const (
		surrogates = "\\ud83d\\ude00"
		described  = `{"openapi":"3.0.2","paths":{},"info":{"title":"a\/b` + surrogates + ` \\ud83d \u00e9"}}`
	)
	root, err := Parse([]byte(described))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Get(root, "info", "title").Value, "a/b😀 \\ud83d é"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
