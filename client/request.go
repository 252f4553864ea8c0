package client

import (
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Request is what [Client.Send] takes. The requests of package mapper are such.
type Request interface {
	// Operation is the call to make.
	Operation() *runtime.Operation
	// Body is the body of the call, of the operation's generated type.
	Body() any
}

// NewRequest makes a request of an operation and its body, such as
// klaviyo.OperationCreateProfile and what klaviyo.NewCreateProfileBody makes.
func NewRequest(op *runtime.Operation, body any) Request { return newRequest{op, body} }

type newRequest struct {
	operation *runtime.Operation
	body      any
}

func (r newRequest) Operation() *runtime.Operation { return r.operation }
func (r newRequest) Body() any                     { return r.body }

// Response is what became of a request.
type Response struct {
	// Operation is the call that did it: update_profile for a create_profile that
	// met an existing profile.
	Operation *runtime.Operation
	// StatusCode is 2XX. 202 means: validated and queued.
	StatusCode int
	// RequestID names the last call in Klaviyo's logs, if the answer has an id.
	RequestID string
	// ProfileID is the id of the profile created or updated.
	ProfileID string
	// Attempts is the number of times a request was sent, RateLimited the number
	// of 429 answers among them.
	Attempts, RateLimited int
	// Warnings tell what Klaviyo didn't take as it was meant.
	Warnings []Warning

	// dropped are the fields that the answer says Klaviyo didn't take.
	dropped []string
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
