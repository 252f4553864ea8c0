package mapper

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// revision describes how a revision of Klaviyo's API affects the mapping. Each revision has
// its own file, which registers it. The rules don't refer to a revision by name.
type revision struct {
	name string
	// isDefault is true for the revision that is used if Config.Revision is empty.
	isDefault bool
	limits    limits
	supports  features
	// unsubscribeDefault is the default of Config.Unsubscribe.
	unsubscribeDefault bool
	// reserved are the reserved names in the profile of an event.
	reserved *reservedNames

	// These build the requests. merge is nil if has.merge is false.
	profile                func(*profile) Request
	event                  func(*event) Request
	subscribe, unsubscribe func(*subscription) Request
	merge                  func(*merge) Request

	// bodies describe where each field is in the body, by kind of request.
	bodies map[Kind]bodyFields
}

// limits are the API's limits on requests. Sizes are in bytes of UTF-8, lengths in characters.
type limits struct {
	metricName   int // length of a metric's name
	properties   int // of an event
	text         int // size of a string in an event's properties
	elements     int // of a list there
	depth        int // levels of objects and lists there, the properties being the first
	event        int // size of an event's body
	profile      int // size of a profile's body
	eventProfile int // size of the profile inside an event; 0 if there is no limit
	externalID   int // length
	uniqueID     int // length; 0 if there is no limit
	afterYear    int // year after which an event's time must be, in UTC
}

// features are the features that a revision supports.
type features struct {
	klaviyoID           bool // a profile id can identify the person
	anonymousID         bool // in an event's profile
	patch               bool
	ip                  bool
	currency            bool
	backfill            bool // and historical consent
	unsubscribeChannels bool // channels in an unsubscription
	merge               bool
}

// reservedNames maps names with a special meaning to functions that report whether a profile
// has them set.
type reservedNames [maxNames]func(*profile) bool

// newReservedNames adds the names of identifiers, which only the rules for identifiers may set.
func newReservedNames(isSet map[string]func(*profile) bool) *reservedNames {
	var names reservedNames
	for name, set := range isSet {
		names[knownNames.add(name)] = set
	}
	for _, name := range []string{"$email", "$phone_number", "$id"} {
		names[knownNames.add(name)] = func(*profile) bool { return true }
	}
	return &names
}

// revisions are the supported revisions by name.
var revisions = map[string]*revision{}

func register(r *revision) *revision {
	for kind, fields := range r.bodies {
		fields.expanded = fields.containers()
		r.bodies[kind] = fields
	}
	revisions[r.name] = r
	return r
}

// Revisions returns the revisions of Klaviyo's API that [Config.Revision] can select, oldest
// first.
func Revisions() []string { return slices.Sorted(maps.Keys(revisions)) }

// DefaultRevision returns the revision that is used if [Config.Revision] is empty.
func DefaultRevision() string {
	for name, r := range revisions {
		if r.isDefault {
			return name
		}
	}
	return "" // unreachable
}

// revisionOf returns the revision with that name, or the default one if the name is empty.
func revisionOf(name string) (*revision, error) {
	if r := revisions[name]; r != nil {
		return r, nil
	}
	if name == "" {
		return revisions[DefaultRevision()], nil
	}
	return nil, fmt.Errorf("revision must be one of %s", strings.Join(Revisions(), ", "))
}

// revisionsWith lists the revisions that support a feature.
func revisionsWith(has func(features) bool) string {
	var names []string
	for _, name := range Revisions() {
		if has(revisions[name].supports) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
