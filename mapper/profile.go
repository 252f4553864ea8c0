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
	// isOther says of a text at a path that it means something else; nil if none does.
	isOther func(path, []byte) bool

	inEvent rule // from, without the event's properties
}

// profileFields are the typed fields of a profile and of the profile inside an
// event, but for the identifiers and the coordinates.
var profileFields = withEventRules([]profileField{
	{name: "first_name", from: newRule("first_name", "{T,C}.{firstName,firstname,first_name}"), trim: true,
		of: func(p *profile) *field { return &p.firstName }},
	{name: "last_name", from: newRule("last_name", "{T,C}.{lastName,lastname,last_name}"), trim: true,
		of: func(p *profile) *field { return &p.lastName }},
	{name: "title", from: newRule("title", "{T,C,P}.title"),
		of: func(p *profile) *field { return &p.title }},
	{name: "organization", from: newRule("organization", "T.organization T.company.name T.company C.organization C.company.name C.company P.organization"),
		of: func(p *profile) *field { return &p.organization }},
	{name: "image", from: newRule("image", "{T,C,P}.image {T,C}.avatar"),
		of: func(p *profile) *field { return &p.image }},
	{name: "location.timezone", from: newRule("location.timezone", "{T,C,P}.timezone context.timezone"), isOther: isOffset,
		of: func(p *profile) *field { return &p.location.timezone }},
	{name: "location.city", from: newRule("location.city", "{T,T.address,C,C.address,P}.city"),
		of: func(p *profile) *field { return &p.location.city }},
	{name: "location.country", from: newRule("location.country", countryPaths+" P.country"),
		of: func(p *profile) *field { return &p.location.country }},
	{name: "location.region", from: newRule("location.region", "T.{region,province} T.address.{region,province,state} C.{region,province} C.address.{region,province,state} P.region {T,C,P}.state"), isOther: isAccountState,
		of: func(p *profile) *field { return &p.location.region }},
	{name: "location.zip", from: newRule("location.zip", "{T,T.address,C,C.address,P}.{zip,postalcode,postalCode,postal_code}"),
		of: func(p *profile) *field { return &p.location.zip }},
	{name: "location.address1", from: newRule("location.address1", "{T,T.address,C,C.address}.{street,address1} P.street"),
		of: func(p *profile) *field { return &p.location.address1 }},
	{name: "location.address2", from: newRule("location.address2", "{T,T.address,C,C.address}.address2"),
		of: func(p *profile) *field { return &p.location.address2 }},
})

func withEventRules(fields []profileField) []profileField {
	for i := range fields {
		fields[i].inEvent = fields[i].from.withoutProperties()
	}
	return fields
}

// countryPaths are where the traits have the person's country.
const countryPaths = "T.country T.address.{country,country_code,countryCode} C.country C.address.{country,country_code,countryCode}"

// leftOut are the traits that are mapped to typed fields, and those that are no
// data of the person. Others that are mapped (street, address, state, company, avatar and
// more) stay custom properties too, for people segment on them.
var leftOut = newWordSet(
	"email", "phone", "phone_number", "id", "userId", "external_id", "anonymousId",
	"firstName", "firstname", "first_name", "lastName", "lastname", "last_name",
	"title", "organization", "image", "timezone",
	"city", "region", "country", "zip", "latitude", "longitude",
	"properties",
)

// leftOutOfEvents are those of a profile inside an event, which has no place for coordinates.
var leftOutOfEvents = func() *wordSet {
	set := *leftOut
	set[knownNames.add("latitude")], set[knownNames.add("longitude")] = false, false
	return &set
}()

var wordExternalID = knownNames.add("external_id")

// isAccountState tells of a bare state, which shops have for that of a customer's account.
func isAccountState(p path, text []byte) bool {
	return p.word == wordState && bareStates[p.root] && accountStates[strings.ToLower(trim(string(text)))]
}

var (
	wordState     = knownNames.add("state")
	bareStates    = map[root]bool{rootTraits: true, rootContextTraits: true, rootProperties: true}
	accountStates = map[string]bool{"enabled": true, "disabled": true, "invited": true, "declined": true, "active": true, "inactive": true}
)

