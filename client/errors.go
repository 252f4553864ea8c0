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

// What an [*Error] is; ask with [errors.Is].
var (
	// ErrMissingIdentifier is a request without the email or phone number that it
	// needs. It was not sent.
	ErrMissingIdentifier = errors.New("missing identifier")
	// ErrMissingCredentials is a private call of a Client without a private key, or a
	// public call of one without a company id. It was not sent.
	ErrMissingCredentials = errors.New("missing credentials")
	// ErrInvalidRequest is a request that is at fault: it can't pass as it is, but
	// the next one may. 400, 405, 413, 414, 415 and 422; or one that this package
	// refused to send.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrNotFound is a resource or, with Client.Do, a path that doesn't exist: 404, or 410
	// of an operation with an id in its path.
	ErrNotFound = errors.New("not found")
	// ErrConflict is an identifier that belongs to another profile: 409.
	ErrConflict = errors.New("conflict")

	// ErrUnauthorized is a key that is wrong or lacks a scope, or an account that may
	// not use the API: 401, 402, or 403 with a JSON body. Every further request would
	// fail.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrRevisionRetired is an account that no longer serves our revision: 410 of an
	// operation without an id in its path, a 400 or 410 that names the revision, or a
	// 404 that finds no valid one of an operation that its revision describes. Every
	// further request would fail.
	ErrRevisionRetired = errors.New("revision retired")
	// ErrMisdirected is an answer that isn't the API's: a redirect, a page, a status or a
	// success that the description doesn't give the operation, or a certificate that
	// isn't trusted. The base URL or something on the way is at fault. Whether the
	// request was taken isn't known.
	ErrMisdirected = errors.New("misdirected")

	// ErrRateLimited is a 429 to the last attempt, or a context whose deadline is
	// before the limiter leaves room.
	ErrRateLimited = errors.New("rate limited")
	// ErrUnavailable is an API that can't be reached: no answer, 408, 425, 5xx, or a
	// 403 without JSON, to the last attempt.
	ErrUnavailable = errors.New("unavailable")

	// ErrUnexpectedAnswer is a request that was taken, and whose answer has values of
	// another type than described. What could be read is in the Error. Calls that read
	// fail so only where the answer is of no use without those values: its ids, its
	// attributes as a whole, or the address of the next page. Of other values the place
	// stays zero, with a warning to the logger. Client.Do fails of any value that doesn't
	// fit.
	ErrUnexpectedAnswer = errors.New("unexpected answer")
)

// Error is why a request failed. All fields but Operation and Attempts are zero
// where they aren't known. errors.Is compares it with the Err… variables and with
// the error of the context.
type Error struct {
	// Operation is nil if the request calls none.
	Operation *runtime.Operation
	// StatusCode is that of the last answer, zero if there was none.
	StatusCode int
	// Attempts is the number of times the request was sent, RateLimited the number
	// of 429 answers among them.
	Attempts, RateLimited int

	// Code, Detail, Pointer and Parameter are the API's, of the first fault that
	// it found: its kind, its description, and its place in the body (a JSON
	// Pointer) or the query. Detail may quote personal data of the request.
	Code, Detail, Pointer, Parameter string
	// RequestID names the failure in Klaviyo's logs. It is the answer's, from a header or
	// else from the first fault that has one.
	RequestID string
	// Faults are all that the API found, the first of them too.
	Faults []Fault
	// RetryAfter is how long to wait before another try.
	RetryAfter time.Duration
	// DuplicateProfileID is the profile that has the identifiers already.
	DuplicateProfileID string
	// Missing holds JSON Pointers to where an identifier is missing in the body.
	Missing []string
	// Excerpt is the first 200 characters of the last answer's body, without line
	// breaks. It may quote personal data of the request.
	Excerpt string

	// Answer is what could be read of the answer of an ErrUnexpectedAnswer: a pointer to
	// the type that the call gives.
	Answer any
	// ResourceID is the id of the one resource in Answer, empty if there are several.
	ResourceID string
	// Unread holds JSON Pointers to what couldn't be read of Answer, whose places are zero.
	Unread []string

	kind   error  // one of the Err… variables; nil if the context ended
	cause  error  // of no answer
	advice string // what to do
}

// Fault is one of the things that the API found wrong with a request. All fields may
// be empty.
type Fault struct {
	// Code is its kind, such as invalid.
	Code string
	// Detail describes it, and may quote personal data of the request.
	Detail string
	// Pointer is a JSON Pointer to its place in the body, Parameter the name of its
	// place in the query.
	Pointer, Parameter string
	// RequestID names it in Klaviyo's logs.
	RequestID string
}

// Error shows the operation, what failed, what to do, the API's code, pointer and
// request id, and how many more faults there are and where. It never shows values of the
// request or the key, and so only says that there is more in Detail and nothing of
// Excerpt. Of what kept an answer away it shows types, positions and addresses of
// servers; the text of an error that isn't known to be free of values is in those that
// Unwrap gives.
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
	if facts := e.facts(); len(facts) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(facts, ", "))
	}
	if e.advice != "" {
		b.WriteString(": ")
		b.WriteString(e.advice)
	}
	return b.String()
}

func (e *Error) facts() []string {
	var facts []string
	add := func(format string, args ...any) { facts = append(facts, fmt.Sprintf(format, args...)) }
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
	if len(e.Unread) > 0 {
		add("%s of another type than described", e.Unread[0])
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
		facts = append(facts, moreFaults(e.Faults[1:]))
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
	if e.Detail != "" {
		add("more in Detail")
	}
	return facts
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

// Unwrap lets errors.Is and errors.As see what the error is and what caused it.
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
