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

// Profile is a profile of the account. It doesn't depend on the revision that wrote it.
type Profile struct {
	// ID is the profile's id.
	ID string
	// Attributes are the attributes of the profile.
	Attributes ProfileAttributes
	// FurtherEmails are additional email addresses that identify the profile, from
	// patch_identifiers.
	FurtherEmails []string
	// Lists are the ids of the lists that the profile is on.
	Lists []string
}

// ProfileAttributes are the attributes of a profile. Unset ones are empty.
type ProfileAttributes struct {
	// Email is an identifier, like the next three: it is unique among profiles.
	Email string `json:"email,omitempty"`
	// PhoneNumber is in E.164 format.
	PhoneNumber string `json:"phone_number,omitempty"`
	// ExternalID is the id in another system.
	ExternalID string `json:"external_id,omitempty"`
	// AnonymousID identifies a visitor. It isn't in responses.
	AnonymousID string `json:"anonymous_id,omitempty"`
	// FirstName is the given name.
	FirstName string `json:"first_name,omitempty"`
	// LastName is the family name.
	LastName string `json:"last_name,omitempty"`
	// Organization is the employer.
	Organization string `json:"organization,omitempty"`
	// Title is the job title.
	Title string `json:"title,omitempty"`
	// Image is the URL of a picture.
	Image string `json:"image,omitempty"`
	// Locale is the language, such as en-US.
	Locale string `json:"locale,omitempty"`
	// Location is where the person lives.
	Location Location `json:"location,omitzero"`
	// Properties is the JSON object of custom properties. Numbers have the digits of the
	// request.
	Properties json.RawMessage `json:"properties"`
	// Created is when the profile was created, in RFC 3339.
	Created runtime.Timestamp `json:"created"`
	// Updated is when a request last updated it.
	Updated runtime.Timestamp `json:"updated"`
	// LastEventDate is the time of the latest event.
	LastEventDate runtime.Timestamp `json:"last_event_date,omitempty"`
	// Consents are the consents by channel. Channels that were never mentioned are absent.
	Consents map[Channel]Consent `json:"consents,omitempty"`
}

// Location is the address of a person.
type Location struct {
	// Address1 is the street.
	Address1 string `json:"address1,omitempty"`
	// Address2 is the second line.
	Address2 string `json:"address2,omitempty"`
	// City is the city.
	City string `json:"city,omitempty"`
	// Region is the state or province.
	Region string `json:"region,omitempty"`
	// Country is a name or a code.
	Country string `json:"country,omitempty"`
	// Zip is the postal code.
	Zip string `json:"zip,omitempty"`
	// Timezone is a name such as Europe/Berlin.
	Timezone string `json:"timezone,omitempty"`
	// IP is the IP address of a device.
	IP string `json:"ip,omitempty"`
	// Latitude is in degrees, a JSON number or string as in the request.
	Latitude json.RawMessage `json:"latitude,omitempty"`
	// Longitude is in degrees, a JSON number or string as in the request.
	Longitude json.RawMessage `json:"longitude,omitempty"`
}

// Profiles returns the profiles in order of creation.
func (k *Klaviyo) Profiles() []Profile {
	a, unlock := k.lockedAccount()
	defer unlock()
	found := make([]Profile, len(a.profiles.ordered))
	for i, p := range a.profiles.ordered {
		found[i] = a.exported(p)
	}
	return found
}

// Profile returns the profile with an email address, phone number, external id or profile id,
// and whether there is one.
func (k *Klaviyo) Profile(identifier string) (Profile, bool) {
	a, unlock := k.lockedAccount()
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
	return a.exported(p), true
}

// DeleteProfile deletes the profile with the id, as if it were deleted or merged at Klaviyo.
// Its events stay. It reports whether the profile existed.
func (k *Klaviyo) DeleteProfile(id string) bool {
	a, unlock := k.lockedAccount()
	defer unlock()
	p, ok := a.profiles.byID[id]
	if ok {
		a.deleteProfile(p, time.Now())
	}
	return ok
}

