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

// invalidRequest returns the error of a request that isn't sent.
func invalidRequest(op *runtime.Operation, advice string) *Error {
	return &Error{Operation: op, kind: ErrInvalidRequest, advice: advice}
}

// missingCredentials returns the error of a call that the Client can't authenticate.
func missingCredentials(op *runtime.Operation, advice string) *Error {
	return &Error{Operation: op, kind: ErrMissingCredentials, advice: advice}
}

// unencodable returns the error of a body that can't be encoded or parsed.
func unencodable(op *runtime.Operation, err error) *Error {
	e := invalidRequest(op, "the body can't be encoded as JSON")
	e.cause = err
	return e
}

// unexpectedResponse returns the error of a request that was accepted, but whose response
// doesn't match the description.
func unexpectedResponse(sent *Response, answer []byte, read any, unread []string) *Error {
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
	e.ResourceID = resourceID(answer)
	return e
}

// noResponse returns the error of a request without a response.
func noResponse(req *http.Request, err error) *Error {
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
		case limited.daily:
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
	case cause.permanent:
		e.kind, e.advice = ErrMisdirected, cmp.Or(cause.advice, advice[ErrMisdirected])
	default:
		e.kind, e.advice = ErrUnavailable, cmp.Or(cause.advice, advice[ErrUnavailable])
	}
	return e
}

// errorResponse returns the error of a request whose response isn't a success.
func errorResponse(call *call, resp *http.Response) *Error {
	body := bufferedBody(resp)
	answer := readResponse(call.operation, resp)
	kind := answer.kind()
	e := &Error{
		Operation:   call.operation,
		StatusCode:  resp.StatusCode,
		RequestID:   requestID(resp),
		Attempts:    call.attempts,
		RateLimited: call.rateLimited,
		RetryAfter:  retryAfter(resp, maxReportedRetryAfter),
		Excerpt:     excerpt(body),
		kind:        kind,
		advice:      advice[kind],
	}
	if faults := parseFaults(body); len(faults) > 0 {
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

// maxReportedRetryAfter is the maximum of Error.RetryAfter.
const maxReportedRetryAfter = 24 * time.Hour

// maxExcerpt is the maximum length of Error.Excerpt in characters.
const maxExcerpt = 200

// excerpt returns the beginning of a body on one line.
func excerpt(body []byte) string {
	// A character has at most four bytes. The factor of 8 leaves room for the removed
	// whitespace.
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), 8*maxExcerpt)]), "")), " ")
	if characters := []rune(text); len(characters) > maxExcerpt {
		return string(characters[:maxExcerpt])
	}
	return text
}

// advice is what to do about each kind of error.
var advice = map[error]string{
	ErrInvalidRequest: "fix the request; a retry without changes fails again",
	ErrNotFound:       "check the id; the resource may have been deleted or merged into another",
	ErrConflict:       "the identifiers belong to more than one profile; merge them in Klaviyo, or send one identifier",
	ErrRateLimited:    "other programs may be using the account's quota; retry later",
	ErrUnavailable:    "send again later",
	ErrMisdirected:    "the response isn't from the API; check the base URL and any proxy",
}

// statusAdvice has more specific advice for some statuses.
var statusAdvice = map[int]string{
	http.StatusPaymentRequired:   "payment required; check the account's plan and billing in Klaviyo",
	http.StatusProxyAuthRequired: adviceProxy,
}

// retiredAdvice returns what to do about a retired revision.
func retiredAdvice(op *runtime.Operation) string {
	return "Klaviyo no longer serves revision " + op.Revision + " of its API; use the package of a later one, and set it in mapper.Config.Revision"
}

func keyAdvice(op *runtime.Operation) string {
	if op.Public {
		return "check the company id"
	}
	return fmt.Sprintf("use a private key of the account with the scopes %s",
		strings.Join(op.Scopes, ", "))
}

// parseFaults returns the errors in the body, if it is an error response of the API.
func parseFaults(body []byte) []apiFault {
	if !isJSON(body) {
		return nil
	}
	var faults struct {
		Errors []apiFault `json:"errors"`
	}
	// A field of an unexpected type is lost, but not the others.
	_ = json.Unmarshal(body, &faults)
	return faults.Errors
}

func newFault(f apiFault) Fault {
	fault := Fault{Detail: f.Detail, RequestID: f.ID}
	if looksLikeName(f.Code) {
		fault.Code = f.Code // other text may contain personal data
	}
	if f.Source != nil {
		fault.Pointer, fault.Parameter = f.Source.Pointer, f.Source.Parameter
	}
	return fault
}