// read gives the field's value by a rule of its: a text, null where SendNulls clears the
// field, or nothing.
func (m *mapping) read(f *profileField, from *rule) field {
	found, ok := m.firstTextBut(from, f.isOther)
	switch {
	case ok && f.trim:
		return runtime.Set(trim(found.text))
	case ok:
		return runtime.Set(found.text)
	case found.null != nil && m.cfg.SendNulls:
		m.traceTaken(from, found.null.text)
		return runtime.Null[string]()
	}
	return field{}
}

// readProfile finds out what an identify says of the person.
func (m *mapping) readProfile(who person) *profile {
	p := &m.meant.profile
	*p = profile{Identity: who.Identity}
	for i := range profileFields {
		f := &profileFields[i]
		*f.of(p) = m.read(f, &f.from)
	}
	p.location.latitude, p.location.longitude = m.coordinates()
	p.location.ip = m.ipAddress()
	custom := m.customTraits(leftOut)
	for _, u := range m.unused {
		// An identify sends none of its properties, but what they failed to give stays.
		if u.path.root == rootProperties {
			custom = m.addUnused(custom, u)
		}
	}
	m.readCustom(p, custom, who, m.revision.limits.profile, (*mapping).profileTooLarge)
	return p
}

// readCustom makes the custom properties of a profile, which have limit bytes at most.
func (m *mapping) readCustom(p *profile, custom object, who person, limit int, tooLarge func(*mapping) *Error) {
	custom = m.withUserID(m.readPatch(&p.patch, custom), who)
	if custom = m.flatten(custom, maxTraits, limit, (*mapping).traitPath); len(custom) == 0 {
		return
	}
	if len(custom) > maxTraits {
		m.setLimitError(limitError(CodeTooLarge, "", "a profile can have at most %d custom properties", maxTraits))
		return
	}
	p.custom = m.json(custom, limit, tooLarge)
}

// json writes an object that has limit bytes at most.
func (m *mapping) json(o object, limit int, tooLarge func(*mapping) *Error) []byte {
	raw, ok := o.json(limit)
	if !ok {
		m.setLimitError(tooLarge(m))
	}
	return raw
}

// customTraits are the traits without a typed field, T over C key by key, and the
// values that could not be used in one. It is told which have a field.
func (m *mapping) customTraits(left *wordSet) object {
	for _, r := range []root{rootTraits, rootContextTraits} {
		if m.crowded[r] {
			m.setLimitError(limitError(CodeTooLarge, r.path(), "%d traits are the most that a profile has room for", maxTraits))
			return nil
		}
	}
	traits, contextTraits := m.parts[rootTraits], m.parts[rootContextTraits]
	custom := slices.Grow(m.custom[:0], len(traits)+len(contextTraits))
	m.names.reset()
	if traits.namesSize()+contextTraits.namesSize() > maxTraitNames {
		m.setLimitError(limitError(CodeTooLarge, "", "the names of all traits together can have at most %d bytes", maxTraitNames))
		return nil
	}
	for i := range traits {
		if trait := &traits[i]; m.isCustom(left, rootTraits, trait) {
			if len(contextTraits) > 0 {
				m.names.add(trait.name(), trait.hash)
			}
			custom = m.addTrait(custom, rootTraits, trait)
		}
	}
	for i := range contextTraits {
		trait := &contextTraits[i]
		if m.isCustom(left, rootContextTraits, trait) && !m.names.has(trait.name(), trait.hash) {
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

// isCustom says that a trait has no typed field, or could not be used in it. A record that
// rETL identifies keeps its own external_id too.
func (m *mapping) isCustom(left *wordSet, r root, trait *member) bool {
	return !left[trait.word] || m.isUnused(r, trait.word) || trait.word == wordExternalID && m.externalID != nil
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
	if !p.keepsUserID {
		return custom
	}
	id := newMember("_id", p.userID)
	if m.trace != nil {
		m.trace.profile["_id"] = origin{p.externalIDPath, WhyUserID}
	}
	if i := custom.index("_id"); i >= 0 {
		m.warnCollision(m.traitPath([]byte("_id")), "_id holds the user id")
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
	m.warn(CodeNameCollision, field, "dropped: "+why)
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
		text := trim(v.text())
		if _, err := netip.ParseAddr(text); err != nil {
			continue
		}
		m.traceTaken(&ipRule, p.text)
		return text
	}
	return ""
}
