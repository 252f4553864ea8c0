package mapper

import (
	"strings"
	"unicode"
)

// A phoneCountry is the country in whose format a phone number without + is read.
type phoneCountry struct {
	code string // empty if the country is unknown
	// from is the path of the country in the event, "" if there is none there.
	from string
}

// phoneCountry returns the country of the person, or that of the config.
func (m *mapping) phoneCountry() phoneCountry {
	for _, p := range countryRule.from {
		v, ok := m.lookup(p)
		switch {
		case !ok, v.isNull(), v.isBlank(), v.isObject(), v.isList():
		case v.isString():
			return phoneCountry{parseCountry(string(m.content(v))), p.text}
		default:
			return phoneCountry{from: p.text}
		}
	}
	return phoneCountry{code: m.cfg.DefaultCountry}
}

// phoneFault returns why a phone number is invalid, with the country that was assumed and
// where it came from, and how to fix it.
func (m *mapping) phoneFault(number string) string {
	const invalid, otherCountry = "invalid phone number: ", "; start a number of another country with + and its calling code"
	country := m.phoneCountry()
	switch {
	case !strings.ContainsFunc(number, unicode.IsDigit):
		return invalid + "it has no digits"
	case hasExtension(number, country.code):
		return invalid + "it has an extension, which Klaviyo doesn't accept"
	case strings.HasPrefix(normalizePhone(number), "+"):
		return invalid + "it begins with +, but isn't a valid number of any country"
	case country.code != "" && country.from != "":
		return invalid + "it isn't a number of " + country.code + ", the country in " + country.from + otherCountry
	case country.code != "":
		return invalid + "it isn't a number of " + country.code + ", the config's defaultCountry" + otherCountry
	case country.from != "":
		return invalid + "it has no country calling code, and " + country.from + " isn't a known country; use a country code such as DE"
	}
	return invalid + "it has no country calling code, and its country isn't known; start it with +, or add a country to the traits or defaultCountry to the config"
}
