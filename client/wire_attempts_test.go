package client_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/rudderklaviyo/rudderklaviyo/client"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// TestWireAttempts makes each call of the description again after an answer that may
// pass, with the same request, and through the limiter each time.
func TestWireAttempts(t *testing.T) {
	for i, tt := range wireCases {
		for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests} {
			t.Run(fmt.Sprintf("%s/%d/%d", tt.operation, i, status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { tt.repeat(t, status) })
			})
		}
	}
}

// repeat gets an answer that may pass and then the answer of success. The Client may
// make a single call a second, so that the limiter shows in what the second one waits.
func (tt wireCase) repeat(t *testing.T, status int) {
	op := tt.operation
	var sent []time.Time
	transport := httpmock.NewMockTransport()
	transport.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, time.Now())
		tt.check(t, op, r)
		if len(sent) == 1 {
			return httpmock.NewStringResponse(status, `{"errors":[]}`), nil
		}
		return httpmock.NewStringResponse(tt.status, tt.answer), nil
	})
	var attempts []client.Attempt
	c := newClient(t, client.WithCompanyID(companyID), client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithQuotaShare(1e-6),
		client.WithRetry(client.RetryPolicy{MinBackoff: 1, MaxBackoff: 1}),
		client.WithAttemptHook(func(_ context.Context, a client.Attempt) { attempts = append(attempts, a) }))
	if _, err := tt.call(t, klaviyo.NewAPI(c)); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 2 || len(attempts) != 2 {
		t.Fatalf("sent %d times and reported %d times, want 2", len(sent), len(attempts))
	}
	if apart := sent[1].Sub(sent[0]); apart < op.Burst.Window || attempts[1].Wait <= 0 {
		t.Errorf("the attempts are %v apart and the second waited %v; want %v at least", apart, attempts[1].Wait, op.Burst.Window)
	}
	for n, a := range attempts {
		if a.Operation != tt.operation || a.Number != n+1 {
			t.Errorf("attempt %d is reported as number %d of %s", n+1, a.Number, a.Operation)
		}
	}
	if limits := c.Limits()[tt.operation.Endpoint()]; limits.Steady.Remaining != 0 {
		t.Errorf("%d calls of a minute are left, want none", limits.Steady.Remaining)
	}
}
