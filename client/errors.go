package client

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Kinds of [*Error]. Use [errors.Is] to check for them.
var (
	// ErrMissingIdentifier means that the request lacks a required email or phone number.
	// It was not sent.
	ErrMissingIdentifier = errors.New("missing identifier")
	// ErrMissingCredentials means that the Client lacks the private key for a private call,
	// or the company id for a public call. The request was not sent.
	ErrMissingCredentials = errors.New("missing credentials")
	// ErrInvalidRequest means that the request is invalid: 400, 405, 413, 414, 415 or 422, or
	// this package refused to send it. Other requests may succeed.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrNotFound means that the resource or, with [Client.Do], the path doesn't exist: 404,
	// or 410 for an operation with an id in its path.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that an identifier belongs to another profile: 409.
	ErrConflict = errors.New("conflict")

	// ErrUnauthorized means that the key is invalid or lacks a scope, or that the account
	// can't use the API: 401, 402, or 403 with a JSON body. Further requests fail too.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrRevisionRetired means that Klaviyo no longer supports the revision: 410 for an
	// operation without an id in its path, a 400 or 410 that names the revision, or a 404
	// without a valid revision for an operation that its revision describes. Further
	// requests fail too.
	ErrRevisionRetired = errors.New("revision retired")
	// ErrMisdirected means that the response isn't from the API: a redirect, an HTML page, a
	// status or a success that the API description doesn't have for the operation, or an
	// untrusted certificate. Check the base URL and any proxy. It isn't known whether the
	// request was accepted.
	ErrMisdirected = errors.New("misdirected")

	// ErrRateLimited means that the response to the last attempt was 429, or that the
	// context's deadline is before the rate limits allow the call.
	ErrRateLimited = errors.New("rate limited")
	// ErrUnavailable means that the API can't be reached. The last attempt got no response,
	// or 408, 425, 5xx or a 403 without JSON.
	ErrUnavailable = errors.New("unavailable")

	// ErrUnexpectedResponse means that the request was accepted, but its response has values
	// of another type than described. The Error holds what could be decoded. Calls that
	// read fail only if the response is useless without those values: ids, attributes, or the
	// URL of the next page. Other fields stay zero, and a warning is logged.
	// [Client.Do] fails for any value that doesn't fit.
	ErrUnexpectedResponse = errors.New("unexpected response")
)

// Error is the error of a failed request. All fields except Operation and Attempts are zero
// if they aren't known. errors.Is matches the Err… variables and the error of the
// context.
type Error struct {
	// Operation is the operation that was called, or nil if the request has none.
	Operation *runtime.Operation
	// StatusCode is the status of the last response, or zero if there was none.
	StatusCode int
	// Attempts is the number of times that the request was sent. RateLimited is how many
	// of them got a 429 response.
	Attempts, RateLimited int

	// Code, Detail, Pointer and Parameter are those of the first error in the response: its
	// code, its description, and its location in the body (a JSON Pointer) or in the query.
	// Detail may quote personal data of the request.
	Code, Detail, Pointer, Parameter string
	// RequestID identifies the request in Klaviyo's logs. It comes from a response header or
	// from the first fault that has one.
	RequestID string
	// Faults are all errors in the response, including the first.
	Faults []Fault
	// RetryAfter is how long to wait before retrying.
	RetryAfter time.Duration
	// DuplicateProfileID is the id of the profile that already has the identifiers.
	DuplicateProfileID string
	// Missing lists the JSON Pointers of the places in the body that lack an identifier.
	Missing []string
	// Excerpt is the first 200 characters of the last response's body, without line
	// breaks. It may contain personal data of the request.
	Excerpt string

	// Decoded is what could be decoded of the response with ErrUnexpectedResponse: a pointer to
	// the type that the call returns.
	Decoded any
	// ResourceID is the id of the resource in Decoded. It is empty if there are several.
	ResourceID string
	// Undecoded lists the JSON Pointers of the values that couldn't be decoded. These fields of
	// Decoded are zero.
	Undecoded []string

	kind   error  // one of the Err… variables; nil if the context ended
	cause  error  // of no answer
	advice string // what to do
}

