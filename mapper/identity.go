package mapper

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The rules of the identifiers, for every type of event.
var (
	emailRule      = newRule("email", "{T,C,P}.email")
	phoneRule      = newRule("phone number", "{T,C}.{phone,phone_number} P.phone")
	externalIDRule = newRule("external id", "userId T.{userId,id,external_id} C.{userId,id,external_id}")
	// P names the person where nothing else does.
	traitEmailRule, ownEmailRule = emailRule.part(path.isProperty, false), emailRule.part(path.isProperty, true)
	traitPhoneRule, ownPhoneRule = phoneRule.part(path.isProperty, false), phoneRule.part(path.isProperty, true)
	// countryRule says in which country's way a phone number without + is written.
	countryRule = newRule("country", countryPaths)
	// klaviyoIDRule looks for the element of that type in a list, which no path leads to.
	klaviyoIDRule   = rule{name: "Klaviyo's own id", from: []path{{text: "context.externalId[].id"}}}
	anonymousIDRule = newRule("anonymous id", "anonymousId")
)

// klaviyoIDType is the type of an external id that is Klaviyo's own.
const klaviyoIDType = "klaviyo-profileId"

// person is whom an event is about.
type person struct {
	Identity
	// userID is the external id as it came, for the custom property _id, and keepsUserID says
	// that it is kept as that.
	userID      value
	keepsUserID bool
	// externalIDPath is where the external id came from.
	externalIDPath string
}

// personRules say how requests of a type of event name the person.
type personRules struct {
	// externalIDSuffices says that they can do with an external id alone.
	externalIDSuffices bool
	// hasProperties says that the event's properties are sent, in which an email and a phone
	// number are somebody else's once the person is known.
	hasProperties bool
}

var (
	profilePerson = personRules{externalIDSuffices: true}
	eventPerson   = personRules{externalIDSuffices: true, hasProperties: true}
	subscriber    = personRules{}
)

// identify finds the person, or says why the event has none that its requests can name: it
// is of somebody anonymous, which is skipped, or in error.
func (m *mapping) identify(rules *personRules) (person, *Error) {
	var p person
	p.KlaviyoID = m.klaviyoID()
	externalID := m.findExternalID(&p)

	email, hasEmail := m.firstText(&traitEmailRule)
	phone, hasPhone := m.firstText(&traitPhoneRule)
	if hasEmail {
		p.Email = parseEmail(email.text)
	} else {
		p.Email = m.emailFromUserID(externalID)
	}
	if hasPhone {
		p.PhoneNumber = m.parsePhone(phone.text)
	}
	isKnown := p.Email != "" || p.PhoneNumber != "" || p.KlaviyoID != ""
	if !hasEmail && p.Email == "" && !(rules.hasProperties && isKnown) {
		met := email.unusable
		email, hasEmail = m.firstText(&ownEmailRule)
		email.unusable = email.unusable || met
		if hasEmail {
			p.Email = parseEmail(email.text)
		}
		m.leaves[wordEmail] = !m.isUnused(rootProperties, wordEmail) && (!hasEmail || p.Email != "")
	}
	if !hasPhone && !(rules.hasProperties && isKnown) {
		met := phone.unusable
		phone, hasPhone = m.firstText(&ownPhoneRule)
		phone.unusable = phone.unusable || met
		if hasPhone {
			p.PhoneNumber = m.parsePhone(phone.text)
		}
		m.leaves[wordPhone] = !m.isUnused(rootProperties, wordPhone) && (!hasPhone || p.PhoneNumber != "")
	}

	couldSuffice := rules.externalIDSuffices && p.ExternalID != ""
	nobody := p.Email == "" && p.PhoneNumber == "" && p.KlaviyoID == "" && !(couldSuffice && m.cfg.AllowExternalIDOnly)
	if hasEmail && p.Email == "" {
		if nobody {
			return p, &Error{Code: CodeInvalidEmail, Field: email.path.text, Message: "invalid email address, and nothing else identifies the person"}
		}
		m.warn(CodeInvalidEmail, email.path.text, "invalid email address; kept as a custom property")
		m.keepUnused(email.path, email.value)
	}
	if hasPhone && p.PhoneNumber == "" {
		if nobody {
			return p, &Error{Code: CodeInvalidPhone, Field: phone.path.text, Message: m.phoneFault(phone.text) + "; nothing else identifies the person"}
		}
		m.warn(CodeInvalidPhone, phone.path.text, m.phoneFault(phone.text)+"; kept as a custom property")
		m.keepUnused(phone.path, phone.value)
	}
	switch {
	case !nobody:
		if rules.externalIDSuffices {
			m.limitExternalID(&p)
		}
		return p, nil
	case p.userID == nil && !externalID.unusable && !email.unusable && !phone.unusable:
		m.skipped = SkipAnonymous
		return p, nil
	}
	e := &Error{Code: CodeMissingIdentifier, Message: "no email and no phone number in traits, context.traits or properties"}
	if couldSuffice {
		e.Message += "; set allowExternalIdOnly to send it by user id"
	}
	return p, e
}

var (
	wordEmail = knownNames.add("email")
	wordPhone = knownNames.add("phone")
)

// emailFromUserID gives the email address that an external id wholly is.
func (m *mapping) emailFromUserID(id textValue) string {
	text := trim(id.text)
	if text == "" || parseEmail(text) != text {
		return ""
	}
	m.warn(CodeEmailFromUserID, id.path.text, "no email in the traits: used the user id, which is an email address")
	m.traceTaken(&emailRule, id.path.text)
	return text
}

