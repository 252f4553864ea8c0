package mapper

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"unicode"
)

// The rules of the identifiers, for every type of event.
var (
	emailRule      = newRule("email", "{T,C,P}.email")
	phoneRule      = newRule("phone number", "{T,C,P}.phone")
	externalIDRule = newRule("external id", "userId {T,C}.{userId,id}")
	// klaviyoIDRule looks for the element of that type in a list, which no path leads to.
	klaviyoIDRule   = rule{name: "Klaviyo's own id", from: []path{{text: "context.externalId[].id"}}}
	anonymousIDRule = newRule("anonymous id", "anonymousId")
)

// klaviyoIDType is the type of an external id that is Klaviyo's own.
const klaviyoIDType = "klaviyo-profileId"

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
	p.KlaviyoID = m.klaviyoID()
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

	nobody := p.Email == "" && p.PhoneNumber == "" && p.KlaviyoID == "" && !externalIDSuffices
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

// klaviyoID gives Klaviyo's own id of the person, where the revision has a place for it.
func (m *mapping) klaviyoID() string {
	for id, at := range m.klaviyoIDs() {
		if !m.revision.has.klaviyoID {
			m.warnNoPlace(at)
			return ""
		}
		m.took(&klaviyoIDRule, at)
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
				text = bytes.TrimSpace(m.content(id))
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
	return strings.TrimSpace(id.text)
}

// warnNoPlace says that requests of the config's revision can't have a value.
func (m *mapping) warnNoPlace(field string) {
	m.warn(CodeNoPlace, field, "not sent: revision "+m.revision.name+" has no place for it")
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
