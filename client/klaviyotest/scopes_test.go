package klaviyotest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// get asks the transport of an account for a path, in the latest revision.
func get(t *testing.T, k *klaviyotest.Klaviyo, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.klaviyo.com"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Klaviyo-API-Key pk_test")
	req.Header.Set("Revision", "2026-07-15")
	req.Header.Set("Accept", "application/vnd.api+json")
	resp, err := k.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

// TestScopes are those that a key needs all of.
func TestScopes(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithScopes("lists:read"))
	for path, want := range map[string]int{
		"/api/lists":                     http.StatusOK,
		"/api/metrics":                   http.StatusForbidden,
		"/api/profile-bulk-import-jobs/": http.StatusNotFound, // that has no slash
		"/api/profile-bulk-import-jobs":  http.StatusForbidden,
	} {
		if got := get(t, k, path).StatusCode; got != want {
			t.Errorf("%s is answered %d, want %d", path, got, want)
		}
	}
}

func TestClockAhead(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour} {
		resp := get(t, klaviyotest.New(klaviyotest.WithClockAhead(ahead)), "/api/lists")
		date, err := http.ParseTime(resp.Header.Get("Date"))
		if off := date.Sub(time.Now().Add(ahead)).Abs(); err != nil || off > time.Minute {
			t.Errorf("%v ahead: %v, off by %v", ahead, err, off)
		}
	}
}
