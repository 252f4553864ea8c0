package klaviyotest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Profile is a profile as the account holds it.
type Profile struct {
	// Profile is what get_profile answers. Numbers in the custom properties are
	// written as they came.
	klaviyo.Profile
	// Lists are the ids of the lists that the profile is on.
	Lists []string
}

// Profiles gives the profiles in the order of their creation.
func (k *Klaviyo) Profiles() []Profile {
	k.mu.Lock()
	defer k.mu.Unlock()
	found := make([]Profile, len(k.account.profiles.ordered))
	for i, p := range k.account.profiles.ordered {
		found[i] = k.account.recorded(p)
	}
	return found
}

// Profile gives the profile with an email address, a phone number, an external
// id or a profile id, and whether there is one.
func (k *Klaviyo) Profile(identifier string) (Profile, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.account.profiles.byID[identifier]
	for _, field := range identifierFields {
		if p == nil {
			p = k.account.profiles.byIdentifier[newIdentifier(field, identifier)]
		}
	}
	if p == nil {
		return Profile{}, false
	}
	return k.account.recorded(p), true
}

// DeleteProfile deletes the profile with an id, as somebody at Klaviyo does by
// deleting or merging it. Its events stay. It tells whether there was one.
func (k *Klaviyo) DeleteProfile(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.account.profiles.byID[id]
	if ok {
		k.account.deleteProfile(p, time.Now())
	}
	return ok
}

func (a *account) recorded(p *profile) Profile {
	var recorded Profile
	if err := json.Unmarshal(encode(p.resource("https://a.klaviyo.com")), &recorded.Profile); err != nil {
		panic(fmt.Sprintf("klaviyotest: a profile: %v", err))
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
	email      *klaviyo.EmailMarketing
	sms        *klaviyo.SMSMarketing
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
// stays, and objects change member by member.
func (ps *profiles) change(p *profile, attributes map[string]any, now time.Time) {
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
	ps.ordered = slices.DeleteFunc(ps.ordered, func(other *profile) bool { return other == p })
}

func (a *account) newProfile(attributes map[string]any, now time.Time) *profile {
	p := &profile{
		id:         a.newID("PROFILE"),
		created:    now,
		fields:     make(map[string]any),
		location:   make(map[string]any),
		properties: make(map[string]any),
	}
	a.profiles.byID[p.id] = p
	a.profiles.ordered = append(a.profiles.ordered, p)
	a.profiles.change(p, attributes, now)
	return p
}

// upsert changes the profile that has one of the identifiers among attributes,
// or makes one. It clears no identifier, and merges no profiles: an identifier
// that belongs to yet another profile stays there.
func (a *account) upsert(attributes map[string]any, now time.Time) *profile {
	attributes = maps.Clone(attributes)
	for _, field := range identifierFields {
		if !given(attributes[field]) {
			delete(attributes, field)
		}
	}
	p, _ := a.profiles.find(attributes)
	if p == nil {
		return a.newProfile(attributes, now)
	}
	for {
		other, field := a.profiles.conflict(attributes, p)
		if other == nil {
			break
		}
		delete(attributes, field)
	}
	a.profiles.change(p, attributes, now)
	return p
}

func (a *account) deleteProfile(p *profile, now time.Time) {
	a.profiles.remove(p)
	for _, l := range a.lists {
		l.remove(p, now)
	}
}

// shownFields and shownLocation are the attributes that answers always have.
var (
	shownFields = []string{
		"email", "phone_number", "external_id", "first_name", "last_name", "organization", "title", "image", "last_event_date",
	}
	shownLocation = []string{"address1", "address2", "city", "country", "latitude", "longitude", "region", "zip", "timezone"}
)

// withNull adds a null for each name without a value.
func withNull(values map[string]any, names []string) map[string]any {
	all := maps.Clone(values)
	for _, name := range names {
		if _, ok := all[name]; !ok {
			all[name] = nil
		}
	}
	return all
}

// resource is the profile as Klaviyo shows it.
func (p *profile) resource(base string) resource {
	attributes := withNull(p.fields, shownFields)
	delete(attributes, "anonymous_id")
	attributes["location"] = withNull(p.location, shownLocation)
	attributes["properties"] = p.properties
	attributes["created"] = shownTime(p.created)
	attributes["updated"] = shownTime(p.updated)
	if !p.lastEvent.IsZero() {
		attributes["last_event_date"] = shownTime(p.lastEvent)
	}
	subscriptions := map[string]any{"email": nil, "sms": nil}
	if p.email != nil {
		subscriptions["email"] = klaviyo.EmailChannel{Marketing: *p.email}
	}
	if p.sms != nil {
		subscriptions["sms"] = klaviyo.SMSChannel{Marketing: *p.sms}
	}
	attributes["subscriptions"] = subscriptions
	return resource{
		Type:       "profile",
		ID:         p.id,
		Attributes: attributes,
		Links:      klaviyo.ObjectLinks{Self: base + "/api/profiles/" + p.id + "/"},
	}
}

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

func (a *account) createProfile(c *call) answer {
	if other, _ := a.profiles.find(c.attributes()); other != nil {
		return duplicate(other)
	}
	return document(http.StatusCreated, single{Data: a.newProfile(c.attributes(), c.time).resource(c.base())})
}

func (a *account) updateProfile(c *call) answer {
	if text(object(object(c.value)["data"])["id"]) != c.path["id"] {
		return refuse(invalid("/data/id", "The field is not the id in the path."))
	}
	p, ok := a.profiles.byID[c.path["id"]]
	if !ok {
		return notFound("id")
	}
	if other, _ := a.profiles.conflict(c.attributes(), p); other != nil {
		return duplicate(other)
	}
	a.profiles.change(p, c.attributes(), c.time)
	return document(http.StatusOK, single{Data: p.resource(c.base())})
}

func (a *account) createClientProfile(c *call) answer {
	a.upsert(c.attributes(), c.time)
	return empty(http.StatusAccepted)
}

func (a *account) getProfile(c *call) answer {
	p, ok := a.profiles.byID[c.path["id"]]
	if !ok {
		return notFound("id")
	}
	shaping := c.shaping()
	shown := shaping.resource(c.base(), p, func(name string) []collected {
		var related []collected
		if name == "lists" { // and there are no segments
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

func (a *account) requestProfileDeletion(c *call) answer {
	p, _ := a.profiles.find(c.attributes())
	if id := text(c.attributes()["profile_id"]); id != "" {
		p = a.profiles.byID[id]
	}
	if p != nil {
		a.deleteProfile(p, c.time)
	}
	return empty(http.StatusAccepted)
}
