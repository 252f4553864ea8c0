package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Request is what [Client.Send] takes. The requests of package mapper are such.
type Request interface {
	// Operation is the call to make.
	Operation() klaviyo.OperationID
	// Body is the body of the call, of the operation's generated type.
	Body() any
}

// Response is what became of a request.
type Response struct {
	// Operation is the call that did it: update_profile for a create_profile that
	// met an existing profile.
	Operation klaviyo.OperationID
	// StatusCode is 2XX. 202 means: validated and queued.
	StatusCode int
	// ProfileID is the id of the profile created or updated.
	ProfileID string
	// Attempts is the number of times a request was sent, RateLimited the number
	// of 429 answers among them.
	Attempts, RateLimited int
	// Warnings tell what was sent in another way than asked.
	Warnings []Warning
}

// Warning says that a request was changed so that it could be sent.
type Warning struct {
	// Code names the kind of change, Message describes it. Neither quotes a value.
	Code, Message string
}

// Send makes the call that a request describes: one that writes and has neither an
// id in its path nor a company id in its query. [Client.API] has the others.
//
// create_profile is an upsert: where a profile with its identifiers exists, that
// one is updated with the same attributes. An attribute that is null is cleared
// then; one that is left out stays as it is.
//
// The error is an [*Error].
func (c *Client) Send(ctx context.Context, r Request) (*Response, error) {
	if r == nil {
		return nil, refuse("", "the request is nil")
	}
	op, ok := klaviyo.LookupOperation(r.Operation())
	switch {
	case !ok:
		return nil, refuse(r.Operation(), "there is no such operation; package klaviyo lists them")
	case op.Method == http.MethodGet, op.Public, hasID(op):
		return nil, refuse(op.ID, "Send takes operations that write, without parameters; use the typed call of Client.API")
	}
	body, err := encode(r.Body())
	if err != nil {
		return nil, unwritable(op.ID, err)
	}
	if op.ID == klaviyo.OperationCreateProfile {
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
		return refuse(call.Operation.ID, "give the id; it is empty or none")
	}
	if len(call.Query) > 0 {
		path += "?" + call.Query.Encode()
	}
	var body []byte
	if call.Body != nil {
		if body, err = encode(call.Body); err != nil {
			return unwritable(call.Operation.ID, err)
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

// send sends a body, if it isn't nil, to an operation's path with its query, and
// gives the answer's body too.
func (c *Client) send(ctx context.Context, op klaviyo.Operation, path string, body []byte) (*Response, []byte, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	url := strings.TrimSuffix(c.baseURL.String(), "/") + path
	req, err := http.NewRequestWithContext(ctx, op.Method, url, content)
	if err != nil {
		return nil, nil, refuse(op.ID, "give a context")
	}
	resp, err := c.do(req)
	if err != nil {
		return nil, nil, err
	}
	call := callOf(resp.Request)
	return &Response{
		Operation:   op.ID,
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
