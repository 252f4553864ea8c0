package client

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestAuthorize(t *testing.T) {
	for _, test := range []struct {
		op                                 klaviyo.OperationID
		body                               string
		authorization, contentType, accept string
	}{
		{klaviyo.OperationCreateEvent, "{}", "Klaviyo-API-Key " + testKey, "application/json", "application/json"},
		{klaviyo.OperationGetLists, "", "Klaviyo-API-Key " + testKey, "", "application/json"},
		{klaviyo.OperationCreateClientEvent, "{}", "", "application/json", "application/json"},
	} {
		t.Run(string(test.op), func(t *testing.T) {
			op := operation(test.op)
			var sent http.Header
			authorized := chain(roundTripper(func(req *http.Request) (*http.Response, error) {
				sent = req.Header
				return answer(http.StatusOK, ""), nil
			}), authorize(testKey, "AbC123"))
			req := requestOf(t.Context(), op)
			if test.body != "" {
				req.Body = http.NoBody
			}
			req.Header.Set("Authorization", "Basic from-the-caller")
			authorized.RoundTrip(req)

			for name, want := range map[string]string{
				"Authorization": test.authorization,
				"revision":      "2023-02-22",
				"Content-Type":  test.contentType,
				"Accept":        test.accept,
			} {
				if got := sent.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if !strings.HasPrefix(sent.Get("User-Agent"), "rudderklaviyo") {
				t.Errorf("User-Agent: %q", sent.Get("User-Agent"))
			}
			if req.Header.Get("revision") != "" {
				t.Error("the caller's request was changed")
			}
		})
	}
}
