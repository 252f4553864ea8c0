package client

import (
	"context"
	"errors"
	"net/http"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Send sends a request whose operation writes and has no id in its path. For other operations,
// use the typed calls of package klaviyo.
//
// create_profile of revision 2023-02-22 is an upsert: if a profile with the identifiers exists,
// it is updated with the same attributes. Later revisions have create_or_update_profile for
// this. A null attribute is cleared, and an omitted one stays unchanged. The package comment
// describes what happens if identifiers belong to several profiles, or if Klaviyo rejects
// an email or a phone number.
//
// A non-nil error is an [*Error].
func (c *Client) Send(ctx context.Context, r Request) (*Response, error) {
	if r == nil {
		return nil, invalidRequest(nil, "the request is nil")
	}
	op := r.Operation()
	switch {
	case op == nil:
		return nil, invalidRequest(nil, "the request has no operation; use one of package klaviyo")
	case op.Method == http.MethodGet, op.HasID():
		return nil, invalidRequest(op, "Send takes operations that write and have no id in their path; use the typed call of package klaviyo")
	}
	body, err := encodeBody(r)
	if err != nil {
		return nil, unencodable(op, err)
	}
	var previous attemptCounts
	var warnings []Warning
	for {
		resp, err := c.dispatch(ctx, op, body)
		remedy, ok := remedyFor(op, body, resp, err)
		if ok {
			warnings = append(warnings, remedy.warning)
		}
		if remedy.retryBody == nil {
			return previous.finish(resp, err, warnings...)
		}
		previous.count(resp, err)
		body = remedy.retryBody
	}
}

// dispatch makes one call, or the calls of an upsert.
func (c *Client) dispatch(ctx context.Context, op *runtime.Operation, body []byte) (*Response, error) {
	switch {
	case op.UpdatedBy != nil:
		return c.upsertProfile(ctx, op, body)
	case op.Upserts:
		return c.callUpsert(ctx, op, body)
	}
	resp, _, err := c.send(ctx, op, op.Path, body)
	return resp, err
}

// attemptCounts sums the attempts of several calls for one request.
type attemptCounts struct{ attempts, rateLimited int }

// count adds the attempts of a call, which succeeded or failed.
func (c *attemptCounts) count(sent *Response, err error) {
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

// finish adds the last call and sets the totals in its result. It adds the warnings to a
// Response.
func (c *attemptCounts) finish(sent *Response, err error, warnings ...Warning) (*Response, error) {
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
