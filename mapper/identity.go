package mapper

import (
	"strings"
	"unicode"
)

// The rules of the identifiers, for every type of event.
var (
	emailRule      = newRule("email", "{T,C,P}.email")
	phoneRule      = newRule("phone number", "{T,C,P}.phone")
	externalIDRule = newRule("external id", "userId {T,C}.{userId,id}")
)

// person is whom an event is about.
type person struct {
	Identity
	// userID is the external id as it came, for the custom property _id.
	userID value
	// externalIDPath is where the external id came from.
	externalIDPath string
}

// identify finds the person, or says why the event has none that its requests
// can name. An external id suffices only where externalIDSuffices.
func (m *mapping) identify(externalIDSuffices bool) (person, *Error) {
	var p person
	m.findExternalID(&p)
	couldSuffice := externalIDSuffices && p.ExternalID != ""
	externalIDSuffices = couldSuffice && m.cfg.AllowExternalIDOnly

	email, hasEmail := m.firstText(&emailRule)
	phone, hasPhone := m.firstText(&phoneRule)
	if hasEmail {
		p.Email = parseEmail(email.text)
	}
	if hasPhone {
		p.PhoneNumber = m.parsePhone(phone.text)
	}

	nobody := p.Email == "" && p.PhoneNumber == "" && !externalIDSuffices
	if hasEmail && p.Email == "" {
		if nobody {
			return p, &Error{Code: CodeInvalidEmail, Field: email.path.text, Message: "not an email address, and nothing else identifies the person"}
		}
		m.warn(CodeInvalidEmail, email.path.text, "not an email address, and kept as a custom property")
		m.keepInvalid(email, emailRule)
	}
	if hasPhone && p.PhoneNumber == "" {
		if nobody {
			return p, &Error{Code: CodeInvalidPhone, Field: phone.path.text, Message: m.phoneAdvice(phone.text, "and nothing else identifies the person")}
		}
		m.warn(CodeInvalidPhone, phone.path.text, m.phoneAdvice(phone.text, "and kept as a custom property"))
		m.keepInvalid(phone, phoneRule)
	}
	if nobody {
		e := &Error{Code: CodeMissingIdentifier, Message: "no email and no phone number in traits, context.traits or properties"}
		if couldSuffice {
			e.Message += "; with allowExternalIdOnly its user id would do"
		}
		return p, e
	}
	return p, nil
}

// keepInvalid keeps an identifier that is none, and the event's own property of
// that name, which was not looked at.
func (m *mapping) keepInvalid(found textValue, from rule) {
	m.keepUnused(found.path, found.value)
	own := from.from[len(from.from)-1]
	if v, ok := m.lookup(own); ok && own.root == rootProperties {
		m.keepUnused(own, v)
	}
}

// phoneAdvice says why a number that is none can't be used, and what follows.
func (m *mapping) phoneAdvice(number, consequence string) string {
	switch {
	case strings.HasPrefix(strings.TrimSpace(number), "+"):
		return "no country has such a phone number, " + consequence
	case m.cfg.DefaultCountry == "":
		return "not a phone number in international form (defaultCountry would allow national ones), " + consequence
	}
	return "not a phone number, " + consequence
}

// findExternalID sets the external id, or under EnforceEmailAsPrimary the user id
// alone.
func (m *mapping) findExternalID(p *person) {
	id, ok := m.retlID()
	if !ok {
		if id, ok = m.firstText(&externalIDRule); !ok {
			return
		}
	}
	if m.externalID != nil {
		m.took(&externalIDRule, id.path.text)
	}
	p.userID, p.externalIDPath = id.value, id.path.text
	if !m.cfg.EnforceEmailAsPrimary {
		p.ExternalID = strings.TrimSpace(id.text)
	}
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

// parseEmail gives the trimmed address, or nothing if it is none: it needs one @
// with something on both sides, and no space.
func parseEmail(s string) string {
	s = strings.TrimSpace(s)
	local, domain, _ := strings.Cut(s, "@")
	if local == "" || domain == "" || strings.Contains(domain, "@") || strings.ContainsFunc(s, unicode.IsSpace) {
		return ""
	}
	return s
}
