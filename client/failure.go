package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// refuse makes the error of a request that is not sent.
func refuse(op *klaviyo.Operation, advice string) *Error {
	return &Error{Operation: op, kind: ErrInvalidRequest, advice: advice}
}

// missingCredentials makes the error of a call that the Client can't authenticate.
func missingCredentials(op *klaviyo.Operation, advice string) *Error {
	return &Error{Operation: op, kind: ErrMissingCredentials, advice: advice}
}

// unwritable makes the error of a body that can't be encoded or read.
func unwritable(op *klaviyo.Operation, err error) *Error {
	e := refuse(op, "give a body that can be written as JSON")
	e.cause = err
	return e
}

// unreadable makes the error of a 2XX whose body isn't the operation's.
func unreadable(sent *Response, err error) *Error {
	e := &Error{
		Operation: sent.Operation, StatusCode: sent.StatusCode,
		Attempts: sent.Attempts, RateLimited: sent.RateLimited,
		kind: ErrUnavailable, cause: err,
		advice: "the answer isn't what the description says; check the base URL",
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		e.advice = "the answer's " + wrongType.Field + " is of another type than the description says; the request itself was taken"
	}
	return e
}

// notTheAPI makes the error of a 2XX that isn't the API's: a proxy or a page to log
// in to may answer so, and would swallow everything that is sent.
func notTheAPI(call *call, resp *http.Response) *Error {
	return &Error{
		Operation: call.operation, StatusCode: resp.StatusCode,
		Attempts: call.attempts, RateLimited: call.rateLimited,
		kind: ErrUnavailable, advice: notTheAPIs,
	}
}

const notTheAPIs = "the answer isn't the API's; check the base URL, and proxies on the way"

// noAnswer makes the error of a request that got no answer.
func noAnswer(req *http.Request, err error) *Error {
	var refused *Error
	if errors.As(err, &refused) {
		return refused
	}
	call := callOf(req)
	e := &Error{Operation: call.operation, Attempts: call.attempts, RateLimited: call.rateLimited, cause: withoutURL(err)}
	var limited *limitError
	cause, _ := causeOf(e.cause)
	switch {
	case errors.As(err, &limited):
		e.kind, e.RetryAfter = ErrRateLimited, limited.wait.Round(time.Millisecond)
		e.advice = "give the context more time, or send less at a time"
		if limited.limitedFor > 0 {
			e.advice = advice[ErrRateLimited]
		}
	case req.Context().Err() != nil:
		e.cause = req.Context().Err()
	case errors.Is(err, errTooLarge):
		e.kind, e.advice = ErrInvalidRequest, cause.advice
	default:
		e.kind, e.advice = ErrUnavailable, cmp.Or(cause.advice, advice[ErrUnavailable])
	}
	return e
}

// badAnswer makes the error of a request that got an answer other than 2XX.
func badAnswer(call *call, resp *http.Response) *Error {
	body := peek(resp)
	e := &Error{
		Operation:   call.operation,
		StatusCode:  resp.StatusCode,
		Attempts:    call.attempts,
		RateLimited: call.rateLimited,
		RetryAfter:  retryAfter(resp, maxTold),
	}
	var fault klaviyo.APIError
	if faults := faultsIn(body); len(faults) > 0 {
		fault = faults[0]
		for _, f := range faults {
			e.Faults = append(e.Faults, newFault(f))
		}
		first := e.Faults[0]
		e.Code, e.Detail, e.RequestID = first.Code, first.Detail, first.RequestID
		e.Pointer, e.Parameter = first.Pointer, first.Parameter
		if fault.Meta != nil {
			e.DuplicateProfileID = fault.Meta.DuplicateProfileID
		}
	}
	e.kind = kindOf(call.operation, resp.StatusCode, isJSON(body), isPage(body), namesRevision(fault))
	e.advice = advice[e.kind]
	switch {
	case resp.StatusCode/100 == 3:
		e.advice = "the API doesn't redirect; check the base URL"
	case isUnknownPath(resp.StatusCode) && e.kind == ErrUnavailable:
		e.advice = notTheAPIs
	case e.kind == ErrUnauthorized:
		e.advice = keyAdvice(call.operation)
	case e.kind == ErrConflict && e.DuplicateProfileID != "":
		e.advice = "a profile has these identifiers already; update that one"
	}
	return e
}

