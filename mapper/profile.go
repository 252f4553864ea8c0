package mapper

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// profileField is a typed field of a profile, and where it comes from.
type profileField struct {
	name string // dotted, as Klaviyo has it
	from rule
	trim bool
	of   func(*profile) *field
}

// profileFields are the typed fields of a profile and of the profile inside an
// event, but for the identifiers.
var profileFields = []profileField{
	{"first_name", newRule("first_name", "{T,C}.{firstName,firstname,first_name}"), true,
		func(p *profile) *field { return &p.firstName }},
	{"last_name", newRule("last_name", "{T,C}.{lastName,lastname,last_name}"), true,
		func(p *profile) *field { return &p.lastName }},
	{"title", newRule("title", "{T,C,P}.title"), false,
		func(p *profile) *field { return &p.title }},
	{"organization", newRule("organization", "{T,C,P}.organization"), false,
		func(p *profile) *field { return &p.organization }},
	{"image", newRule("image", "{T,C,P}.image {T,C}.avatar"), false,
		func(p *profile) *field { return &p.image }},
	{"location.timezone", newRule("location.timezone", "{T,C,P}.timezone context.timezone"), false,
		func(p *profile) *field { return &p.location.timezone }},
	{"location.city", newRule("location.city", "{T,T.address,C,C.address,P}.city"), false,
		func(p *profile) *field { return &p.location.city }},
	{"location.country", newRule("location.country", "{T,T.address,C,C.address,P}.country"), false,
		func(p *profile) *field { return &p.location.country }},
	{"location.region", newRule("location.region", "{T,T.address,C,C.address,P}.region {T,T.address,C,C.address,P}.state"), false,
		func(p *profile) *field { return &p.location.region }},
	{"location.zip", newRule("location.zip", "{T,T.address,C,C.address,P}.{zip,postalcode,postalCode}"), false,
		func(p *profile) *field { return &p.location.zip }},
	{"location.address1", newRule("location.address1", "{T,T.address,C,C.address,P}.street"), false,
		func(p *profile) *field { return &p.location.address1 }},
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
		return runtime.Set(strings.TrimSpace(found.text))
	case ok:
		return runtime.Set(found.text)
	case found.null != nil && m.cfg.SendNulls:
		m.took(&f.from, found.null.text)
		return runtime.Null[string]()
	}
	return field{}
}

// readProfile finds out what an identify says of the person.
func (m *mapping) readProfile(who person) *profile {
	p := &m.meant.profile
	*p = profile{Identity: who.Identity}
	m.readFields(p)
	p.location.ip = m.ipAddress()
	custom := m.customTraits()
	for _, u := range m.unused {
		// An identify sends none of its properties, but what they failed to give stays.
		if u.path.root == rootProperties {
			custom = m.addUnused(custom, u)
		}
	}
	m.readCustom(p, custom, who, m.revision.limits.profile, (*mapping).profileTooLarge)
	return p
}

func (m *mapping) readFields(p *profile) {
	for i := range profileFields {
		f := &profileFields[i]
		*f.of(p) = m.read(f)
	}
}

// readCustom makes the custom properties of a profile, which have limit bytes at most.
func (m *mapping) readCustom(p *profile, custom object, who person, limit int, tooLarge func(*mapping) *Error) {
	custom = m.withUserID(m.readPatch(&p.patch, custom), who)
	if custom = m.flatten(custom, maxTraits, limit, (*mapping).traitPath); len(custom) == 0 {
		return
	}
	if len(custom) > maxTraits {
		m.breaks(limitError(CodeTooLarge, "", "a profile has %d custom properties at most", maxTraits))
		return
	}
	p.custom = m.json(custom, limit, tooLarge)
}

// json writes an object that has limit bytes at most.
func (m *mapping) json(o object, limit int, tooLarge func(*mapping) *Error) []byte {
	raw, ok := o.json(limit)
	if !ok {
		m.breaks(tooLarge(m))
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

// ipRule says where the address is that the person's device had on the internet.
var ipRule = newRule("location.ip", "context.ip request_ip")

// ipAddress gives the person's IP address, where the revision has a place for it.
func (m *mapping) ipAddress() string {
	if !m.revision.has.ip {
		return ""
	}
	for _, p := range ipRule.from {
		v, _ := m.lookup(p)
		if !v.isString() || len(v) > maxTyped {
			continue
		}
		text := strings.TrimSpace(v.text())
		if _, err := netip.ParseAddr(text); err != nil {
			continue
		}
		m.took(&ipRule, p.text)
		return text
	}
	return ""
}
