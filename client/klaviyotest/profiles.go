package klaviyotest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Profile is a profile as the account holds it, whichever revision wrote it.
type Profile struct {
	// ID is the profile's id.
	ID string
	// Attributes are what the profile says.
	Attributes ProfileAttributes
	// FurtherEmails are email addresses beside the one in the attributes, which identify the
	// profile too: those of patch_identifiers.
	FurtherEmails []string
	// Lists are the ids of the lists that the profile is on.
	Lists []string
}

// ProfileAttributes are what a profile says. What it doesn't say is empty.
type ProfileAttributes struct {
	// Email is an identifier, as the other three are: no two profiles share one.
	Email string `json:"email,omitempty"`
	// PhoneNumber is in E.164.
	PhoneNumber string `json:"phone_number,omitempty"`
	// ExternalID is the caller's own id.
	ExternalID string `json:"external_id,omitempty"`
	// AnonymousID is that of a visitor. No answer shows it.
	AnonymousID string `json:"anonymous_id,omitempty"`
	// FirstName is the given name.
	FirstName string `json:"first_name,omitempty"`
	// LastName is the family name.
	LastName string `json:"last_name,omitempty"`
	// Organization is where the person works.
	Organization string `json:"organization,omitempty"`
	// Title is the position there.
	Title string `json:"title,omitempty"`
	// Image is the URL of a picture.
	Image string `json:"image,omitempty"`
	// Locale is the language, such as en-US.
	Locale string `json:"locale,omitempty"`
	// Location is where the person lives.
	Location Location `json:"location,omitzero"`
	// Properties are the custom properties, a JSON object. Numbers are written as they came.
	Properties json.RawMessage `json:"properties"`
	// Created is when the profile was made, in RFC 3339.
	Created runtime.Timestamp `json:"created"`
	// Updated is when a request last changed it.
	Updated runtime.Timestamp `json:"updated"`
	// LastEventDate is the time of the latest event.
	LastEventDate runtime.Timestamp `json:"last_event_date,omitempty"`
	// Consents are what the person says to each channel that was asked about.
	Consents map[Channel]Consent `json:"consents,omitempty"`
}

// Location is where a person lives.
type Location struct {
	// Address1 is the street.
	Address1 string `json:"address1,omitempty"`
	// Address2 is a second line of it.
	Address2 string `json:"address2,omitempty"`
	// City is the town.
	City string `json:"city,omitempty"`
	// Region is the state or the province.
	Region string `json:"region,omitempty"`
	// Country is a name or a code.
	Country string `json:"country,omitempty"`
	// Zip is the postal code.
	Zip string `json:"zip,omitempty"`
	// Timezone is a name such as Europe/Berlin.
	Timezone string `json:"timezone,omitempty"`
	// IP is the address of a device.
	IP string `json:"ip,omitempty"`
	// Latitude is in degrees, a number or a text, as it came.
	Latitude json.RawMessage `json:"latitude,omitempty"`
	// Longitude is the same.
	Longitude json.RawMessage `json:"longitude,omitempty"`
}

// Profiles gives the profiles in the order of their creation.
func (k *Klaviyo) Profiles() []Profile {
	a, unlock := k.now()
	defer unlock()
	found := make([]Profile, len(a.profiles.ordered))
	for i, p := range a.profiles.ordered {
		found[i] = a.recorded(p)
	}
	return found
}

// Profile gives the profile with an email address, a phone number, an external
// id or a profile id, and whether there is one.
func (k *Klaviyo) Profile(identifier string) (Profile, bool) {
	a, unlock := k.now()
	defer unlock()
	p := a.profiles.byID[identifier]
	for _, field := range identifierFields {
		if p == nil {
			p = a.profiles.byIdentifier[newIdentifier(field, identifier)]
		}
	}
	if p == nil {
		return Profile{}, false
	}
	return a.recorded(p), true
}

// DeleteProfile deletes the profile with an id, as somebody at Klaviyo does by
// deleting or merging it. Its events stay. It tells whether there was one.
func (k *Klaviyo) DeleteProfile(id string) bool {
	a, unlock := k.now()
	defer unlock()
	p, ok := a.profiles.byID[id]
	if ok {
		a.deleteProfile(p, time.Now())
	}
	return ok
}

