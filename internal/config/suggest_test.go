package config

import (
	"slices"
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	const hidden = "(not shown)"
	for key, want := range map[string]string{
		"listID":                      `"listID"`,
		"list id":                     `"list id"`,
		"":                            hidden,
		"list\nid":                    hidden,
		secret:                        hidden,
		"listId: " + secret:           hidden,
		"a0123456789abcdef01234":      hidden,
		strings.Repeat("k", maxKey):   `"` + strings.Repeat("k", maxKey) + `"`,
		strings.Repeat("k", maxKey+1): hidden,
	} {
		if got := printable(key); got != want {
			t.Errorf("%q: %s, want %s", key, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	long := strings.Repeat("k", maxKey)
	known := []string{"listId", "consent", "smsConsent", long + "k"}
	for name, want := range map[string]string{
		"ListID": "listId", "listt": "listId", "lst": "", "consents": "consent", "": "", long: long + "k", long + "k": "", // longer than is looked at
	} {
		if got := Nearest(name, slices.Values(known)); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
