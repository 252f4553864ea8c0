package mapper

import "github.com/rudderklaviyo/rudderklaviyo/generated/runtime"

// The types in this file describe what an event means, independently of the API revision.
// The rules produce them, and the revision's file turns them into requests.

// field is a typed field of a profile: text, null to clear the field, or unset.
type field = runtime.Nullable[string]

// profile is what an event says about a person.
type profile struct {
	Identity
	anonymousID string

	firstName, lastName, title, organization, image field

	location location
	// consent lists the channels that the person consented to; nil if the event doesn't
	// say.
	consent []string
	// custom is the JSON object of the custom properties, or nil if there are none.
	custom []byte
	patch  patch
}

// location is where a person is.
type location struct {
	address1, address2, city, country, region, timezone, zip field
	// latitude and longitude are numbers, null to clear them, or empty.
	latitude, longitude value

	ip string
}

// patch describes changes to existing custom properties of a profile.
type patch struct {
	// append and unappend are JSON objects with the values to add to lists and to remove
	// from them, or nil.
	append, unappend []byte
	// unset lists the names of the custom properties to remove.
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
	backfill   bool // historical: it starts no flow
}

// subscription subscribes or unsubscribes a person.
type subscription struct {
	Identity
	listID     string
	email, sms bool // the channels
	// consentedAt is when consent was given in a historical import, in RFC 3339; empty
	// otherwise.
	consentedAt string
}

// merge merges one profile into another. Both are Klaviyo profile ids.
type merge struct{ from, into string }
