package mapper

import (
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// Rules for the identifiers, for all types of events.
var (
	emailRule      = newRule("email", "{T,C,P}.email")
	phoneRule      = newRule("phone number", "{T,C}.{phone,phone_number} P.phone")
	externalIDRule = newRule("external id", "userId T.{userId,id,external_id} C.{userId,id,external_id}")
	// Properties identify the person only if nothing else does.
	traitEmailRule, propertyEmailRule = emailRule.subset(path.isProperty, false), emailRule.subset(path.isProperty, true)
	traitPhoneRule, propertyPhoneRule = phoneRule.subset(path.isProperty, false), phoneRule.subset(path.isProperty, true)
	// countryRule is the country whose format a phone number without + has.
	countryRule = newRule("country", countryPaths)
	// klaviyoIDRule reads the element with the type klaviyoIDType of a list.
	klaviyoIDRule   = rule{name: "Klaviyo's own id", from: []path{{text: "context.externalId[].id"}}}
	anonymousIDRule = newRule("anonymous id", "anonymousId")
)

// klaviyoIDType is the type of an external id that is a Klaviyo profile id.
const klaviyoIDType = "klaviyo-profileId"

// A person is the person whom an event is about.
type person struct {
	Identity
	// userID is the external id as in the event, for the custom property _id. keepUserID means
	// that it is kept as that.
	userID     value
	keepUserID bool
	// externalIDPath is the path of the external id.
	externalIDPath string
}

// personRules describe how requests of a type of event identify the person.
type personRules struct {
	// acceptsExternalID means that an external id is enough.
	acceptsExternalID bool
	// hasProperties means that the event's properties are sent. Once the person is identified,
	// an email or phone number in them is somebody else's.
	hasProperties bool
}

var (
	profilePerson = personRules{acceptsExternalID: true}
	eventPerson   = personRules{acceptsExternalID: true, hasProperties: true}
	subscriber    = personRules{}
)

// identify determines the person. If the event has no usable identifier, it is skipped as
// anonymous or an error.
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
		unusable := email.unusable
		email, hasEmail = m.firstText(&propertyEmailRule)
		email.unusable = email.unusable || unusable
		if hasEmail {
			p.Email = parseEmail(email.text)
		}
		m.identifying[nameEmail] = !m.isUnused(rootProperties, nameEmail) && (!hasEmail || p.Email != "")
	}
	if !hasPhone && !(rules.hasProperties && isKnown) {
		unusable := phone.unusable
		phone, hasPhone = m.firstText(&propertyPhoneRule)
		phone.unusable = phone.unusable || unusable
		if hasPhone {
			p.PhoneNumber = m.parsePhone(phone.text)
		}
		m.identifying[namePhone] = !m.isUnused(rootProperties, namePhone) && (!hasPhone || p.PhoneNumber != "")
	}

	hasExternalID := rules.acceptsExternalID && p.ExternalID != ""
	unidentified := p.Email == "" && p.PhoneNumber == "" && p.KlaviyoID == "" && !(hasExternalID && m.cfg.AllowExternalIDOnly)
	if hasEmail && p.Email == "" {
		if unidentified {
			return p, &Error{Code: CodeInvalidEmail, Field: email.path.text, Message: "invalid email address, and nothing else identifies the person"}
		}
		m.warn(CodeInvalidEmail, email.path.text, "invalid email address; kept as a custom property")
		m.keepUnused(email.path, email.value)
	}
	if hasPhone && p.PhoneNumber == "" {
		if unidentified {
			return p, &Error{Code: CodeInvalidPhone, Field: phone.path.text, Message: m.phoneFault(phone.text) + "; nothing else identifies the person"}
		}
		m.warn(CodeInvalidPhone, phone.path.text, m.phoneFault(phone.text)+"; kept as a custom property")
		m.keepUnused(phone.path, phone.value)
	}
	switch {
	case !unidentified:
		if rules.acceptsExternalID {
			m.limitExternalID(&p)
		}
		return p, nil
	case p.userID == nil && !externalID.unusable && !email.unusable && !phone.unusable:
		m.skipReason = SkipAnonymous
		return p, nil
	}
	e := &Error{Code: CodeMissingIdentifier, Message: "no email and no phone number in traits, context.traits or properties"}
	if hasExternalID {
		e.Message += "; set allowExternalIdOnly to send it by user id"
	}
	return p, e
}