// limitExternalID keeps an external id that is too long as the custom property _id, where
// something else identifies the person.
func (m *mapping) limitExternalID(p *person) {
	most := m.revision.limits.externalID
	if utf8.RuneCountInString(p.ExternalID) <= most {
		return
	}
	if p.Email == "" && p.PhoneNumber == "" && p.KlaviyoID == "" {
		m.setLimitError(limitError(CodeExternalIDTooLong, p.externalIDPath, "a user id can have at most %d characters", most))
		return
	}
	m.warn(CodeExternalIDTooLong, p.externalIDPath, fmt.Sprintf("a user id can have at most %d characters; kept as the custom property _id", most))
	p.ExternalID, p.keepsUserID = "", true
}

// phoneFault says why a phone number is invalid, and how to write a valid one.
func (m *mapping) phoneFault(number string) string {
	switch country, isThere := m.phoneCountry(); {
	case strings.HasPrefix(internationalForm(number), "+"):
		return "invalid phone number: no country has a number of this form"
	case !isThere:
		return "invalid phone number: it has no country calling code; start it with +, or add a country to the traits or defaultCountry to the config"
	case country == "":
		return "invalid phone number: it has no country calling code and the person's country isn't recognized; use a country code such as DE"
	}
	return "invalid phone number: the person's country has no number of this form"
}

// phoneCountry gives the country in whose way the person's phone number is written, and
// whether there is any. It is empty if the one there is isn't known.
func (m *mapping) phoneCountry() (code string, isThere bool) {
	for _, p := range countryRule.from {
		v, ok := m.lookup(p)
		switch {
		case !ok, v.isNull(), v.isBlank(), v.isObject(), v.isList():
		case v.isString():
			return countryOf(string(m.content(v))), true
		default:
			return "", true
		}
	}
	return m.cfg.DefaultCountry, m.cfg.DefaultCountry != ""
}

// findExternalID sets the external id, or under EnforceEmailAsPrimary the user id
// alone.
func (m *mapping) findExternalID(p *person) textValue {
	id, ok := m.retlID()
	if !ok {
		if id, ok = m.firstText(&externalIDRule); !ok {
			return id
		}
	}
	if m.externalID != nil {
		m.traceTaken(&externalIDRule, id.path.text)
	}
	p.userID, p.externalIDPath = id.value, id.path.text
	p.keepsUserID = m.cfg.EnforceEmailAsPrimary
	if !p.keepsUserID {
		p.ExternalID = trim(id.text)
	}
	return id
}

// klaviyoID gives Klaviyo's own id of the person, where the revision has a place for it.
func (m *mapping) klaviyoID() string {
	for id, at := range m.klaviyoIDs() {
		if !m.revision.has.klaviyoID {
			m.warnNoPlace(at)
			return ""
		}
		m.traceTaken(&klaviyoIDRule, at)
		return id
	}
	return ""
}

// klaviyoIDs are the ids that the event calls Klaviyo's own, and where they are.
func (m *mapping) klaviyoIDs() iter.Seq2[string, string] {
	return func(yield func(id, at string) bool) {
		list, _ := m.lookup(pathExternalID)
		if !list.isList() {
			return
		}
		for i, element := range list.elements() {
			if !element.isObject() {
				continue
			}
			if kind := element.get("type"); !kind.isString() || string(m.content(kind)) != klaviyoIDType {
				continue
			}
			id, at := element.get("id"), fmt.Sprintf("%s[%d].id", pathExternalID.text, i)
			var text []byte
			switch {
			case len(id) == 0, id.isNull(), id.isBlank():
				continue
			case id.isString():
				text = trimBytes(m.content(id))
			case id.isNumber(), id.isBool():
				text = id
			default:
				m.warn(CodeWrongType, at, "text is needed here; it is an object or a list")
				continue
			}
			if !yield(string(m.take(text)), at) {
				return
			}
		}
	}
}

// anonymousID gives the id of the visitor, where the revision has a place for it.
func (m *mapping) anonymousID() string {
	if !m.revision.has.anonymousID {
		return ""
	}
	id, _ := m.firstText(&anonymousIDRule)
	return trim(id.text)
}

// warnNoPlace says that requests of the config's revision can't have a value.
func (m *mapping) warnNoPlace(field string) {
	m.warn(CodeNoPlace, field, "not sent: revision "+m.revision.name+" doesn't support it")
}

func (m *mapping) retlID() (textValue, bool) {
	if m.externalID == nil {
		return textValue{}, false
	}
	text := []byte(m.externalID)
	if m.externalID.isString() {
		text = m.content(m.externalID)
	}
	return textValue{text: string(m.take(text)), value: m.externalID, path: pathExternalIDValue}, true
}

// maxEmail is how many characters an email address may have at Klaviyo.
const maxEmail = 100

// mailto is what a link to an address begins with.
const mailto = "mailto:"

// parseEmail gives the address without what was copied along with it, or nothing if it is
// invalid: it needs one @ with something before it and a domain with a dot inside it after
// it, and no space.
func parseEmail(s string) string {
	for given := ""; given != s; {
		given = s
		s = strings.TrimRight(trim(s), ",;.")
		if len(s) > len(mailto) && strings.EqualFold(s[:len(mailto)], mailto) {
			s = s[len(mailto):]
		}
		if inside, ok := strings.CutPrefix(s, "<"); ok && strings.HasSuffix(inside, ">") {
			s = strings.TrimSuffix(inside, ">")
		}
	}
	local, domain, _ := strings.Cut(s, "@")
	dot := strings.IndexByte(strings.Trim(domain, "."), '.')
	if local == "" || dot < 0 || strings.Contains(domain, "@") || strings.ContainsFunc(s, unicode.IsSpace) || utf8.RuneCountInString(s) > maxEmail {
		return ""
	}
	return s
}
