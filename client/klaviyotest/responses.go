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

// A response is sent back over a socket or returned by a transport.
type response struct {
	status int
	header http.Header
	body   []byte

	resetConnection bool // reset the connection instead of responding
	truncated       bool // end the connection in the middle of body
}

// emptyResponse returns a response without a body.
func emptyResponse(status int) response {
	return response{status: status, header: make(http.Header)}
}

// plainJSON is the media type of a response before its revision is known.
const plainJSON = "application/json"

// jsonResponse returns a response with a JSON body.
func jsonResponse(status int, body any) response {
	return response{status: status, header: http.Header{"Content-Type": {plainJSON}}, body: encode(body)}
}

// encode encodes decoded JSON or types of this package.
func encode(v any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("klaviyotest: a %T can't be encoded as JSON: %v", v, err))
	}
	return encoded
}

// setMediaType sets the media type of a JSON response to that of the call's revision.
func (a *response) setMediaType(c *call) {
	if c.operation != nil && a.header.Get("Content-Type") == plainJSON {
		a.header.Set("Content-Type", c.operation.MediaType)
	}
}

// A resource is a JSON:API object.
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

// selfLink returns the links of an object with a URL.
func selfLink(address string) *objectLinks { return &objectLinks{Self: address} }

// A relationship has the related resources: a resourceID or a list of them.
type relationship struct {
	Data any `json:"data"`
}

// A resourceID identifies a resource.
type resourceID struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// A resourceDocument is the body of a response with one resource.
type resourceDocument struct {
	Data     resource   `json:"data"`
	Included []resource `json:"included,omitempty"`
}

// A collectionDocument is the body of a response with a page of resources.
type collectionDocument struct {
	Data     []resource `json:"data"`
	Included []resource `json:"included,omitempty"`
	Links    pageLinks  `json:"links"`
}

// pageLinks are the URLs of a page and of the next and previous pages, which may be null.
type pageLinks struct {
	Self string  `json:"self"`
	Next *string `json:"next"`
	Prev *string `json:"prev"`
}

// formatTime formats a time as in responses.
func formatTime(t time.Time) runtime.Timestamp {
	return runtime.Timestamp(t.UTC().Format("2006-01-02T15:04:05-07:00"))
}

// Klaviyo's error codes.
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

// codeUnsupported is the code, which isn't Klaviyo's, of requests that klaviyotest doesn't support.
const codeUnsupported = "unsupported_by_klaviyotest"

// defaultCodes are the error codes of statuses.
var defaultCodes = map[int]string{
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

// A requestError is an error in a request. It contains no values of the request.
type requestError struct {
	status      int
	code        string // the default is that of status
	detail      string
	pointer     string // a JSON Pointer into the body
	parameter   string // a header, or a parameter of the path or the query
	duplicateOf string // the id of the profile that has the identifiers
}

// errorResponse returns a response with the errors and the status of the first.
func errorResponse(errs ...requestError) response {
	status := errs[0].status
	body := apiErrors{Errors: make([]apiError, len(errs))}
	for i, r := range errs {
		body.Errors[i] = r.apiError()
	}
	return jsonResponse(status, body)
}

// apiErrors is the body of an error response, which is the same for all revisions.
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

func (r requestError) apiError() apiError {
	return apiError{
		ID:     rand.Text(),
		Status: r.status,
		Code:   cmp.Or(r.code, defaultCodes[r.status], codeError),
		Title:  http.StatusText(r.status),
		Detail: r.detail,
		Links:  json.RawMessage("{}"),
		Source: errorSource{Pointer: r.pointer, Parameter: r.parameter},
		Meta:   errorMeta{DuplicateProfileID: r.duplicateOf},
	}
}

// invalidField returns the error of an invalid value at pointer in the body.
func invalidField(pointer, detail string) requestError {
	return requestError{status: http.StatusBadRequest, pointer: pointer, detail: detail}
}

// invalidParameter returns the error of an invalid header, or of an invalid parameter of the
// path or the query.
func invalidParameter(name, detail string) requestError {
	return requestError{status: http.StatusBadRequest, parameter: name, detail: detail}
}