func (a *account) exported(p *profile) Profile {
	attributes := maps.Clone(p.fields)
	attributes["location"], attributes["properties"] = p.location, p.properties
	exported := Profile{ID: p.id, FurtherEmails: slices.Clone(p.furtherEmails)}
	if err := json.Unmarshal(encode(attributes), &exported.Attributes); err != nil {
		panic(fmt.Sprintf("klaviyotest: a profile: %v", err))
	}
	shown := &exported.Attributes
	shown.Created, shown.Updated, shown.LastEventDate = formatTime(p.created), formatTime(p.updated), p.lastEventDate()
	shown.Consents = make(map[Channel]Consent, len(p.consents))
	for channel, consent := range p.consents {
		shown.Consents[channel] = *consent
	}
	for _, l := range a.listsOf(p) {
		exported.Lists = append(exported.Lists, l.id)
	}
	return exported
}

// A profile is one person. Values are as decoded from requests.
type profile struct {
	id         string
	created    time.Time
	updated    time.Time
	lastEvent  time.Time
	fields     map[string]any // by attribute name
	location   map[string]any
	properties map[string]any
	consents   map[Channel]*Consent
	// furtherEmails are additional identifiers besides the email in fields.
	furtherEmails []string
}

// lastEventDate returns the time of the last event, or "".
func (p *profile) lastEventDate() runtime.Timestamp {
	if p.lastEvent.IsZero() {
		return ""
	}
	return formatTime(p.lastEvent)
}

// identifierFields are the attributes that are unique among profiles, in order of precedence.
// anonymous_id is never in a response.
var identifierFields = []string{"email", "phone_number", "external_id", "anonymous_id"}

type identifier struct{ field, value string }

// newIdentifier returns an identifier for comparison. Email addresses are case-insensitive.
func newIdentifier(field, value string) identifier {
	if field == "email" {
		value = strings.ToLower(value)
	}
	return identifier{field, value}
}

// profiles indexes the profiles by id and by identifier.
type profiles struct {
	ordered      []*profile // in order of creation
	byID         map[string]*profile
	byIdentifier map[identifier]*profile
}

func newProfiles() profiles {
	return profiles{byID: make(map[string]*profile), byIdentifier: make(map[identifier]*profile)}
}

// find returns the profile that has one of the identifiers in attributes, and the name of the
// attribute, or nil.
func (ps *profiles) find(attributes map[string]any) (*profile, string) {
	return ps.conflict(attributes, nil)
}

// conflict is like find, but ignores the profile except.
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

