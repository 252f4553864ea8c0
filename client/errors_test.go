package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// kinds are all that an Error can be.
var kinds = []error{
	ErrMissingIdentifier, ErrInvalidRequest, ErrNotFound, ErrConflict,
	ErrUnauthorized, ErrRevisionRetired, ErrMisdirected, ErrRateLimited, ErrUnavailable, ErrUnexpectedResponse,
}

func TestErrorResponses(t *testing.T) {
	const (
		page       = "<html>ada@example.com</html>"
		fault      = `{"errors":[{"id":"9f8","code":"invalid","title":"Invalid input.","detail":"ada@example.com is bad","source":{"pointer":"/data/attributes/email"}}]}`
		revision   = `{"errors":[{"id":"9f8","code":"invalid","title":"Invalid input.","detail":"The revision is not supported.","source":{"pointer":"/data/"}}]}`
		header     = `{"errors":[{"id":"9f8","code":"invalid","title":"Invalid input.","detail":"Bad.","source":{"parameter":"revision"}}]}`
		noRevision = `{"errors":[{"id":"9f8","code":"not_found","title":"Not found.","detail":"No valid revisions found for method POST.","source":{}}]}`
		property   = `{"errors":[{"id":"9f8","code":"invalid","title":"Invalid input.","detail":"The property revision is bad.","source":{"pointer":"/data/attributes/properties/revision"}}]}`
	)
	event, profile := operation(klaviyo.OperationCreateEvent), operation(klaviyo.OperationUpdateProfile)
	for _, test := range []struct {
		op     *klaviyo.Operation
		status int
		body   string
		kind   error
		text   string // in the message
	}{
		{event, 302, page, ErrMisdirected, "the API doesn't redirect; check the base URL"},
		{event, 400, fault, ErrInvalidRequest, "status 400, code invalid, at /data/attributes/email, 2 attempts, request id 9f8"},
		{event, 400, page, ErrMisdirected, "check the base URL"},
		{event, 400, "", ErrInvalidRequest, "status 400"},
		{event, 400, revision, ErrRevisionRetired, "2023-02-22"},
		{event, 400, header, ErrRevisionRetired, "2023-02-22"},
		{event, 400, property, ErrInvalidRequest, "at /data/attributes/properties/revision"},
		{event, 402, fault, ErrUnauthorized, "plan and billing"},
		{event, 407, page, ErrMisdirected, "HTTPS_PROXY"},
		{event, 401, fault, ErrUnauthorized, "events:write"},
		{event, 401, page, ErrUnauthorized, "a private key of the account"},
		{operation(klaviyo.OperationCreateClientEvent), 401, page, ErrUnauthorized, "company id"},
		{event, 403, fault, ErrUnauthorized, "events:write"},
		{event, 403, page, ErrUnavailable, "later"},
		{event, 404, fault, ErrNotFound, "status 404"},
		{event, 404, "", ErrMisdirected, "check the base URL"},
		{event, 404, `{"message":"Not Found"}`, ErrMisdirected, "check the base URL"},
		{event, 404, noRevision, ErrRevisionRetired, "2023-02-22"},
		{profile, 404, noRevision, ErrRevisionRetired, "2023-02-22"},
		{profile, 404, revision, ErrNotFound, "merged"},
		{event, 404, page, ErrMisdirected, "check the base URL"},
		{profile, 404, "", ErrNotFound, "status 404"},
		{event, 405, page, ErrMisdirected, "check the base URL"},
		{event, 405, fault, ErrInvalidRequest, "status 405"},
		{event, 408, page, ErrUnavailable, "status 408"},
		{event, 409, fault, ErrConflict, "merge them"},
		{event, 410, page, ErrRevisionRetired, "2023-02-22"},
		{profile, 410, page, ErrMisdirected, "check the base URL"},
		{profile, 410, fault, ErrNotFound, "merged"},
		{profile, 410, revision, ErrRevisionRetired, "2023-02-22"},
		{event, 413, page, ErrInvalidRequest, "status 413"},
		{event, 415, page, ErrMisdirected, "status 415"},
		{event, 415, fault, ErrInvalidRequest, "status 415"},
		{event, 418, fault, ErrMisdirected, "status 418"},
		{event, 422, fault, ErrInvalidRequest, "status 422"},
		{event, 425, page, ErrUnavailable, "status 425"},
		{event, 429, fault, ErrRateLimited, "retry after 7s"},
		{event, 500, page, ErrUnavailable, "status 500"},
		{event, 599, page, ErrUnavailable, "status 599"},
	} {
		t.Run(fmt.Sprintf("%s %d %.12s", test.op, test.status, test.body), func(t *testing.T) {
			resp := answer(test.status, test.body)
			resp.Header.Set("Retry-After", "7")
			var err error = errorResponse(&call{operation: test.op, attempts: 2}, resp)
			for _, kind := range kinds {
				if errors.Is(err, kind) != (kind == test.kind) {
					t.Errorf("errors.Is(err, %v) = %v", kind, errors.Is(err, kind))
				}
			}
			if !strings.Contains(err.Error(), test.text) {
				t.Errorf("message %q, want %q in it", err, test.text)
			}
			if strings.Contains(err.Error(), "ada") || strings.Contains(err.Error(), "html") {
				t.Errorf("message %q quotes the response", err)
			}
			e := err.(*Error)
			if e.StatusCode != test.status || e.Attempts != 2 || e.Operation != test.op {
				t.Errorf("%#v", e)
			}
			if test.body == fault && (e.Code != "invalid" || e.Detail != "ada@example.com is bad" || e.RequestID != "9f8") {
				t.Errorf("%#v", e)
			}
		})
	}
}

