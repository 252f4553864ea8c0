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
		return nil, refuse(nil, "the request is nil")
	}
	op := r.Operation()
	switch {
	case op == nil:
		return nil, refuse(nil, "the request has no operation; use one of package klaviyo")
	case op.Method == http.MethodGet, op.HasID():
		return nil, refuse(op, "Send takes operations that write and have no id in their path; use the typed call of package klaviyo")
	}
	body, err := encodeBody(r)
	if err != nil {
		return nil, unwritable(op, err)
	}
	var before calls
	var warnings []Warning
	for {
		sent, err := c.deliver(ctx, op, body)
		remedy, ok := remedyFor(op, body, sent, err)
		if ok {
			warnings = append(warnings, remedy.warning)
		}
		if remedy.rest == nil {
			return before.total(sent, err, warnings...)
		}
		before.count(sent, err)
		body = remedy.rest
	}
}

// deliver makes one call, or the calls of an upsert.
func (c *Client) deliver(ctx context.Context, op *runtime.Operation, body []byte) (*Response, error) {
	switch {
	case op.UpdatedBy != nil:
		return c.upsertProfile(ctx, op, body)
	case op.Upserts:
		return c.reconcile(ctx, op, body)
	}
	sent, _, err := c.send(ctx, op, op.Path, body)
	return sent, err
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
