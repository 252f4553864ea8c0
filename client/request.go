package client

import (
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Request is a request for [Client.Send]. The requests of package mapper implement it.
type Request interface {
	// Operation returns the operation to call.
	Operation() *runtime.Operation
	// Body returns the body, of the operation's generated type.
	Body() any
}

// NewRequest returns a request of an operation with a body, such as
// klaviyo.OperationCreateProfile with the result of klaviyo.NewCreateProfileBody.
func NewRequest(op *runtime.Operation, body any) Request { return simpleRequest{op, body} }

type simpleRequest struct {
	operation *runtime.Operation
	body      any
}

func (r simpleRequest) Operation() *runtime.Operation { return r.operation }
func (r simpleRequest) Body() any                     { return r.body }

// Response is the result of a request that succeeded.
type Response struct {
	// Operation is the operation that succeeded: update_profile if create_profile found an
	// existing profile.
	Operation *runtime.Operation
	// StatusCode is the status, 2XX. 202 means that the request was validated and queued.
	StatusCode int
	// RequestID identifies the last call in Klaviyo's logs. It is empty if the response has
	// no id.
	RequestID string
	// ProfileID is the id of the profile that was created or updated.
	ProfileID string
	// Attempts is the number of times that a request was sent. RateLimited is how many of
	// them got a 429 response.
	Attempts, RateLimited int
	// Warnings are the parts of the request that Klaviyo didn't accept.
	Warnings []Warning

	// dropped are the fields that Klaviyo dropped, according to the response.
	dropped []string
}

// Warning reports a part of a request that was omitted so that Klaviyo accepts the rest.
type Warning struct {
	// Code is [WarningInvalidPhone], [WarningInvalidEmail] or [WarningIdentifierConflict].
	Code string
	// Message describes what was omitted. It names fields, but contains no values.
	Message string
}

// Codes of warnings.
const (
	// WarningInvalidPhone means that Klaviyo rejected the phone number.
	WarningInvalidPhone = "invalid_phone"
	// WarningInvalidEmail means that Klaviyo rejected the email address.
	WarningInvalidEmail = "invalid_email"
	// WarningIdentifierConflict means that an identifier belongs to another profile.
	WarningIdentifierConflict = "identifier_conflict"
)