func TestMalformedErrorResponses(t *testing.T) {
	for _, body := range []string{`{}`, `{"errors":null}`, `{"errors":[]}`, `{"errors":[null]}`, `{"errors":"x"}`, `{"errors":[{"source":null}]}`, ``} {
		if err := errorResponse(&call{operation: klaviyo.OperationCreateEvent}, answer(http.StatusBadRequest, body)); err.Code != "" || !errors.Is(err, ErrInvalidRequest) {
			t.Errorf("%s: %v", body, err)
		}
	}
	err := errorResponse(&call{operation: klaviyo.OperationCreateEvent}, answer(http.StatusBadRequest, `{"errors":[{"status":"400","code":"invalid","id":"9f8"}]}`))
	if err.Code != "invalid" || err.RequestID != "9f8" {
		t.Errorf("%#v, want the fields beside the status of another type", err)
	}
}

// TestAllFaults are kept, and told as far as they are names.
func TestAllFaults(t *testing.T) {
	fault := func(n int, source string) string {
		return fmt.Sprintf(`{"id":"e-%d","code":"invalid","detail":"ada@example.com is bad","source":{%s}}`, n, source)
	}
	email, phone, again := fault(1, `"pointer":"/data/attributes/email"`), fault(2, `"pointer":"/data/attributes/phone_number"`), fault(3, `"pointer":"/data/attributes/phone_number"`)
	name, zip, title := fault(4, `"parameter":"fields[profile]"`), fault(5, `"pointer":"/data/attributes/location/zip"`), fault(6, `"pointer":"/data/attributes/title"`)
	for _, test := range []struct {
		faults []string
		want   string
	}{
		{[]string{email}, "code invalid, at /data/attributes/email, 1 attempt, request id e-1"},
		{[]string{email, phone}, "at /data/attributes/email, 1 more fault at /data/attributes/phone_number, 1 attempt"},
		{[]string{email, phone, again, name}, ", 3 more faults at /data/attributes/phone_number and fields[profile], 1 attempt"},
		{[]string{email, phone, name, zip, title}, ", 4 more faults at /data/attributes/phone_number and fields[profile] and /data/attributes/location/zip and elsewhere, 1 attempt"},
		{[]string{email, fault(7, `"pointer":"/ada@example.com"`)}, ", 1 more fault, 1 attempt"},
		{[]string{email, `null`, `{"source":null}`}, ", 2 more faults, 1 attempt"},
	} {
		err := errorResponse(&call{attempts: 1}, answer(http.StatusBadRequest, `{"errors":[`+strings.Join(test.faults, ",")+`]}`))
		if got := err.Error(); !strings.Contains(got, test.want) || strings.Contains(got, "ada") {
			t.Errorf("%q, want %q", got, test.want)
		}
		first := Fault{Code: err.Code, Detail: err.Detail, Pointer: err.Pointer, Parameter: err.Parameter, RequestID: err.RequestID}
		if len(err.Faults) != len(test.faults) || err.Faults[0] != first {
			t.Errorf("%d faults: %+v", len(test.faults), err.Faults)
		}
	}
	err := errorResponse(&call{operation: klaviyo.OperationCreateEvent}, answer(http.StatusBadRequest, `{"errors":[`+email+`,`+name+`]}`))
	if want := (Fault{Code: "invalid", Detail: "ada@example.com is bad", Parameter: "fields[profile]", RequestID: "e-4"}); err.Faults[1] != want {
		t.Errorf("%+v, want %+v", err.Faults[1], want)
	}
}

