package mapper

import (
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// profileField is a typed field of a profile, and where it comes from.
type profileField struct {
	name    string // in a profile; an event's profile has $ and the last part of it
	from    rule
	trim    bool
	profile func(*attributes) *field
	event   func(*special) *field
}

type (
	attributes = klaviyo.ProfileCreateAttributes
	special    = klaviyo.EventProfile
	field      = klaviyo.Nullable[string]
)

// profileFields are the typed fields of a profile and of the profile inside an
// event, but for the identifiers.
var profileFields = []profileField{
	{"first_name", newRule("first_name", "{T,C}.{firstName,firstname,first_name}"), true,
		func(a *attributes) *field { return &a.FirstName }, func(s *special) *field { return &s.FirstName }},
	{"last_name", newRule("last_name", "{T,C}.{lastName,lastname,last_name}"), true,
		func(a *attributes) *field { return &a.LastName }, func(s *special) *field { return &s.LastName }},
	{"title", newRule("title", "{T,C,P}.title"), false,
		func(a *attributes) *field { return &a.Title }, func(s *special) *field { return &s.Title }},
	{"organization", newRule("organization", "{T,C,P}.organization"), false,
		func(a *attributes) *field { return &a.Organization }, func(s *special) *field { return &s.Organization }},
	{"image", newRule("image", "{T,C,P}.image {T,C}.avatar"), false,
		func(a *attributes) *field { return &a.Image }, func(s *special) *field { return &s.Image }},
	{"location.timezone", newRule("location.timezone", "{T,C,P}.timezone context.timezone"), false,
		func(a *attributes) *field { return &a.Location.Timezone }, func(s *special) *field { return &s.Timezone }},
	{"location.city", newRule("location.city", "{T,T.address,C,C.address,P}.city"), false,
		func(a *attributes) *field { return &a.Location.City }, func(s *special) *field { return &s.City }},
	{"location.country", newRule("location.country", "{T,T.address,C,C.address,P}.country"), false,
		func(a *attributes) *field { return &a.Location.Country }, func(s *special) *field { return &s.Country }},
	{"location.region", newRule("location.region", "{T,T.address,C,C.address,P}.region {T,T.address,C,C.address,P}.state"), false,
		func(a *attributes) *field { return &a.Location.Region }, func(s *special) *field { return &s.Region }},
	{"location.zip", newRule("location.zip", "{T,T.address,C,C.address,P}.{zip,postalcode,postalCode}"), false,
		func(a *attributes) *field { return &a.Location.Zip }, func(s *special) *field { return &s.Zip }},
	{"location.address1", newRule("location.address1", "{T,T.address,C,C.address,P}.street"), false,
		func(a *attributes) *field { return &a.Location.Address1 }, func(s *special) *field { return &s.Address1 }},
}

// specialName is the field's name in an event's profile.
func (f profileField) specialName() string {
	return "$" + f.name[strings.LastIndexByte(f.name, '.')+1:]
}

// leftOut are the traits that are mapped to typed fields, and those that are no
// data of the person. Others that are mapped (street, address, state, postalcode,
// postalCode, avatar) stay custom properties too, for people segment on them.
var leftOut = newWordSet(
	"email", "phone", "id", "userId", "anonymousId",
	"firstName", "firstname", "first_name", "lastName", "lastname", "last_name",
	"title", "organization", "image", "timezone",
	"city", "region", "country", "zip",
	"properties",
)

// read gives the field's value: a text, null where SendNulls clears the field, or
// nothing.
func (m *mapping) read(f *profileField) field {
	found, ok := m.firstText(&f.from)
	switch {
	case ok && f.trim:
		return klaviyo.Set(strings.TrimSpace(found.text))
	case ok:
		return klaviyo.Set(found.text)
	case found.null != nil && m.cfg.SendNulls:
		m.took(&f.from, found.null.text)
		return klaviyo.Null[string]()
	}
	return field{}
}

// createProfile builds the request of an identify.
func (m *mapping) createProfile(p person) CreateProfile {
	a := &m.profile
	*a = attributes{Email: p.Email, PhoneNumber: p.PhoneNumber, ExternalID: p.ExternalID}
	for i := range profileFields {
		f := &profileFields[i]
		*f.profile(a) = m.read(f)
	}
	custom := m.customTraits()
	for _, u := range m.unused {
		// An identify sends none of its properties, but what they failed to give stays.
		if u.path.root == rootProperties {
			custom = m.addUnused(custom, u)
		}
	}
	custom = m.withUserID(custom, p)
	if custom = m.flatten(custom, maxTraits, maxProfileSize, (*mapping).traitPath); len(custom) > 0 {
		a.Properties = m.customJSON(custom, maxProfileSize, profileTooLarge)
	}
	return CreateProfile{klaviyo.NewCreateProfileBody(*a)}
}

// customJSON writes the custom properties of a profile, which have limit bytes at most.
func (m *mapping) customJSON(custom object, limit int, tooLarge func() *Error) []byte {
	if len(custom) > maxTraits {
		m.breaks(limitError(CodeTooLarge, "", "a profile has %d custom properties at most", maxTraits))
		return nil
	}
	return m.json(custom, limit, tooLarge)
}

// json writes an object that has limit bytes at most.
func (m *mapping) json(o object, limit int, tooLarge func() *Error) []byte {
	raw, ok := o.json(limit)
	if !ok {
		m.breaks(tooLarge())
	}
	return raw
}

// customTraits are the traits without a typed field, T over C key by key, and the
// values that could not be used in one.
func (m *mapping) customTraits() object {
	for _, r := range []root{rootTraits, rootContextTraits} {
		if m.crowded[r] {
			m.breaks(limitError(CodeTooLarge, pointerTo(r.path()), "%d traits are the most that a profile has room for", maxTraits))
			return nil
		}
	}
	traits, contextTraits := m.parts[rootTraits], m.parts[rootContextTraits]
	custom := slices.Grow(m.custom[:0], len(traits)+len(contextTraits))
	m.names.reset()
	if traits.namesSize()+contextTraits.namesSize() > maxTraitNames {
		m.breaks(limitError(CodeTooLarge, "", "the names of traits have %d bytes at most", maxTraitNames))
		return nil
	}
	for i := range traits {
		if trait := &traits[i]; m.isCustom(rootTraits, trait) {
			if len(contextTraits) > 0 {
				m.names.add(trait.name(), trait.hash)
			}
			custom = m.addTrait(custom, rootTraits, trait)
		}
	}
	for i := range contextTraits {
		trait := &contextTraits[i]
		if m.isCustom(rootContextTraits, trait) && !m.names.has(trait.name(), trait.hash) {
			custom = m.addTrait(custom, rootContextTraits, trait)
		}
	}
	for _, u := range m.unused {
		if u.path.root == rootEvent {
			custom = m.addUnused(custom, u)
		}
	}
	m.custom = custom // its memory serves the next event
	return custom
}

// isCustom says that a trait has no typed field, or could not be used in it.
func (m *mapping) isCustom(r root, trait *member) bool {
	return !leftOut[trait.word] || m.isUnused(r, trait.word)
}

// addTrait adds a trait, but for a null that isn't to be sent.
func (m *mapping) addTrait(custom object, r root, trait *member) object {
	if trait.value.isNull() && !m.cfg.SendNulls {
		return custom
	}
	if m.trace != nil {
		why := WhyCustom
		if m.isUnused(r, trait.word) {
			why = WhyUnusable
		}
		m.keptTrait(trait.name(), r.path()+"."+string(trait.name()), why)
	}
	return append(custom, *trait)
}

// withUserID keeps the user id as the custom property _id where it doesn't
// identify the person.
func (m *mapping) withUserID(custom object, p person) object {
	if !m.cfg.EnforceEmailAsPrimary || p.userID == nil {
		return custom
	}
	id := newMember("_id", p.userID)
	if m.trace != nil {
		m.trace.profile["_id"] = origin{p.externalIDPath, WhyUserID}
	}
	if i := custom.index("_id"); i >= 0 {
		m.warnCollision(m.traitPath([]byte("_id")), "_id is the user id under enforceEmailAsPrimary")
		custom[i] = id
		return custom
	}
	return append(custom, id)
}

// traitPath is the place of a custom trait, which is in T or, failing that, in C.
// customTraits took down the names of those in T if there are any in C.
func (m *mapping) traitPath(name []byte) string {
	if len(m.parts[rootContextTraits]) == 0 || m.names.has(name, hashName(name)) {
		return "traits." + shown(name)
	}
	return "context.traits." + shown(name)
}

func (m *mapping) warnCollision(field, why string) {
	if m.trace != nil {
		delete(m.trace.used, field)
		m.trace.lost[field] = true
	}
	m.warn(CodeNameCollision, field, "dropped, for its name is taken: "+why)
}

// addUnused adds a value that could not be used, unless there is one of its name.
func (m *mapping) addUnused(custom object, u unusedValue) object {
	name := u.path.name()
	if custom.index(name) >= 0 {
		return custom
	}
	m.keptTrait([]byte(name), u.path.text, WhyUnusable)
	return append(custom, newMember(name, u.value))
}
