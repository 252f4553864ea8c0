package mapper

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
	// KlaviyoID is Klaviyo's own id of the profile, where the revision has a place for it.
	KlaviyoID string
	// MergedID is Klaviyo's own id of a profile that an alias merges into KlaviyoID's.
	MergedID string
}

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
	// Field is the dotted path of the value at fault in the event, such as
	// properties.items[3].price. It is empty if the whole event is at fault. A name
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