// maxTold is the longest Retry-After that an Error tells.
const maxTold = 24 * time.Hour

// isUnknownPath tells whether an answer is one of servers that don't have a path.
func isUnknownPath(status int) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed
}

// kindOf says what an answer other than 2XX means. fromAPI tells that it has the API's
// JSON, page that it has something else, as a gateway's, and retired that it blames the
// revision.
func kindOf(op *klaviyo.Operation, status int, fromAPI, page, retired bool) error {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden && fromAPI:
		return ErrUnauthorized
	case status == http.StatusBadRequest && retired, status == http.StatusGone && (retired || !hasID(op)):
		return ErrRevisionRetired
	case isUnknownPath(status) && page:
		return ErrUnavailable
	case status == http.StatusNotFound, status == http.StatusGone:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case retryStatus(status), status == http.StatusForbidden, status/100 == 3:
		return ErrUnavailable
	}
	return ErrInvalidRequest
}

// advice is what to do about a kind of failure.
var advice = map[error]string{
	ErrInvalidRequest:  "mend the request; sent again as it is, it fails again",
	ErrNotFound:        "check the id; the resource may have been deleted or merged into another",
	ErrConflict:        "the identifiers belong to more than one profile; merge them in Klaviyo, or send one identifier",
	ErrRevisionRetired: "Klaviyo no longer accepts revision " + revision + "; use a release of this module for a later one",
	ErrRateLimited:     "other programs may be using the account's quota; send again later",
	ErrUnavailable:     "send again later",
}

func keyAdvice(op *klaviyo.Operation) string {
	if op.Public {
		return "check the company id"
	}
	return fmt.Sprintf("give a private key of the account with the scopes %s",
		strings.Join(op.Scopes, ", "))
}

func hasID(op *klaviyo.Operation) bool { return strings.Contains(op.Path, "{") }

// faultsIn reads what the API says of a request, if the body is the API's.
func faultsIn(body []byte) []klaviyo.APIError {
	if !isJSON(body) {
		return nil
	}
	var faults klaviyo.APIErrors
	// A field of another type than described loses itself, not the rest.
	_ = json.Unmarshal(body, &faults)
	return faults.Errors
}

func newFault(f klaviyo.APIError) Fault {
	fault := Fault{Detail: f.Detail, RequestID: f.ID}
	if looksLikeName(f.Code) {
		fault.Code = f.Code // and else it may be anything
	}
	if f.Source != nil {
		fault.Pointer, fault.Parameter = f.Source.Pointer, f.Source.Parameter
	}
	return fault
}

// namesRevision tells whether a fault is the revision's. One at a field of the body
// isn't, though its name or value may hold the word.
func namesRevision(fault klaviyo.APIError) bool {
	if source := fault.Source; source != nil {
		if strings.EqualFold(source.Parameter, "revision") {
			return true
		}
		if source.Parameter != "" || strings.HasPrefix(strings.TrimSuffix(source.Pointer, "/"), "/data/") {
			return false
		}
	}
	text := strings.ToLower(fault.Code + " " + fault.Title + " " + fault.Detail)
	if fault.Source != nil {
		text += strings.ToLower(fault.Source.Pointer)
	}
	return strings.Contains(text, "revision")
}

// answersAsTheAPI tells whether a 2XX has no body or one of the API's.
func answersAsTheAPI(resp *http.Response) bool {
	body := bytes.TrimSpace(peek(resp))
	return len(body) == 0 || isJSON(body)
}

// isJSON tells an answer of the API from one of a gateway before it.
func isJSON(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}

// isPage tells that a body is neither empty nor JSON.
func isPage(body []byte) bool { return len(bytes.TrimSpace(body)) > 0 && !isJSON(body) }
