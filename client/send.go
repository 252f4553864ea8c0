package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Request is what [Client.Send] takes. The requests of package mapper are such.
type Request interface {
	// Operation is the call to make.
	Operation() *klaviyo.Operation
	// Body is the body of the call, of the operation's generated type.
	Body() any
}

// Response is what became of a request.
type Response struct {
	// Operation is the call that did it: update_profile for a create_profile that
	// met an existing profile.
	Operation *klaviyo.Operation
	// StatusCode is 2XX. 202 means: validated and queued.
	StatusCode int
	// ProfileID is the id of the profile created or updated.
	ProfileID string
	// Attempts is the number of times a request was sent, RateLimited the number
	// of 429 answers among them.
	Attempts, RateLimited int
	// Warnings tell what Klaviyo didn't take as it was meant.
	Warnings []Warning
}

// Warning tells of a part of a request that had to be left out for the rest to be
// taken.
type Warning struct {
	// Code is [WarningInvalidPhone], [WarningInvalidEmail] or [WarningIdentifierConflict].
	Code string
	// Message names fields, and no values.
	Message string
}

// The codes of warnings.
const (
	// WarningInvalidPhone is a phone number that Klaviyo refused.
	WarningInvalidPhone = "invalid_phone"
	// WarningInvalidEmail is an email address that Klaviyo refused.
	WarningInvalidEmail = "invalid_email"
	// WarningIdentifierConflict is an identifier that belongs to another profile.
	WarningIdentifierConflict = "identifier_conflict"
)

// Send makes the call that a request describes: one that writes and has no id in its
// path. [Client.API] has the others.
//
// create_profile is an upsert: where a profile with its identifiers exists, that
// one is updated with the same attributes. An attribute that is null is cleared
// then; one that is left out stays as it is. The package comment tells what becomes
// of identifiers of several profiles, and of a phone number that Klaviyo refuses.
//
// The error is an [*Error].
func (c *Client) Send(ctx context.Context, r Request) (*Response, error) {
	if r == nil {
		return nil, refuse(nil, "the request is nil")
	}
	op := r.Operation()
	switch {
	case op == nil:
		return nil, refuse(nil, "the request has no operation; package klaviyo lists them")
	case op.Method == http.MethodGet, hasID(op):
		return nil, refuse(op, "Send takes operations that write and have no id in their path; use the typed call of Client.API")
	}
	body, err := encode(r.Body())
	if err != nil {
		return nil, unwritable(op, err)
	}
	sent, err := c.deliver(ctx, op, body)
	if rest, warning, ok := withoutRefused(op, body, err); ok {
		var before calls
		before.count(nil, err)
		sent, err = c.deliver(ctx, op, rest)
		return before.total(sent, err, warning)
	}
	return sent, err
}

// UpsertProfile creates the profile with the identifiers in the attributes, or updates
// the one that has them: what [Client.Send] makes of a create_profile. The Response
// tells the profile's id.
//
// The error is an [*Error].
func (c *Client) UpsertProfile(ctx context.Context, attributes klaviyo.ProfileCreateAttributes) (*Response, error) {
	return c.Send(ctx, upsertRequest{attributes})
}

type upsertRequest struct {
	attributes klaviyo.ProfileCreateAttributes
}

func (upsertRequest) Operation() *klaviyo.Operation { return klaviyo.OperationCreateProfile }
func (r upsertRequest) Body() any                   { return klaviyo.NewCreateProfileBody(r.attributes) }

// deliver makes a call, or the calls of an upsert.
func (c *Client) deliver(ctx context.Context, op *klaviyo.Operation, body []byte) (*Response, error) {
	if op == klaviyo.OperationCreateProfile {
		return c.upsertProfile(ctx, body)
	}
	sent, _, err := c.send(ctx, op, op.Path, body)
	return sent, err
}

// caller makes the typed calls of [Client.API].
type caller struct{ *Client }

// Call is for package klaviyo.
func (c caller) Call(ctx context.Context, call klaviyo.Call) error {
	path, err := call.Path()
	if err != nil {
		return refuse(call.Operation, "give the id; it is empty or none")
	}
	if len(call.Query) > 0 {
		path += "?" + call.Query.Encode()
	}
	var body []byte
	if call.Body != nil {
		if body, err = encode(call.Body); err != nil {
			return unwritable(call.Operation, err)
		}
	}
	sent, answer, err := c.send(ctx, call.Operation, path, body)
	if err != nil || call.Answer == nil {
		return err
	}
	if err := json.Unmarshal(answer, call.Answer); err != nil {
		return unreadable(sent, err)
	}
	return nil
}

// calls counts the attempts of a request's calls before the last.
type calls struct{ attempts, rateLimited int }

// count adds a call, which was answered or failed.
func (c *calls) count(sent *Response, err error) {
	var failed *Error
	switch {
	case errors.As(err, &failed):
		c.attempts += failed.Attempts
		c.rateLimited += failed.RateLimited
	case err == nil:
		c.attempts += sent.Attempts
		c.rateLimited += sent.RateLimited
	}
}

// total makes the result of the last call that of all, with the warnings if it was
// answered.
func (c *calls) total(sent *Response, err error, warnings ...Warning) (*Response, error) {
	c.count(sent, err)
	var failed *Error
	switch {
	case errors.As(err, &failed):
		failed.Attempts, failed.RateLimited = c.attempts, c.rateLimited
	case err == nil:
		sent.Attempts, sent.RateLimited = c.attempts, c.rateLimited
		sent.Warnings = append(warnings, sent.Warnings...)
	}
	return sent, err
}

// send sends a body, if it isn't nil, to an operation's path with its query, and
// gives the answer's body too.
func (c *Client) send(ctx context.Context, op *klaviyo.Operation, path string, body []byte) (*Response, []byte, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	url := strings.TrimSuffix(c.baseURL.String(), "/") + path
	req, err := http.NewRequestWithContext(ctx, op.Method, url, content)
	if err != nil {
		return nil, nil, refuse(op, "give a context")
	}
	resp, err := c.do(req)
	if err != nil {
		return nil, nil, err
	}
	call := callOf(resp.Request)
	return &Response{
		Operation:   op,
		StatusCode:  resp.StatusCode,
		Attempts:    call.attempts,
		RateLimited: call.rateLimited,
	}, peek(resp), nil
}

// encode writes a body as JSON, without escapes for HTML.
func encode(body any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
