package mapper

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A profileField is a typed field of a profile and its rule.
type profileField struct {
	name  string // Klaviyo's dotted name
	from  rule
	trim  bool
	field func(*profile) *field
	// exclude reports whether a text has another meaning at a path. nil excludes none.
	exclude func(path, []byte) bool

	inEvent rule // from without properties
}

// profileFields are the typed fields of profiles, including those in events, except identifiers
// and coordinates.
var profileFields = withEventRules([]profileField{
	{name: "first_name", from: newRule("first_name", "{T,C}.{firstName,firstname,first_name}"), trim: true,
		field: func(p *profile) *field { return &p.firstName }},
	{name: "last_name", from: newRule("last_name", "{T,C}.{lastName,lastname,last_name}"), trim: true,
		field: func(p *profile) *field { return &p.lastName }},
	{name: "title", from: newRule("title", "{T,C,P}.title"),
		field: func(p *profile) *field { return &p.title }},
	{name: "organization", from: newRule("organization", "T.organization T.company.name T.company C.organization C.company.name C.company P.organization"),
		field: func(p *profile) *field { return &p.organization }},
	{name: "image", from: newRule("image", "{T,C,P}.image {T,C}.avatar"),
		field: func(p *profile) *field { return &p.image }},
	{name: "location.timezone", from: newRule("location.timezone", "{T,C,P}.timezone context.timezone"), exclude: isOffset,
		field: func(p *profile) *field { return &p.location.timezone }},
	{name: "location.city", from: newRule("location.city", "{T,T.address,C,C.address,P}.city"),
		field: func(p *profile) *field { return &p.location.city }},
	{name: "location.country", from: newRule("location.country", countryPaths+" P.country"),
		field: func(p *profile) *field { return &p.location.country }},
	{name: "location.region", from: newRule("location.region", "T.{region,province} T.address.{region,province,state} C.{region,province} C.address.{region,province,state} P.region {T,C,P}.state"), exclude: isAccountState,
		field: func(p *profile) *field { return &p.location.region }},
	{name: "location.zip", from: newRule("location.zip", "{T,T.address,C,C.address,P}.{zip,postalcode,postalCode,postal_code}"),
		field: func(p *profile) *field { return &p.location.zip }},
	{name: "location.address1", from: newRule("location.address1", "{T,T.address,C,C.address}.{street,address1} P.street"),
		field: func(p *profile) *field { return &p.location.address1 }},
	{name: "location.address2", from: newRule("location.address2", "{T,T.address,C,C.address}.address2"),
		field: func(p *profile) *field { return &p.location.address2 }},
})

func withEventRules(fields []profileField) []profileField {
	for i := range fields {
		fields[i].inEvent = fields[i].from.withoutProperties()
	}
	return fields
}

// countryPaths are the paths of the country in traits.
const countryPaths = "T.country T.address.{country,country_code,countryCode} C.country C.address.{country,country_code,countryCode}"

// mappedTraits are the traits that aren't also custom properties: those mapped to typed fields,
// and those that don't describe the person. Other mapped traits (street, address, state,
// company, avatar and more) are also kept as custom properties, since people use them in
// segments.
var mappedTraits = newNameIDSet(
	"email", "phone", "phone_number", "id", "userId", "external_id", "anonymousId",
	"firstName", "firstname", "first_name", "lastName", "lastname", "last_name",
	"title", "organization", "image", "timezone",
	"city", "region", "country", "zip", "latitude", "longitude",
	"properties",
)

// mappedEventTraits is mappedTraits for the profile in an event, which has no coordinates.
var mappedEventTraits = func() *nameIDSet {
	set := *mappedTraits
	set[knownNames.add("latitude")], set[knownNames.add("longitude")] = false, false
	return &set
}()

var nameExternalID = knownNames.add("external_id")

// isAccountState reports whether the text is the state of a customer account, which shops have
// in a top-level state.
func isAccountState(p path, text []byte) bool {
	return p.nameID == nameState && topLevelRoots[p.root] && accountStates[strings.ToLower(trim(string(text)))]
}

var (
	nameState     = knownNames.add("state")
	topLevelRoots = map[root]bool{rootTraits: true, rootContextTraits: true, rootProperties: true}
	accountStates = map[string]bool{"enabled": true, "disabled": true, "invited": true, "declined": true, "active": true, "inactive": true}
)

// readField returns the value of a field by a rule: text, null if SendNulls is set, or unset.
func (m *mapping) readField(f *profileField, from *rule) field {
	found, ok := m.firstTextExcept(from, f.exclude)
	switch {
	case ok && f.trim:
		return runtime.Set(trim(found.text))
	case ok:
		return runtime.Set(found.text)
	case found.null != nil && m.cfg.SendNulls:
		m.traceRule(from, found.null.text)
		return runtime.Null[string]()
	}
	return field{}
}

// readProfile returns the profile of an identify.
func (m *mapping) readProfile(who person) *profile {
	p := &m.parsed.profile
	*p = profile{Identity: who.Identity}
	for i := range profileFields {
		f := &profileFields[i]
		*f.field(p) = m.readField(f, &f.from)
	}
	p.location.latitude, p.location.longitude = m.coordinates()
	p.location.ip = m.ipAddress()
	custom := m.customTraits(mappedTraits)
	for _, u := range m.unused {
		// An identify doesn't send properties, but invalid values in them are kept.
		if u.path.root == rootProperties {
			custom = m.addUnused(custom, u)
		}
	}
	m.readCustom(p, custom, who, m.revision.limits.profile, (*mapping).profileTooLarge)
	return p
}