// update applies attributes: null clears a field, omitted fields stay unchanged, and objects
// are merged. The email isn't changed to one of the profile's additional addresses.
func (ps *profiles) update(p *profile, attributes map[string]any, now time.Time) {
	if slices.ContainsFunc(p.furtherEmails, func(further string) bool { return strings.EqualFold(further, text(attributes["email"])) }) {
		attributes = maps.Clone(attributes)
		delete(attributes, "email")
	}
	for _, field := range identifierFields {
		if value, ok := attributes[field]; ok {
			delete(ps.byIdentifier, newIdentifier(field, text(p.fields[field])))
			if isSet(value) {
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
	a.profiles.update(p, attributes, now)
	return p
}

func (a *account) deleteProfile(p *profile, now time.Time) {
	a.profiles.remove(p)
	for _, l := range a.lists {
		l.remove(p, now)
	}
}

// pickValues returns the values with the names. Missing ones are null.
func pickValues(values map[string]any, names ...string) map[string]any {
	picked := make(map[string]any, len(names))
	for _, name := range names {
		picked[name] = values[name]
	}
	return picked
}

// commonAttributes returns the attributes that all revisions have, and the given fields.
func (p *profile) commonAttributes(fields ...string) map[string]any {
	attributes := pickValues(p.fields, fields...)
	attributes["properties"] = p.properties
	attributes["created"], attributes["updated"] = formatTime(p.created), formatTime(p.updated)
	attributes["last_event_date"] = nil
	if !p.lastEvent.IsZero() {
		attributes["last_event_date"] = formatTime(p.lastEvent)
	}
	return attributes
}

func (p *profile) toResource(c *call) resource { return c.revision.resources.profile(c, p) }

// field returns the value that filters and sort compare.
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

// duplicateProfile returns the response for identifiers that belong to another profile. It
// doesn't say which identifiers.
func duplicateProfile(other *profile) response {
	return errorResponse(requestError{
		status:      http.StatusConflict,
		detail:      "Another profile has one of these identifiers.",
		pointer:     "/data/attributes",
		duplicateOf: other.id,
	})
}

func notFound(parameter string) response {
	return errorResponse(requestError{status: http.StatusNotFound, parameter: parameter, detail: "No resource has this id."})
}

// rejectedPhones returns errors for the phone numbers in a call that the account rejects,
// unless the operation supports partial success.
func (a *account) rejectedPhones(c *call) []requestError {
	if a.rejectsPhone == nil || c.operationSpec().partialSuccess {
		return nil
	}
	accepted := func(at string, v any) []requestError {
		if !a.rejectsPhone(text(v)) {
			return nil
		}
		return []requestError{invalidField(at, "The account rejects this phone number.")}
	}
	var errs []requestError
	for _, r := range c.operationSpec().rules {
		if strings.Contains(r.at, "phone_number") {
			errs = append(errs, rule{r.at, accepted}.apply("", strings.Split(r.at, "/")[1:], c.value)...)
		}
	}
	return errs
}

// withoutRejectedPhone removes a phone number that the account rejects, and reports whether it
// did.
func (a *account) withoutRejectedPhone(attributes map[string]any) (map[string]any, bool) {
	phone := text(attributes["phone_number"])
	if a.rejectsPhone == nil || phone == "" || !a.rejectsPhone(phone) {
		return attributes, false
	}
	attributes = maps.Clone(attributes)
	delete(attributes, "phone_number")
	return attributes, true
}

// profileResponse returns the response for a profile that was created or updated. partial means
// that its phone number was rejected.
func profileResponse(c *call, status int, p *profile, partial bool) response {
	a := jsonResponse(status, resourceDocument{Data: c.fieldsets().resource(p, nil)})
	if partial {
		a.header.Set("X-Klaviyo-Partial-Failure", "phone_number")
	}
	return a
}

func (a *account) createProfile(c *call) response {
	attributes, partly := a.withoutRejectedPhone(c.attributes())
	if other, _ := a.profiles.find(attributes); other != nil {
		return duplicateProfile(other)
	}
	return profileResponse(c, http.StatusCreated, a.newProfile(attributes, c.time), partly)
}

func (a *account) updateProfile(c *call) response {
	id, parameter := c.pathID()
	if text(c.data()["id"]) != id {
		return errorResponse(invalidField("/data/id", "The field is not the id in the path."))
	}
	p, ok := a.profiles.byID[id]
	if !ok {
		return notFound(parameter)
	}
	attributes, partly := a.withoutRejectedPhone(c.attributes())
	meta := object(c.data()["meta"])
	if other, _ := a.profiles.conflict(attributes, p); other != nil {
		return duplicateProfile(other)
	}
	if other := a.profiles.metaConflict(meta, p); other != nil {
		return duplicateProfile(other)
	}
	a.profiles.update(p, attributes, c.time)
	a.profiles.applyMeta(p, meta)
	return profileResponse(c, http.StatusOK, p, partly)
}

func (a *account) getProfile(c *call) response {
	id, parameter := c.pathID()
	p, ok := a.profiles.byID[id]
	if !ok {
		return notFound(parameter)
	}
	shaping := c.fieldsets()
	shown := shaping.resource(p, func(name string) []collectionItem {
		var related []collectionItem
		if name == "lists" { // segments, push tokens and conversations aren't supported
			for _, l := range a.listsOf(p) {
				related = append(related, l)
			}
		}
		return related
	})
	return jsonResponse(http.StatusOK, resourceDocument{shown, shaping.included})
}

func (a *account) getProfiles(c *call) response {
	return pageResponse(c, a.profiles.ordered, 20, nil)
}
