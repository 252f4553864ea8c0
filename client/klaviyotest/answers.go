package klaviyotest

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// answer is what goes back to the client, over a socket or a transport.
type answer struct {
	status int
	header http.Header
	body   []byte

	reset  bool // no answer: the connection is reset
	cutOff bool // the connection ends in the middle of body
}

// empty is an answer without a body.
func empty(status int) answer {
	return answer{status: status, header: make(http.Header)}
}

// plainJSON is the media type of an answer before it is known whom it goes to.
const plainJSON = "application/json"

// document is an answer in JSON.
func document(status int, body any) answer {
	return answer{status: status, header: http.Header{"Content-Type": {plainJSON}}, body: encode(body)}
}

// encode writes what came as JSON, or consists of this package's types.
func encode(v any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("klaviyotest: a %T is no JSON: %v", v, err))
	}
	return encoded
}

// speakAs gives an answer in JSON the media type of the call's revision.
func (a *answer) speakAs(c *call) {
	if c.operation != nil && a.header.Get("Content-Type") == plainJSON {
		a.header.Set("Content-Type", c.operation.MediaType)
	}
}

// resource is an object of JSON:API.
type resource struct {
	Type       string         `json:"type"`
	ID         string         `json:"id"`
	Attributes map[string]any `json:"attributes,omitempty"`
	Links      *objectLinks   `json:"links,omitempty"`

	Relationships map[string]relationship `json:"relationships,omitempty"`
}

type objectLinks struct {
	Self string `json:"self"`
}

// linkTo are the links of an object at an address.
func linkTo(address string) *objectLinks { return &objectLinks{Self: address} }

// relationship names those that a resource belongs to: an identifier, or a list of them.
type relationship struct {
	Data any `json:"data"`
}

// identity names a resource.
type identity struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// single is the document of one resource.
type single struct {
	Data     resource   `json:"data"`
	Included []resource `json:"included,omitempty"`
}

// collection is the document of a page of resources.
type collection struct {
	Data     []resource `json:"data"`
	Included []resource `json:"included,omitempty"`
	Links    pageLinks  `json:"links"`
}

// pageLinks are the addresses of a page and those around it, null where there is none.
type pageLinks struct {
	Self string  `json:"self"`
	Next *string `json:"next"`
	Prev *string `json:"prev"`
}

// shownTime is a time as answers have it.
func shownTime(t time.Time) runtime.Timestamp {
	return runtime.Timestamp(t.UTC().Format("2006-01-02T15:04:05-07:00"))
}

// The codes of Klaviyo's errors.
const (
	codeInvalid              = "invalid"
	codeNotAuthenticated     = "not_authenticated"
	codeAuthenticationFailed = "authentication_failed"
	codePermissionDenied     = "permission_denied"
	codeNotFound             = "not_found"
	codeMethodNotAllowed     = "method_not_allowed"
	codeDuplicateProfile     = "duplicate_profile"
	codeGone                 = "gone"
	codePayloadTooLarge      = "payload_too_large"
	codeUnsupportedMediaType = "unsupported_media_type"
	codeThrottled            = "throttled"
	codeError                = "error"
)

// usualCodes are the codes of statuses that have one.
var usualCodes = map[int]string{
	http.StatusBadRequest:            codeInvalid,
	http.StatusUnauthorized:          codeNotAuthenticated,
	http.StatusForbidden:             codePermissionDenied,
	http.StatusNotFound:              codeNotFound,
	http.StatusMethodNotAllowed:      codeMethodNotAllowed,
	http.StatusConflict:              codeDuplicateProfile,
	http.StatusGone:                  codeGone,
	http.StatusRequestEntityTooLarge: codePayloadTooLarge,
	http.StatusUnsupportedMediaType:  codeUnsupportedMediaType,
	http.StatusTooManyRequests:       codeThrottled,
}

// refusal is a fault found in a request. It quotes no value of the request.
type refusal struct {
	status      int
	code        string // empty is the usual one of status
	detail      string
	pointer     string // a JSON Pointer into the body
	parameter   string // a header, or a parameter of the path or the query
	duplicateOf string // the id of the profile that has the identifiers
}

// refuse answers with one error for each fault, and the status of the first.
func refuse(refusals ...refusal) answer {
	status := refusals[0].status
	body := apiErrors{Errors: make([]apiError, len(refusals))}
	for i, r := range refusals {
		body.Errors[i] = r.apiError()
	}
	return document(status, body)
}

// apiErrors are the errors of an answer, as all revisions have them.
type apiErrors struct {
	Errors []apiError `json:"errors"`
}

type apiError struct {
	ID     string          `json:"id"`
	Status int             `json:"status"`
	Code   string          `json:"code"`
	Title  string          `json:"title"`
	Detail string          `json:"detail"`
	Links  json.RawMessage `json:"links"`
	Source errorSource     `json:"source"`
	Meta   errorMeta       `json:"meta"`
}

type errorSource struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
}

type errorMeta struct {
	DuplicateProfileID string `json:"duplicate_profile_id,omitempty"`
}

func (r refusal) apiError() apiError {
	return apiError{
		ID:     rand.Text(),
		Status: r.status,
		Code:   cmp.Or(r.code, usualCodes[r.status], codeError),
		Title:  http.StatusText(r.status),
		Detail: r.detail,
		Links:  json.RawMessage("{}"),
		Source: errorSource{Pointer: r.pointer, Parameter: r.parameter},
		Meta:   errorMeta{DuplicateProfileID: r.duplicateOf},
	}
}

// invalid refuses what is at pointer in the body.
func invalid(pointer, detail string) refusal {
	return refusal{status: http.StatusBadRequest, pointer: pointer, detail: detail}
}

// invalidParameter refuses a header, or a parameter of the path or the query.
func invalidParameter(name, detail string) refusal {
	return refusal{status: http.StatusBadRequest, parameter: name, detail: detail}
}
