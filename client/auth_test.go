package client

import (
	"net/http"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestAuthorize(t *testing.T) {
	for _, test := range []struct {
		op                                 *klaviyo.Operation
		body                               string
		authorization, contentType, accept string
	}{
		{klaviyo.OperationCreateEvent, "{}", "Klaviyo-API-Key " + testKey, "application/json", "application/json"},
		{klaviyo.OperationGetLists, "", "Klaviyo-API-Key " + testKey, "", "application/json"},
		{klaviyo.OperationCreateClientEvent, "{}", "", "application/json", "application/json"},
	} {
		t.Run(test.op.String(), func(t *testing.T) {
			op := operation(test.op)
			var sent http.Header
			authorized := chain(roundTripperFunc(func(req *http.Request) (*http.Response, error) {
				sent = req.Header
				return answer(http.StatusOK, ""), nil
			}), authorize(testKey, "AbC123", "acme-sync/1.2"))
			req := requestOf(t.Context(), op)
			if test.body != "" {
				req.Body = http.NoBody
			}
			req.Header.Set("Authorization", "Basic from-the-caller")
			authorized.RoundTrip(req)

			for name, want := range map[string]string{
				"Authorization": test.authorization,
				"revision":      "2023-02-22",
				"X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
				"Content-Type": test.contentType,
				"Accept":       test.accept,
				"User-Agent":   "acme-sync/1.2 rudderklaviyo (+https://github.com/rudderklaviyo/rudderklaviyo)",
			} {
				if got := sent.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if req.Header.Get("revision") != "" {
				t.Error("the caller's request was changed")
			}
		})
	}
}

func TestUserAgent(t *testing.T) {
	const own = "rudderklaviyo (+https://github.com/rudderklaviyo/rudderklaviyo)"
	for want, opts := range map[string][]Option{
		own:                     nil,
		"acme-sync/1.2 " + own:  {WithUserAgent("acme-sync/1.2")},
		"acme (nightly) " + own: {WithUserAgent(" acme (nightly) ")},
	} {
		var sent string
		c, err := New(testKey, append(opts, WithHTTPClient(&http.Client{Transport: roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			sent = req.Header.Get("User-Agent")
			return success(req), nil
		})}))...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := klaviyo.NewAPI(c).GetLists(t.Context(), nil); err != nil || sent != want {
			t.Errorf("User-Agent: %q, %v, want %q", sent, err, want)
		}
	}
}