func (a *account) recorded(p *profile) Profile {
	attributes := maps.Clone(p.fields)
	attributes["location"], attributes["properties"] = p.location, p.properties
	recorded := Profile{ID: p.id, FurtherEmails: slices.Clone(p.furtherEmails)}
	if err := json.Unmarshal(encode(attributes), &recorded.Attributes); err != nil {
		panic(fmt.Sprintf("klaviyotest: a profile: %v", err))
	}
	shown := &recorded.Attributes
	shown.Created, shown.Updated, shown.LastEventDate = shownTime(p.created), shownTime(p.updated), p.lastEventDate()
	shown.Consents = make(map[Channel]Consent, len(p.consents))
	for channel, consent := range p.consents {
		shown.Consents[channel] = *consent
	}
	for _, l := range a.listsOf(p) {
		recorded.Lists = append(recorded.Lists, l.id)
	}
	return recorded
}

// profile is one person. Values are those of the requests, as decoded.
type profile struct {
	id         string
	created    time.Time
	updated    time.Time
	lastEvent  time.Time
	fields     map[string]any // by the name of the attribute
	location   map[string]any
	properties map[string]any
	consents   map[Channel]*Consent
	// furtherEmails are identifiers beside the one in fields.
	furtherEmails []string
}

// lastEventDate is the time of the last event, empty where there was none.
func (p *profile) lastEventDate() runtime.Timestamp {
	if p.lastEvent.IsZero() {
		return ""
	}
	return shownTime(p.lastEvent)
}

// identifierFields are the attributes that no two profiles share, the one that
// decides first. anonymous_id is never part of an answer.
var identifierFields = []string{"email", "phone_number", "external_id", "anonymous_id"}

type identifier struct{ field, value string }

// newIdentifier makes email addresses that differ by case the same.
func newIdentifier(field, value string) identifier {
	if field == "email" {
		value = strings.ToLower(value)
	}
	return identifier{field, value}
}

// profiles finds profiles by id and by identifier.
type profiles struct {
	ordered      []*profile // by creation
	byID         map[string]*profile
	byIdentifier map[identifier]*profile
}

func newProfiles() profiles {
	return profiles{byID: make(map[string]*profile), byIdentifier: make(map[identifier]*profile)}
}

// find gives the profile that has one of the identifiers among attributes, and
// the attribute; it may be nil.
func (ps *profiles) find(attributes map[string]any) (*profile, string) {
	return ps.conflict(attributes, nil)
}

// conflict is find among all profiles but one.
func (ps *profiles) conflict(attributes map[string]any, except *profile) (*profile, string) {
	for _, field := range identifierFields {
		if value := text(attributes[field]); value != "" {
			if p := ps.byIdentifier[newIdentifier(field, value)]; p != nil && p != except {
				return p, field
			}
		}
	}
	return nil, ""
}

// change applies the attributes of an update: null clears, what is left out
// stays, and objects change member by member. A further email address of the profile stays
// what it is.
func (ps *profiles) change(p *profile, attributes map[string]any, now time.Time) {
	if slices.ContainsFunc(p.furtherEmails, func(further string) bool { return strings.EqualFold(further, text(attributes["email"])) }) {
		attributes = maps.Clone(attributes)
		delete(attributes, "email")
	}
	for _, field := range identifierFields {
		if value, ok := attributes[field]; ok {
			delete(ps.byIdentifier, newIdentifier(field, text(p.fields[field])))
			if given(value) {
				ps.byIdentifier[newIdentifier(field, text(value))] = p
			}
		}
	}
	fields := maps.Clone(attributes)
	delete(fields, "location")
	delete(fields, "properties")
	merge(p.fields, fields)
	merge(p.location, object(attributes["location"]))
	merge(p.properties, object(attributes["properties"]))
	p.updated = now
}

func merge(into, changes map[string]any) {
	for name, value := range changes {
		if value == nil {
			delete(into, name)
		} else {
			into[name] = value
		}
	}
}

func (ps *profiles) remove(p *profile) {
	delete(ps.byID, p.id)
	for _, field := range identifierFields {
		delete(ps.byIdentifier, newIdentifier(field, text(p.fields[field])))
	}
	for _, further := range p.furtherEmails {
		delete(ps.byIdentifier, newIdentifier("email", further))
	}
	ps.ordered = slices.DeleteFunc(ps.ordered, func(other *profile) bool { return other == p })
}

func (a *account) newProfile(attributes map[string]any, now time.Time) *profile {
	p := &profile{
		id:         a.newID("PROFILE"),
		created:    now,
		fields:     make(map[string]any),
		location:   make(map[string]any),
		properties: make(map[string]any),
		consents:   make(map[Channel]*Consent),
	}
	a.profiles.byID[p.id] = p
	a.profiles.ordered = append(a.profiles.ordered, p)
	a.profiles.change(p, attributes, now)
	return p
}

func (a *account) deleteProfile(p *profile, now time.Time) {
	a.profiles.remove(p)
	for _, l := range a.lists {
		l.remove(p, now)
	}
}

