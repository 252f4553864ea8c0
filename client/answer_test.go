package client

import (
	"errors"
	"io"
	"net/http"
	"slices"
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

// TestFormsOfAnswers reads what Klaviyo answers otherwise than its description says:
// suppressions come as a list, and what isn't there is null.
func TestFormsOfAnswers(t *testing.T) {
	tests := []struct {
		name, marketing string
		want            []string // the reasons
	}{
		{"lists", `"suppressions":[{"reason":"HARD_BOUNCE"},{"reason":"USER_SUPPRESSED"}],"list_suppressions":[{"list_id":"L","reason":"UNSUBSCRIBE"}]`,
			[]string{"HARD_BOUNCE", "USER_SUPPRESSED", "UNSUBSCRIBE"}},
		{"empty lists", `"suppressions":[],"list_suppressions":[]`, nil},
		{"null", `"suppressions":null,"list_suppressions":null,"timestamp":null,"method":null,"double_optin":null`, nil},
		{"nothing", `"consent":"SUBSCRIBED"`, nil},
		{"as described", `"suppressions":{"reason":"HARD_BOUNCE"},"list_suppressions":{"list_id":"L","reason":"UNSUBSCRIBE"}`,
			[]string{"HARD_BOUNCE", "UNSUBSCRIBE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := `{"data":{"type":"profile","id":"1","attributes":{"email":"ada@example.com","location":{"latitude":null,"longitude":null,"city":null},
				"subscriptions":{"email":{"marketing":{` + tt.marketing + `}},"sms":null}}}}`
			c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
			})
			profile, err := c.API.GetProfile(t.Context(), "1", nil)
			if err != nil {
				t.Fatal(err)
			}
			marketing := profile.Data.Attributes.Subscriptions.Email.Marketing
			var got []string
			for _, s := range marketing.Suppressions {
				got = append(got, s.Reason)
			}
			for _, s := range marketing.ListSuppressions {
				got = append(got, s.Reason)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("reasons %q, want %q", got, tt.want)
			}
			latitude := profile.Data.Attributes.Location.Latitude
			if degrees, err := latitude.AsCoordinateDegrees(); err == nil {
				t.Errorf("a latitude that is null is %v degrees", degrees)
			}
			if text, err := latitude.AsCoordinateText(); err == nil {
				t.Errorf("a latitude that is null is the text %q", text)
			}
		})
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