// readCustom sets the custom properties of a profile, which are limited to limit bytes.
func (m *mapping) readCustom(p *profile, custom object, who person, limit int, tooLarge func(*mapping) *Error) {
	custom = m.withUserID(m.readPatch(&p.patch, custom), who)
	custom = m.flatten(custom, maxTraits, limit, placeOfTrait)
	m.keepSent(p, custom)
	if len(custom) == 0 {
		return
	}
	if len(custom) > maxTraits {
		m.setLimitError(limitError(CodeTooLarge, "", "a profile can have at most %d custom properties", maxTraits))
		return
	}
	p.custom = m.json(custom, limit, tooLarge)
}

// json encodes an object and sets a limit error if it exceeds limit bytes.
func (m *mapping) json(o object, limit int, tooLarge func(*mapping) *Error) []byte {
	raw, ok := o.json(limit)
	if !ok {
		m.setLimitError(tooLarge(m))
	}
	return raw
}

// customTraits returns the traits without a typed field, those in T taking precedence over
// those in C, and invalid values of typed fields. mapped are the traits that have a field.
func (m *mapping) customTraits(mapped *nameIDSet) object {
	for _, r := range []root{rootTraits, rootContextTraits} {
		if m.overflowed[r] {
			m.setLimitError(limitError(CodeTooLarge, r.path(), "a profile can have at most %d traits", maxTraits))
			return nil
		}
	}
	traits, contextTraits := m.members[rootTraits], m.members[rootContextTraits]
	custom := slices.Grow(m.custom[:0], len(traits)+len(contextTraits))
	m.names.reset()
	if traits.namesSize()+contextTraits.namesSize() > maxTraitNames {
		m.setLimitError(limitError(CodeTooLarge, "", "the names of all traits together can have at most %d bytes", maxTraitNames))
		return nil
	}
	for i := range traits {
		if trait := &traits[i]; m.isCustom(mapped, rootTraits, trait) {
			if len(contextTraits) > 0 {
				m.names.add(trait.name(), trait.hash)
			}
			custom = m.addTrait(custom, rootTraits, trait)
		}
	}
	for i := range contextTraits {
		trait := &contextTraits[i]
		if m.isCustom(mapped, rootContextTraits, trait) && !m.names.has(trait.name(), trait.hash) {
			custom = m.addTrait(custom, rootContextTraits, trait)
		}
	}
	for _, u := range m.unused {
		if u.path.root == rootEvent {
			custom = m.addUnused(custom, u)
		}
	}
	m.custom = custom // reuse the memory for the next event
	return custom
}

// isCustom reports whether a trait has no typed field or is invalid for it. A record identified
// by reverse ETL also keeps its external_id.
func (m *mapping) isCustom(mapped *nameIDSet, r root, trait *member) bool {
	return !mapped[trait.nameID] || m.isUnused(r, trait.nameID) || trait.nameID == nameExternalID && m.externalID != nil
}

// addTrait adds a trait, unless it is a null that isn't sent.
func (m *mapping) addTrait(custom object, r root, trait *member) object {
	if trait.value.isNull() && !m.cfg.SendNulls {
		return custom
	}
	if m.trace != nil {
		why := WhyCustom
		if m.isUnused(r, trait.nameID) {
			why = WhyUnusable
		}
		m.traceTrait(trait.name(), r.path()+"."+string(trait.name()), why)
	}
	return append(custom, *trait)
}

// withUserID keeps the user id as the custom property _id if it doesn't identify the person.
func (m *mapping) withUserID(custom object, p person) object {
	if !p.keepUserID {
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

// traitPath returns the path of a custom trait, which is in T or C. customTraits has recorded
// the names in T if there are any in C.
func (m *mapping) traitPath(name []byte) string {
	if len(m.members[rootContextTraits]) == 0 || m.names.has(name, hashName(name)) {
		return "traits." + truncate(name)
	}
	return "context.traits." + truncate(name)
}

func placeOfTrait(m *mapping, p *member) string { return m.traitPath(p.name()) }

func (m *mapping) warnCollision(field, why string) {
	if m.trace != nil {
		delete(m.trace.used, field)
		m.trace.dropped[field] = true
	}
	m.warn(CodeNameCollision, field, "dropped: "+why)
}

// addUnused adds an invalid value, unless there is a property with its name.
func (m *mapping) addUnused(custom object, u unusedValue) object {
	name := u.path.name()
	if custom.index(name) >= 0 {
		return custom
	}
	m.traceTrait([]byte(name), u.path.text, WhyUnusable)
	return append(custom, newMember(name, u.value))
}

// ipRule is the rule for the IP address of the person's device.
var ipRule = newRule("location.ip", "context.ip request_ip")

// ipAddress returns the IP address if the revision supports it.
func (m *mapping) ipAddress() string {
	if !m.revision.supports.ip {
		return ""
	}
	for _, p := range ipRule.from {
		v, _ := m.lookup(p)
		if !v.isString() || len(v) > maxScalar {
			continue
		}
		text := trim(v.text())
		if _, err := netip.ParseAddr(text); err != nil {
			continue
		}
		m.traceRule(&ipRule, p.text)
		return text
	}
	return ""
}
