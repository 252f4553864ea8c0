package mapper

// Result is the result of mapping an event. Requests is empty if the event was skipped or
// could not be mapped.
type Result struct {
	// Type is the event's type in lower case, such as track, or empty if it has none.
	Type string
	// MessageID is the event's messageId, or empty if it has none. It is truncated after
	// 1,000 bytes and then ends in an ellipsis.
	MessageID string
	// Identity is the person the event is about.
	Identity Identity
	// Requests are the requests to send, in this order.
	Requests []Request
	// Warnings are the problems with individual values of the event.
	Warnings []Warning
	// Skipped is the reason why the event was skipped, or empty if it wasn't.
	Skipped SkipReason
}

// Identity holds the identifiers of a person. Unknown identifiers are empty.
type Identity struct {
	// Email is the email address.
	Email string
	// PhoneNumber is the phone number in E.164 format.
	PhoneNumber string
	// ExternalID is the id of the person in the sender's system: RudderStack's userId.
	ExternalID string
	// KlaviyoID is the Klaviyo profile id, if the revision supports it in requests.
	KlaviyoID string
	// MergedID is the Klaviyo profile id of the profile that an alias event merges into
	// the profile with KlaviyoID.
	MergedID string
}

// Warning is a problem with a value of an event that doesn't prevent sending the event.
type Warning struct {
	// Code identifies the kind of problem.
	Code Code `json:"code"`
	// Field is the dotted path of the value in the event. Names in it are truncated after
	// 1,000 bytes and then end in an ellipsis.
	Field string `json:"field"`
	// Message says what is wrong and how to fix it. It names fields and never quotes
	// their values.
	Message string `json:"message"`
}

// Error is the reason why an event can't be sent.
type Error struct {
	// Code identifies the kind of problem.
	Code Code `json:"code"`
	// Field is the dotted path of the invalid value in the event, such as
	// properties.items[3].price. It is empty if the problem is with the whole event. Names in
	// it are truncated after 1,000 bytes and then end in an ellipsis.
	Field string `json:"field"`
	// Message says what is wrong and how to fix it. It names fields and never quotes
	// their values.
	Message string `json:"message"`
}

// Error returns the code, the field and the message.
func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Code) + ": " + e.Message
	}
	return string(e.Code) + ": " + e.Field + ": " + e.Message
}
