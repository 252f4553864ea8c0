package mapper_test

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Section 2: identity.

// plainPerson says what a type's requests can do with: an external id alone, and properties
// of their own, in which others may be named.
type plainPerson struct{ byID, hasProperties bool }

func (m *plain) identify(who plainPerson) {
	if ids := m.klaviyoIDs(); len(ids) > 0 && m.served() {
		m.klaviyoID = ids[0].id
	} else if len(ids) > 0 {
		m.warn(mapper.CodeNoPlace, ids[0].field)
	}
	id, path, _ := m.firstTextOfUser()
	if path != "" {
		m.externalIDPath = path
		if !m.cfg.EnforceEmailAsPrimary {
			m.externalID = plainTrim(id)
		}
	}
	email, emailPath, _ := m.firstText("T.email", "C.email")
	phone, phonePath, _ := m.firstText("T.phone", "T.phone_number", "C.phone", "C.phone_number")
	m.email, m.phone = plainEmail(email), m.plainPhone(phone)
	if emailPath == "" && plainTrim(id) != "" && plainEmail(id) == plainTrim(id) {
		m.email = plainTrim(id)
		m.warn(mapper.CodeEmailFromUserID, fieldOf(path))
	}
	pCounts := !who.hasProperties || m.email == "" && m.phone == "" && m.klaviyoID == ""
	if pCounts && emailPath == "" && m.email == "" {
		email, emailPath, _ = m.firstText("P.email")
		if m.email = plainEmail(email); emailPath == "" && !m.isKept("P", "email") || m.email != "" {
			m.notOwn = append(m.notOwn, "email")
		}
	}
	if pCounts && phonePath == "" {
		phone, phonePath, _ = m.firstText("P.phone")
		if m.phone = m.plainPhone(phone); phonePath == "" && !m.isKept("P", "phone") || m.phone != "" {
			m.notOwn = append(m.notOwn, "phone")
		}
	}
	nobody := m.email == "" && m.phone == "" && m.klaviyoID == "" && !(who.byID && m.cfg.AllowExternalIDOnly && m.externalID != "")
	for _, found := range []struct {
		path, valid string
		code        mapper.Code
	}{{emailPath, m.email, mapper.CodeInvalidEmail}, {phonePath, m.phone, mapper.CodeInvalidPhone}} {
		if found.path == "" || found.valid != "" {
			continue
		}
		if nobody {
			fail(found.code, fieldOf(found.path))
		}
		m.warn(found.code, fieldOf(found.path))
		v, _ := m.get(found.path)
		m.keep(found.path, v)
	}
	if nobody {
		unusable := false
		for _, path := range strings.Fields("T.email C.email T.phone T.phone_number C.phone C.phone_number P.email P.phone userId T.userId T.id T.external_id C.userId C.id C.external_id") {
			v, _ := m.get(path)
			unusable = unusable || kindOf(v) == '{' || kindOf(v) == '['
		}
		if m.userID == nil && !unusable {
			m.skipped = mapper.SkipAnonymous
		}
		fail(mapper.CodeMissingIdentifier, "")
	}
	m.keepsID = m.cfg.EnforceEmailAsPrimary && m.userID != nil
	if who.byID && utf8.RuneCountInString(m.externalID) > 255 {
		if m.email == "" && m.phone == "" && m.klaviyoID == "" {
			m.idTooLong = true
			return
		}
		m.warn(mapper.CodeExternalIDTooLong, fieldOf(m.externalIDPath))
		m.externalID, m.keepsID = "", true
	}
}

func (m *plain) firstTextOfUser() (text, path string, null bool) {
	if m.retlID != nil {
		m.userID = m.retlID
		return textOf(m.retlID), "context.externalId[0].id", false
	}
	text, path, null = m.firstText("userId", "T.userId", "T.id", "T.external_id", "C.userId", "C.id", "C.external_id")
	if path != "" {
		m.userID, _ = m.get(path)
	}
	return text, path, null
}

// plainCopied is an address with what may have been copied along with it.
var plainCopied = regexp.MustCompile(`^<(.*)>$|^(.*)[,;.]$|^(?i:mailto:)(.+)$`)

func plainEmail(s string) string {
	s = plainTrim(s)
	for plainCopied.MatchString(s) {
		s = plainTrim(plainCopied.ReplaceAllString(s, "$1$2$3"))
	}
	local, domain, _ := strings.Cut(s, "@")
	inside := regexp.MustCompile(`^.+\..+$`)
	if local == "" || !inside.MatchString(strings.Trim(domain, ".")) || strings.Contains(domain, "@") || regexp.MustCompile(`[\pZ\p{Cc}\p{Cf}]`).MatchString(s) || utf8.RuneCountInString(s) > 100 {
		return ""
	}
	return s
}

// plainPhone reads a number in the person's own country.
func (m *plain) plainPhone(s string) string {
	country := m.cfg.DefaultCountry
	for _, path := range strings.Fields("T.country T.address.country T.address.country_code T.address.countryCode C.country C.address.country C.address.country_code C.address.countryCode") {
		if v, _ := m.get(path); strings.IndexByte(`"0tf`, kindOf(v)) >= 0 && kindOf(v) != 0 && !isBlankText(v) {
			country = mapper.CountryOf(textOf(v)) // has tests of its own
			break
		}
	}
	return plainPhoneIn(s, country)
}

func plainPhoneIn(s, country string) string {
	s = regexp.MustCompile(`[^\pL\pN#]+$`).ReplaceAllString(s, "")
	s = regexp.MustCompile(`^[^+＋\p{Nd}]*[+＋]`).ReplaceAllString(s, "+")
	in := func(s, country string) string {
		number, err := phonenumbers.Parse(s, country)
		if err != nil || number.GetExtension() != "" || !phonenumbers.IsValidNumber(number) {
			return ""
		}
		return phonenumbers.Format(number, phonenumbers.E164)
	}
	switch {
	case strings.HasPrefix(s, "+"):
		return in(s, "")
	case country == "":
		return ""
	}
	number := in(s, country)
	if rest, ok := strings.CutPrefix(s, "00"); ok && number == "" {
		number = in("+"+rest, "")
	}
	return number
}

func (m *plain) checkExternalID() {
	if m.idTooLong {
		fail(mapper.CodeExternalIDTooLong, fieldOf(m.externalIDPath))
	}
}
