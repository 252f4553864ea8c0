package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "pk_0123456789abcdef"

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// refusedBy is the error of a call that is answered with a status and a body; 0 is for none.
func refusedBy(t *testing.T, op *runtime.Operation, status int, body string) error {
	t.Helper()
	if status == 0 {
		return failingWith(t, op, errors.New("there is no network"))
	}
	return failing(t.Context(), t, op, func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
	})
}

// failingWith is the error of a call whose transport has one. That of a context ends the call.
func failingWith(t *testing.T, op *runtime.Operation, cause error) error {
	t.Helper()
	ctx, wait := t.Context(), func(*http.Request) {}
	if errors.Is(cause, context.DeadlineExceeded) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		wait = func(req *http.Request) { <-req.Context().Done() }
	}
	return failing(ctx, t, op, func(req *http.Request) (*http.Response, error) {
		wait(req)
		return nil, cause
	})
}

func failing(ctx context.Context, t *testing.T, op *runtime.Operation, transport roundTripper) error {
	t.Helper()
	c, err := client.New(testKey, client.WithHTTPClient(&http.Client{Transport: transport}), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{"X"}
	if !op.HasID() {
		ids = nil
	}
	var answer json.RawMessage
	err = c.Call(ctx, runtime.Call{Operation: op, PathParams: ids, Response: &answer})
	if err == nil {
		t.Fatalf("%s doesn't fail", op)
	}
	return err
}

const fault = `{"errors":[{"id":"1","code":"c","title":"t","detail":"d"}]}`

// refused are the errors that a check may meet.
type refused struct {
	key, paid, scope, jobs, retired, page, limited, dead, down, list, items error
	slow, gateway, proxy, untrusted                                         error
}

func allRefused(t *testing.T) refused {
	ofAccount := func(status int, body string) error {
		return refusedBy(t, klaviyo.OperationGetAccounts, status, body)
	}
	return refused{
		key: ofAccount(401, fault), paid: ofAccount(402, fault), scope: ofAccount(403, fault), page: ofAccount(200, "<html>"),
		limited: ofAccount(429, fault), dead: ofAccount(0, ""), down: ofAccount(503, fault), retired: ofAccount(410, fault),
		jobs:  refusedBy(t, klaviyo.OperationGetBulkImportProfilesJobs, 403, fault),
		list:  refusedBy(t, klaviyo.OperationGetList, 404, fault),
		items: refusedBy(t, klaviyo.OperationGetEvents, 403, fault),

		slow:      failingWith(t, klaviyo.OperationGetAccounts, context.DeadlineExceeded),
		gateway:   ofAccount(403, "<html>"),
		proxy:     ofAccount(407, ""),
		untrusted: failingWith(t, klaviyo.OperationGetAccounts, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}),
	}
}
