package klaviyotest

import (
	"net/http"
	"strings"
	"testing"
)

func TestRetiredRevision(t *testing.T) {
	k := New(WithRetiredRevision("2023-02-22"))
	for _, test := range []struct {
		method, path, body string
		optOut             bool
		want               int
	}{
		{"POST", "/api/events/", `{}`, true, http.StatusGone},
		{"GET", "/api/profiles/01A/", "", true, http.StatusGone},
		{"POST", "/api/events/", `{}`, false, http.StatusBadRequest},
		{"GET", "/api/profiles/01A/", "", false, http.StatusNotFound},
		{"GET", "/api/nothing/", "", true, http.StatusNotFound},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, "https://a.klaviyo.com"+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Klaviyo-API-Key pk_test")
		req.Header.Set("revision", "2023-02-22")
		req.Header.Set("Content-Type", "application/json")
		if test.optOut {
			req.Header.Set("X-Klaviyo-Revision-Fall-Forward-Opt-Out", "1")
		}
		resp, err := k.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != test.want {
			t.Errorf("%s %s, opted out %t: %d, want %d", test.method, test.path, test.optOut, resp.StatusCode, test.want)
		}
	}
	if got := len(k.Profiles()); got != 0 {
		t.Errorf("%d profiles", got)
	}
}
