package terminal

import "testing"

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"events.jsonl":        "events.jsonl",
		"my events, é茶.jsonl": "my events, é茶.jsonl",
		`a"b\c`:               `a"b\c`,
		"\x1b[2Jx":            `"\x1b[2Jx"`,
		"a\nWarning: none":    `"a\nWarning: none"`,
		"a\u009b31m":          `"a\u009b31m"`,
		"\u202egnp.jsonl":     `"\u202egnp.jsonl"`,
		"caf\xe9":             `"caf\xe9"`,
	} {
		if got := Quote(text); got != want {
			t.Errorf("Quote(%q) is %s, want %s", text, got, want)
		}
	}
}