// The server may put anything where names are expected.
func TestMessagesShowNamesOnly(t *testing.T) {
	for s, want := range map[string]bool{
		"/data/attributes/email": true, "fields[profile]": true, "duplicate_profile": true, "0f8fad5b-d9cb-469f-a165-70867728950e": true,
		"": false, "ada@example.com": false, "two words": false, "+12025550147": false, "a\nb": false, "née": false,
		strings.Repeat("a", 101): false,
	} {
		if got := looksLikeName(s); got != want {
			t.Errorf("looksLikeName(%q) = %v", s, got)
		}
	}
	err := &Error{Operation: klaviyo.OperationCreateEvent, Code: "ada@example.com", Pointer: "/ada@example.com", Parameter: "a b", RequestID: "a b",
		Detail: "ada", kind: ErrInvalidRequest}
	if got, want := err.Error(), "klaviyo: create_event: invalid request"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

func TestNoResponseError(t *testing.T) {
	const secret = "https://a.klaviyo.com/api/profiles/?filter=ada@example.com"
	wrapped := func(err error) error { return &url.Error{Op: "Get", URL: secret, Err: err} }
	for _, test := range []struct {
		err  error
		kind error
		text string
	}{
		{wrapped(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}), ErrUnavailable, "dial tcp: connection refused"},
		{wrapped(&net.DNSError{Name: "a.klaviyo.com", Err: "no such host"}), ErrUnavailable, "lookup a.klaviyo.com: no such host"},
		{wrapped(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), ErrMisdirected, "certificates that this machine trusts"},
		{wrapped(attemptTimeoutError(time.Second)), ErrUnavailable, "no response within 1s"},
		{wrapped(fmt.Errorf("%w: %w", errIncomplete, errors.New(secret))), ErrUnavailable, "incomplete"},
		{wrapped(errors.New("GET " + secret)), ErrUnavailable, "type *errors.errorString"},
		{wrapped(fmt.Errorf("again: %w", wrapped(errors.New(secret)))), ErrUnavailable, "later"},
		{wrapped(errTooLarge), ErrInvalidRequest, "smaller page size"},
		{wrapped(&limitError{wait: 50 * time.Second}), ErrRateLimited, "allows the call in 50s"},
	} {
		err := noResponse(requestOf(t.Context(), operation(klaviyo.OperationGetProfiles)), test.err)
		if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "ada") {
			t.Errorf("%q, want %q and %q", err, test.kind, test.text)
		}
		var withURL *url.Error
		if errors.As(err, &withURL) {
			t.Errorf("%q: the URL is still in the error", err)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := noResponse(requestOf(ctx, operation(klaviyo.OperationGetProfiles)), wrapped(context.Canceled))
	if got, want := err.Error(), "klaviyo: get_profiles: context canceled"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

// TestErrorLiteral is one that a caller's own test makes.
func TestErrorLiteral(t *testing.T) {
	if got, want := (&Error{StatusCode: 400, Code: "invalid"}).Error(), "klaviyo: request failed (status 400, code invalid)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
