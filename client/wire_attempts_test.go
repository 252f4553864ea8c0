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
)

// TestWireAttempts makes each call of each description again after a response that may
// pass, with the same request, and through the limiter each time.
func TestWireAttempts(t *testing.T) {
	for _, w := range wireRevisions {
		t.Run(w.name(), w.repeat)
	}
}

func (w wireRevision[API]) repeat(t *testing.T) {
	doc := descriptionOf(t, w.revision)
	for i, tt := range w.cases {
		tt = inFull(t, doc, tt)
		for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests} {
			t.Run(fmt.Sprintf("%s/%d/%d", tt.operation, i, status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { w.again(t, tt, status) })
			})
		}
	}
}

// again gets a response that may pass and then the response of success. The Client may make
// two calls a day or, where there is no such limit, one a minute, so that the limiter shows
// in what the second one waits.
func (w wireRevision[API]) again(t *testing.T, tt wireCase[API], status int) {
	op := tt.operation
	share, left := 1e-6, 0
	if op.Endpoint() == "POST /api/lists" {
		share, left = 2.0/150, 1 // a response 429 costs nothing
	}
	var sent []time.Time
	transport := httpmock.NewMockTransport()
	transport.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, time.Now())
		w.check(t, tt, r)
		if len(sent) == 1 {
			return httpmock.NewStringResponse(status, `{"errors":[]}`), nil
		}
		return httpmock.NewStringResponse(tt.status, tt.answer), nil
	})
	var attempts []client.Attempt
	c := newClient(t, client.WithCompanyID(companyID), client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithQuotaShare(share),
		client.WithRetry(client.RetryPolicy{MinBackoff: 1, MaxBackoff: 1}),
		client.WithAttemptHook(func(_ context.Context, a client.Attempt) { attempts = append(attempts, a) }))
	if _, err := tt.call(t, w.newAPI(c)); err != nil {
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
	if limits := c.Limits()[tt.operation.Endpoint()]; limits.Steady.Remaining > left {
		t.Errorf("%d calls of a minute are left, want %d at most", limits.Steady.Remaining, left)
	}
}
