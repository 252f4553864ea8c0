package mapper

import "github.com/rudderklaviyo/rudderklaviyo/generated/runtime"

// The rules find out what an event means, in the words of this file. A revision of the
// API makes requests of that.

// field is a typed field of a profile: a text, null where it is to be cleared, or nothing.
type field = runtime.Nullable[string]

// profile is what an event says of a person.
type profile struct {
	Identity
	anonymousID string

	firstName, lastName, title, organization, image field

	location location
	// consent are the channels that the person is said to have consented to; nil if none
	// is said.
	consent []string
	// custom is the JSON object of the custom properties, or nil if there are none.
	custom []byte
	patch  patch
}

// location is where a person is.
type location struct {
	address1, address2, city, country, region, timezone, zip field
	// latitude and longitude are numbers, null where they are to be cleared, or empty.
	latitude, longitude value

	ip string
}

// patch is what is to be done to custom properties that a profile has.
type patch struct {
	// append and unappend are JSON objects of what is added to lists and taken out of them,
	// or nil.
	append, unappend []byte
	// unset are the names of those to remove.
	unset []string
}

// event is what happened to a person.
type event struct {
	profile
	metric     string
	properties []byte // a JSON object
	value      string // a number, or empty
	currency   string // an ISO 4217 code, or empty
	time       string // in RFC 3339, or empty
	uniqueID   string
	backfill   bool // it starts no flow
}

// subscription is that a person subscribes, or unsubscribes.
type subscription struct {
	Identity
	listID     string
	email, sms bool // the channels
	// consentedAt is when an imported consent was given, in RFC 3339; empty if it is given
	// now.
	consentedAt string
}

// merge is that two profiles are one person's. Both are Klaviyo's own ids.
type merge struct{ from, into string }