var (
	nameEmail = knownNames.add("email")
	namePhone = knownNames.add("phone")
)

// emailFromUserID returns the external id if it is an email address.
func (m *mapping) emailFromUserID(id textValue) string {
	text := trim(id.text)
	if text == "" || parseEmail(text) != text {
		return ""
	}
	m.warn(CodeEmailFromUserID, id.path.text, "no email in the traits: used the user id, which is an email address")
	m.traceRule(&emailRule, id.path.text)
	return text
}

// limitExternalID keeps an external id that is too long as the custom property _id if something
// else identifies the person.
func (m *mapping) limitExternalID(p *person) {
	limit := m.revision.limits.externalID
	if utf8.RuneCountInString(p.ExternalID) <= limit {
		return
	}
	if p.Email == "" && p.PhoneNumber == "" && p.KlaviyoID == "" {
		m.setLimitError(limitError(CodeExternalIDTooLong, p.externalIDPath, "a user id can have at most %d characters", limit))
		return
	}
	m.warn(CodeExternalIDTooLong, p.externalIDPath, fmt.Sprintf("a user id can have at most %d characters; kept as the custom property _id", limit))
	p.ExternalID, p.keepUserID = "", true
}

// findExternalID sets the external id or, with EnforceEmailAsPrimary, the user id.
func (m *mapping) findExternalID(p *person) textValue {
	id, ok := m.retlID()
	if !ok {
		if id, ok = m.firstText(&externalIDRule); !ok {
			return id
		}
	}
	if m.externalID != nil {
		m.traceRule(&externalIDRule, id.path.text)
	}
	p.userID, p.externalIDPath = id.value, id.path.text
	p.keepUserID = m.cfg.EnforceEmailAsPrimary
	if !p.keepUserID {
		p.ExternalID = trim(id.text)
	}
	return id
}

// klaviyoID returns the Klaviyo profile id if the revision supports it.
func (m *mapping) klaviyoID() string {
	for id, at := range m.klaviyoIDs() {
		if !m.revision.supports.klaviyoID {
			m.warnUnsupported(at)
			return ""
		}
		m.traceRule(&klaviyoIDRule, at)
		return id
	}
	return ""
}

// klaviyoIDs iterates over the Klaviyo profile ids in the event and their paths.
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
				m.warn(CodeWrongType, at, "must be text, not an object or a list")
				continue
			}
			if !yield(string(m.countText(text)), at) {
				return
			}
		}
	}
}

// anonymousID returns the anonymous id if the revision supports it.
func (m *mapping) anonymousID() string {
	if !m.revision.supports.anonymousID {
		return ""
	}
	id, _ := m.firstText(&anonymousIDRule)
	return trim(id.text)
}

// warnUnsupported warns that the revision doesn't support a value.
func (m *mapping) warnUnsupported(field string) {
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
	return textValue{text: string(m.countText(text)), value: m.externalID, path: pathExternalIDValue}, true
}

// maxEmail is the maximum length of an email address in characters.
const maxEmail = 100

// mailto is the prefix of a link to an email address.
const mailto = "mailto:"

// parseEmail returns the email address without surrounding punctuation, or "" if it is invalid.
// It requires one @ with text before it and a domain with a dot after it. It accepts no whitespace
// and no invisible or control characters inside, which Klaviyo refuses.
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
	if local == "" || dot < 0 || strings.Contains(domain, "@") || strings.ContainsFunc(s, isUnprinted) || utf8.RuneCountInString(s) > maxEmail {
		return ""
	}
	return s
}
