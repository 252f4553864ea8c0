package credential

import (
	"net/http"
	"testing"
)

func TestBearer(t *testing.T) {
	for header, want := range map[string]string{
		"":                        "",
		"Bearer token":            "token",
		"bearer  token ":          "token",
		"BEARER a b":              "a b",
		"Bearer":                  "",
		"Bearertoken":             "",
		"Basic dG9rZW4tb2YtYTo=":  "",
		"Digest token":            "",
		"Bearer \u00a0":           "",
		" Bearer token":           "",
		"Bearer Bearer token":     "Bearer token",
		"bearer\ttoken":           "",
		"Bearer t\u00f6ken-of-us": "t\u00f6ken-of-us",
	} {
		r := &http.Request{Header: http.Header{"Authorization": {header}}}
		if got := Bearer(r); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"token", "token", true}, {"token", "toke", false}, {"toke", "token", false}, {"", "token", false}, {"Token", "token", false}} {
		if got := Equal(tt.a, tt.b); got != tt.want {
			t.Errorf("%q and %q: %t", tt.a, tt.b, got)
		}
	}
}
