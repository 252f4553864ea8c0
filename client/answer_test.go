package client

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// TestAnswersThatAreNotTheAPIs tells a delivery from a page that swallows it.
func TestAnswersThatAreNotTheAPIs(t *testing.T) {
	event := klaviyo.EventCreateAttributes{
		Profile: klaviyo.EventProfile{Email: "ana@example.com"},
		Metric:  klaviyo.MetricCreateQuery{Name: "Signed Up"},
	}
	tests := []struct {
		status int
		body   string
		want   error
	}{
		{202, "", nil},
		{202, " \n", nil},
		{200, `{"data":null}`, nil},
		{200, "<html>Please log in</html>", ErrUnavailable},
		{202, "ok", ErrUnavailable},
		{202, `{"data":`, ErrUnavailable},
	}
	for _, tt := range tests {
		calls := 0
		c, err := New("pk_test", WithHTTPClient(&http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			calls++
			return &http.Response{StatusCode: tt.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(tt.body)), Request: req}, nil
		})}))
		if err != nil {
			t.Fatal(err)
		}
		err = c.API.CreateEvent(t.Context(), event)
		if !errors.Is(err, tt.want) {
			t.Errorf("%d %q: %v, want %v", tt.status, tt.body, err, tt.want)
		}
		if calls != 1 {
			t.Errorf("%d %q: %d attempts", tt.status, tt.body, calls)
		}
	}
}

func TestBaseURLForms(t *testing.T) {
	for base, ok := range map[string]bool{
		"http://127.0.0.1:8080":       true,
		"http://127.0.0.1:8080/":      true,
		"https://proxy.example/a/b/":  true,
		"http://127.0.0.1:8080//":     false,
		"https://proxy.example/a//b":  false,
		"https://proxy.example/./":    false,
		"https://proxy.example/a/../": false,
		"https://proxy.example/..":    false,
		"http://127.0.0.1:":           false,
	} {
		_, err := New("pk_test", WithBaseURL(base))
		if (err == nil) != ok {
			t.Errorf("%s: %v", base, err)
		}
	}
}