// only gives the values with names, and null where there is none.
func only(values map[string]any, names ...string) map[string]any {
	some := make(map[string]any, len(names))
	for _, name := range names {
		some[name] = values[name]
	}
	return some
}

// shownAttributes are those that every revision shows, with fields of the person.
func (p *profile) shownAttributes(fields ...string) map[string]any {
	attributes := only(p.fields, fields...)
	attributes["properties"] = p.properties
	attributes["created"], attributes["updated"] = shownTime(p.created), shownTime(p.updated)
	attributes["last_event_date"] = nil
	if !p.lastEvent.IsZero() {
		attributes["last_event_date"] = shownTime(p.lastEvent)
	}
	return attributes
}

func (p *profile) shown(c *call) resource { return c.revision.shows.profile(c, p) }

// field is what a filter or an order compares.
func (p *profile) field(name string) any {
	switch name {
	case "id":
		return p.id
	case "created":
		return p.created
	case "updated":
		return p.updated
	}
	return text(p.fields[name])
}

// duplicate refuses identifiers that another profile has. It doesn't say which.
func duplicate(other *profile) answer {
	return refuse(refusal{
		status:      http.StatusConflict,
		detail:      "Another profile has one of these identifiers.",
		pointer:     "/data/attributes",
		duplicateOf: other.id,
	})
}

func notFound(parameter string) answer {
	return refuse(refusal{status: http.StatusNotFound, parameter: parameter, detail: "There is none with this id."})
}

// refusedPhones refuses a call for the phone numbers in it that the account refuses, unless
// it is taken without them.
func (a *account) refusedPhones(c *call) []refusal {
	if a.refusesPhone == nil || c.served().partly {
		return nil
	}
	accepted := func(at string, v any) []refusal {
		if !a.refusesPhone(text(v)) {
			return nil
		}
		return []refusal{invalid(at, "The account doesn't take this phone number.")}
	}
	var refusals []refusal
	for _, r := range c.served().rules {
		if strings.Contains(r.at, "phone_number") {
			refusals = append(refusals, rule{r.at, accepted}.apply("", strings.Split(r.at, "/")[1:], c.value)...)
		}
	}
	return refusals
}

// withoutRefusedPhone leaves out a phone number that the account refuses, and tells
// whether it did.
func (a *account) withoutRefusedPhone(attributes map[string]any) (map[string]any, bool) {
	phone := text(attributes["phone_number"])
	if a.refusesPhone == nil || phone == "" || !a.refusesPhone(phone) {
		return attributes, false
	}
	attributes = maps.Clone(attributes)
	delete(attributes, "phone_number")
	return attributes, true
}

// written answers with a profile that a call wrote, in part only where its phone number
// was refused.
func written(c *call, status int, p *profile, partly bool) answer {
	a := document(status, single{Data: c.shaping().resource(p, nil)})
	if partly {
		a.header.Set("X-Klaviyo-Partial-Failure", "phone_number")
	}
	return a
}

func (a *account) createProfile(c *call) answer {
	attributes, partly := a.withoutRefusedPhone(c.attributes())
	if other, _ := a.profiles.find(attributes); other != nil {
		return duplicate(other)
	}
	return written(c, http.StatusCreated, a.newProfile(attributes, c.time), partly)
}

func (a *account) updateProfile(c *call) answer {
	id, parameter := c.pathID()
	if text(c.data()["id"]) != id {
		return refuse(invalid("/data/id", "The field is not the id in the path."))
	}
	p, ok := a.profiles.byID[id]
	if !ok {
		return notFound(parameter)
	}
	attributes, partly := a.withoutRefusedPhone(c.attributes())
	meta := object(c.data()["meta"])
	if other, _ := a.profiles.conflict(attributes, p); other != nil {
		return duplicate(other)
	}
	if other := a.profiles.conflictOfPatch(meta, p); other != nil {
		return duplicate(other)
	}
	a.profiles.change(p, attributes, c.time)
	a.profiles.patch(p, meta)
	return written(c, http.StatusOK, p, partly)
}

func (a *account) getProfile(c *call) answer {
	id, parameter := c.pathID()
	p, ok := a.profiles.byID[id]
	if !ok {
		return notFound(parameter)
	}
	shaping := c.shaping()
	shown := shaping.resource(p, func(name string) []collected {
		var related []collected
		if name == "lists" { // and there are no segments, push tokens or conversations
			for _, l := range a.listsOf(p) {
				related = append(related, l)
			}
		}
		return related
	})
	return document(http.StatusOK, single{shown, shaping.included})
}

func (a *account) getProfiles(c *call) answer {
	return answerPage(c, a.profiles.ordered, 20, nil)
}
