package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// refuse makes the error of a request that is not sent.
func refuse(op *runtime.Operation, advice string) *Error {
	return &Error{Operation: op, kind: ErrInvalidRequest, advice: advice}
}

// missingCredentials makes the error of a call that the Client can't authenticate.
func missingCredentials(op *runtime.Operation, advice string) *Error {
	return &Error{Operation: op, kind: ErrMissingCredentials, advice: advice}
}

// unwritable makes the error of a body that can't be encoded or read.
func unwritable(op *runtime.Operation, err error) *Error {
	e := refuse(op, "the body can't be encoded as JSON")
	e.cause = err
	return e
}

// unexpectedAnswer makes the error of a request that was taken, and whose answer isn't
// quite what the description says.
func unexpectedAnswer(sent *Response, answer []byte, read any, unread []string) *Error {
	e := &Error{
		Operation: sent.Operation, StatusCode: sent.StatusCode,
		Attempts: sent.Attempts, RateLimited: sent.RateLimited,
		Decoded: read, Undecoded: unread,
		kind:   ErrUnexpectedResponse,
		advice: "the request was accepted, so don't send it again",
	}
	if sent.Operation.Method == http.MethodGet {
		e.advice = "a retry fails again, so report what the response lacks"
	}
	e.ResourceID = idIn(answer)
	return e
}

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
		e.advice = "use a longer context deadline, or fewer requests at a time"
		switch {
		case limited.ofDay:
			e.advice = "retry when the daily limit resets"
		case limited.limitedFor > 0:
			e.advice = advice[ErrRateLimited]
		}
	case req.Context().Err() != nil:
		e.cause = req.Context().Err()
	case errors.Is(err, errTooLarge) && call.operation.Method == http.MethodGet:
		e.kind, e.advice = ErrInvalidRequest, cause.advice
	case errors.Is(err, errTooLarge):
		e.kind, e.advice = ErrMisdirected, advice[ErrMisdirected]
	case cause.final:
		e.kind, e.advice = ErrMisdirected, cmp.Or(cause.advice, advice[ErrMisdirected])
	default:
		e.kind, e.advice = ErrUnavailable, cmp.Or(cause.advice, advice[ErrUnavailable])
	}
	return e
}

// badAnswer makes the error of a request that got an answer of a kind other than success.
func badAnswer(call *call, resp *http.Response) *Error {
	body := peek(resp)
	answer := replyOf(call.operation, resp)
	kind := answer.kind()
	e := &Error{
		Operation:   call.operation,
		StatusCode:  resp.StatusCode,
		RequestID:   requestIDOf(resp),
		Attempts:    call.attempts,
		RateLimited: call.rateLimited,
		RetryAfter:  retryAfter(resp, maxReported),
		Excerpt:     excerptOf(body),
		kind:        kind,
		advice:      advice[kind],
	}
	if faults := faultsIn(body); len(faults) > 0 {
		for _, f := range faults {
			e.Faults = append(e.Faults, newFault(f))
		}
		first := e.Faults[0]
		e.Code, e.Detail = first.Code, first.Detail
		e.Pointer, e.Parameter = first.Pointer, first.Parameter
		if meta := faults[0].Meta; meta != nil {
			e.DuplicateProfileID = meta.DuplicateProfileID
		}
	}
	switch {
	case statusAdvice[e.StatusCode] != "":
		e.advice = statusAdvice[e.StatusCode]
	case e.StatusCode/100 == 3:
		e.advice = "the API doesn't redirect; check the base URL"
	case kind == ErrRevisionRetired:
		e.advice = retiredAdvice(call.operation)
	case kind == ErrNotFound && !answer.isDescribed():
		e.advice = "check the path, the ids in it, and that revision " + call.operation.Revision + " has the endpoint"
	case kind == ErrUnauthorized:
		e.advice = keyAdvice(call.operation)
	case kind == ErrConflict && e.DuplicateProfileID != "":
		e.advice = "a profile already has these identifiers; update that profile"
	}
	return e
}

// maxReported is the longest Retry-After that an Error tells.
const maxReported = 24 * time.Hour

// maxExcerpt is the length of an Excerpt in characters.
const maxExcerpt = 200

// excerptOf is the beginning of a body, in one line.
func excerptOf(body []byte) string {
	// A character has four bytes at most, and as many spaces go with it here.
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), 8*maxExcerpt)]), "")), " ")
	if characters := []rune(text); len(characters) > maxExcerpt {
		return string(characters[:maxExcerpt])
	}
	return text
}

// advice is what to do about a kind of failure.
var advice = map[error]string{
	ErrInvalidRequest: "fix the request; a retry without changes fails again",
	ErrNotFound:       "check the id; the resource may have been deleted or merged into another",
	ErrConflict:       "the identifiers belong to more than one profile; merge them in Klaviyo, or send one identifier",
	ErrRateLimited:    "other programs may be using the account's quota; retry later",
	ErrUnavailable:    "send again later",
	ErrMisdirected:    "the response isn't from the API; check the base URL and any proxy",
}

// statusAdvice is what to do about a status where that is more than advice says.
var statusAdvice = map[int]string{
	http.StatusPaymentRequired:   "payment required; check the account's plan and billing in Klaviyo",
	http.StatusProxyAuthRequired: adviceProxy,
}

// retiredAdvice says what to do about a revision that is no longer served.
func retiredAdvice(op *runtime.Operation) string {
	return "Klaviyo no longer serves revision " + op.Revision + " of its API; use the package of a later one (docs/updating.md)"
}

func keyAdvice(op *runtime.Operation) string {
	if op.Public {
		return "check the company id"
	}
	return fmt.Sprintf("use a private key of the account with the scopes %s",
		strings.Join(op.Scopes, ", "))
}

// faultsIn reads what the API says of a request, if the body is the API's.
func faultsIn(body []byte) []apiFault {
	if !isJSON(body) {
		return nil
	}
	var faults struct {
		Errors []apiFault `json:"errors"`
	}
	// A field of another type than described loses itself, not the rest.
	_ = json.Unmarshal(body, &faults)
	return faults.Errors
}

func newFault(f apiFault) Fault {
	fault := Fault{Detail: f.Detail, RequestID: f.ID}
	if looksLikeName(f.Code) {
		fault.Code = f.Code // and else it may be anything
	}
	if f.Source != nil {
		fault.Pointer, fault.Parameter = f.Source.Pointer, f.Source.Parameter
	}
	return fault
}