// Fault is one error in an error response. Each field may be empty.
type Fault struct {
	// Code is the error code, such as invalid.
	Code string
	// Detail is the description. It may quote personal data of the request.
	Detail string
	// Pointer is the JSON Pointer of the invalid value in the body. Parameter is the name
	// of the invalid query parameter.
	Pointer, Parameter string
	// RequestID identifies the error in Klaviyo's logs.
	RequestID string
}

// Error returns the operation, what failed, what to do, the API's error code, pointer and
// request id, and the number and location of further faults. It never contains the key or
// values of the request, so it omits Detail and Excerpt: read the fields. If there was no
// response, it contains types, positions and server addresses. The text of a cause that may
// contain values is only in the errors that Unwrap returns.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("klaviyo: ")
	if e.Operation != nil {
		fmt.Fprintf(&b, "%s: ", e.Operation)
	}
	switch {
	case e.kind != nil:
		b.WriteString(e.kind.Error())
	case e.cause != nil:
		b.WriteString(describe(e.cause))
	default: // one that isn't of a Client, as in a caller's test
		b.WriteString("request failed")
	}
	if facts := e.details(); len(facts) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(facts, ", "))
	}
	if e.advice != "" {
		b.WriteString(": ")
		b.WriteString(e.advice)
	}
	return b.String()
}

func (e *Error) details() []string {
	var details []string
	add := func(format string, args ...any) { details = append(details, fmt.Sprintf(format, args...)) }
	if e.StatusCode != 0 {
		add("status %d", e.StatusCode)
	}
	if e.kind != nil && e.cause != nil {
		add("%s", describe(e.cause))
	}
	for i, pointer := range e.Missing {
		if i == 3 && len(e.Missing) > 4 {
			add("and at %d more", len(e.Missing)-i)
			break
		}
		add("at %s", pointer)
	}
	if len(e.Undecoded) > 0 {
		add("%s of another type than described", e.Undecoded[0])
	}
	if looksLikeName(e.Code) {
		add("code %s", e.Code)
	}
	if looksLikeName(e.Pointer) {
		add("at %s", e.Pointer)
	}
	if looksLikeName(e.Parameter) {
		add("parameter %s", e.Parameter)
	}
	if len(e.Faults) > 1 {
		details = append(details, moreFaults(e.Faults[1:]))
	}
	switch {
	case e.Attempts == 1:
		add("1 attempt")
	case e.Attempts > 1:
		add("%d attempts", e.Attempts)
	}
	if looksLikeName(e.RequestID) {
		add("request id %s", e.RequestID)
	}
	if e.RetryAfter > 0 {
		add("retry after %v", e.RetryAfter)
	}
	return details
}

// maxPlaces is how many places of further faults a message names.
const maxPlaces = 3

// moreFaults says how many there are, and where the first of them are.
func moreFaults(faults []Fault) string {
	var places []string
	for _, f := range faults {
		if place := cmp.Or(f.Pointer, f.Parameter); looksLikeName(place) && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	text := "1 more fault"
	if len(faults) > 1 {
		text = fmt.Sprintf("%d more faults", len(faults))
	}
	switch n := len(places); {
	case n > maxPlaces:
		text += " at " + strings.Join(places[:maxPlaces], " and ") + " and elsewhere"
	case n > 0:
		text += " at " + strings.Join(places, " and ")
	}
	return text
}

// Unwrap returns the kind of the error, one of the Err… variables, and its cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.kind != nil {
		errs = append(errs, e.kind)
	}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}

// looksLikeName tells whether text from the server is a name, such as
// /data/attributes/email or fields[profile], and not a sentence or somebody's
// address, which don't belong in messages.
func looksLikeName(s string) bool {
	if s == "" || len(s) > 100 {
		return false
	}
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		case strings.ContainsRune("/_-.$[]:", r):
		default:
			return false
		}
	}
	return true
}
