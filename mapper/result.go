package mapper

import (
	"slices"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Result is what an event became. Requests is empty if the event was skipped or
// could not be mapped.
type Result struct {
	// Type is the event's type in lower case, such as track, or empty if it has none.
	Type string
	// MessageID is the event's messageId, or empty. One of over 1,000 bytes is cut, and
	// ends in an ellipsis.
	MessageID string
	// Identity is the person the event is about.
	Identity Identity
	// Requests are to be sent in this order.
	Requests []Request
	// Warnings name what could not be used where it belongs.
	Warnings []Warning
	// Skipped is the reason why nothing is to be sent, or empty.
	Skipped SkipReason
}

// Identity holds the identifiers of a person; those that are unknown are empty.
type Identity struct {
	// Email is the email address.
	Email string
	// PhoneNumber is the phone number in E.164.
	PhoneNumber string
	// ExternalID is the sender's own id of the person, RudderStack's userId.
	ExternalID string
}

// Request is a single call. It is a [CreateProfile], [CreateEvent],
// [SubscribeProfiles] or [UnsubscribeProfiles].
type Request interface {
	// Operation is the call to make.
	Operation() *klaviyo.Operation
	// Body is the body of the call, one of the generated types.
	Body() any
	// AppendBody appends the body as JSON, as it goes over the wire: what
	// encoding/json makes of Body, but without escapes for HTML, and faster.
	AppendBody(dst []byte) []byte
}

// CreateProfile creates a profile or, where one with its identifiers exists,
// updates it.
type CreateProfile struct {
	// Query is the body.
	Query klaviyo.ProfileCreateQuery
}

// CreateEvent records an event.
type CreateEvent struct {
	// Query is the body.
	Query klaviyo.EventCreateQuery
}

// SubscribeProfiles subscribes one person to a list.
type SubscribeProfiles struct {
	// Query is the body.
	Query klaviyo.SubscriptionCreateJobCreateQuery
}

// UnsubscribeProfiles unsubscribes one person from a list, or from all.
type UnsubscribeProfiles struct {
	// Query is the body.
	Query klaviyo.UnsubscriptionCreateJobCreateQuery
}

// Operation returns [klaviyo.OperationCreateProfile].
func (CreateProfile) Operation() *klaviyo.Operation { return klaviyo.OperationCreateProfile }

// Operation returns [klaviyo.OperationCreateEvent].
func (CreateEvent) Operation() *klaviyo.Operation { return klaviyo.OperationCreateEvent }

// Operation returns [klaviyo.OperationSubscribeProfiles].
func (SubscribeProfiles) Operation() *klaviyo.Operation { return klaviyo.OperationSubscribeProfiles }

// Operation returns [klaviyo.OperationUnsubscribeProfiles].
func (UnsubscribeProfiles) Operation() *klaviyo.Operation {
	return klaviyo.OperationUnsubscribeProfiles
}

// Body returns the Query.
func (r CreateProfile) Body() any { return r.Query }

// Body returns the Query.
func (r CreateEvent) Body() any { return r.Query }

// Body returns the Query.
func (r SubscribeProfiles) Body() any { return r.Query }

// Body returns the Query.
func (r UnsubscribeProfiles) Body() any { return r.Query }

// AppendBody appends the Query as JSON.
func (r CreateProfile) AppendBody(dst []byte) []byte {
	return r.Query.AppendJSON(slices.Grow(dst, len(r.Query.Data.Attributes.Properties)))
}

// AppendBody appends the Query as JSON.
func (r CreateEvent) AppendBody(dst []byte) []byte {
	a := &r.Query.Data.Attributes
	return r.Query.AppendJSON(slices.Grow(dst, len(a.Properties)+len(a.Profile.Properties)))
}

// AppendBody appends the Query as JSON.
func (r SubscribeProfiles) AppendBody(dst []byte) []byte { return r.Query.AppendJSON(dst) }

// AppendBody appends the Query as JSON.
func (r UnsubscribeProfiles) AppendBody(dst []byte) []byte { return r.Query.AppendJSON(dst) }

// Warning says that something of the event could not be used where it belongs.
type Warning struct {
	// Code is the kind of fault, for programs.
	Code Code `json:"code"`
	// Field is the dotted path of the value in the event. A name of over 1,000 bytes is
	// cut in it, and ends in an ellipsis.
	Field string `json:"field"`
	// Message says what is wrong and what to do. It names fields and never quotes values.
	Message string `json:"message"`
}

// Error says why an event can't be sent.
type Error struct {
	// Code is the kind of fault, for programs.
	Code Code `json:"code"`
	// Field is the dotted path of the value at fault in the event; for a limit
	// of the API it is a JSON Pointer. It is empty if the whole event is at fault. A name
	// of over 1,000 bytes is cut in it, and ends in an ellipsis.
	Field string `json:"field"`
	// Message says what is wrong and what to do. It names fields and never quotes values.
	Message string `json:"message"`
}

// Error is the code, the field and the message.
func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Code) + ": " + e.Message
	}
	return string(e.Code) + ": " + e.Field + ": " + e.Message
}
