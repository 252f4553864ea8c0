package mapper

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// parsePhone returns the number in E.164 format, or "" if it is invalid.
func (m *mapping) parsePhone(s string) string {
	s = normalizePhone(s)
	if isPlainE164(s) {
		return s
	}
	if strings.HasPrefix(s, "+") {
		return m.phoneIn(s, "") // it has a country calling code
	}
	country := m.phoneCountry().code
	if country == "" {
		return ""
	}
	return m.phoneIn(s, country)
}

// phoneIn parses a number in the format of a country.
func (m *Mapper) phoneIn(s, country string) string {
	if len(s) > maxPhone {
		return parseOtherPhone(s, country)
	}
	slot := &m.phoneCache[hashName([]byte(s))%uint64(len(m.phoneCache))]
	if known := slot.Load(); known != nil && known.text == s && known.country == country {
		return known.e164
	}
	e164 := parseOtherPhone(s, country)
	slot.Store(&parsedPhone{s, country, e164})
	return e164
}

// normalizePhone removes what surrounds a number: trailing characters other than letters and
// digits, and text before the + of an international number, such as tel: or a bracket. The +
// may be full-width.
func normalizePhone(s string) string {
	s = strings.TrimRightFunc(s, func(r rune) bool { return r != '#' && !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	first := strings.IndexFunc(s, func(r rune) bool { return isPlus(r) || unicode.IsDigit(r) })
	if first < 0 {
		return s
	}
	if r, size := utf8.DecodeRuneInString(s[first:]); isPlus(r) && (first > 0 || size > 1) {
		return "+" + s[first+size:]
	}
	return s
}

func isPlus(r rune) bool { return r == '+' || r == '\uff0b' }

// A phoneCache caches parsed numbers that isPlainE164 doesn't recognize. A number replaces the
// one in its slot.
type phoneCache [1 << 10]atomic.Pointer[parsedPhone]

type parsedPhone struct{ text, country, e164 string }

// maxPhone is the maximum length of cached numbers in bytes.
const maxPhone = 64

// parseOtherPhone parses a number with phonenumbers. If a number that begins with 00 isn't
// valid in the country, 00 is treated as the international prefix.
func parseOtherPhone(s, country string) string {
	e164 := parseIn(s, country)
	if rest, ok := strings.CutPrefix(s, "00"); ok && e164 == "" {
		return parseIn("+"+rest, "")
	}
	return e164
}

// hasExtension reports whether an invalid number would be valid without its extension.
func hasExtension(s, country string) bool {
	number, err := phonenumbers.Parse(normalizePhone(s), country)
	return err == nil && number.GetExtension() != "" && phonenumbers.IsValidNumber(number)
}

func parseIn(s, country string) string {
	number, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsValidNumber(number) || number.GetExtension() != "" {
		return "" // E.164 doesn't support extensions
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// isPlainE164 reports whether a number is valid and already in E.164 format. It uses the
// numbering plans of phonenumbers, without its handling of other formats, and may report false
// for valid numbers.
func isPlainE164(s string) bool {
	const minDigits, maxDigits = 7, 15
	if len(s) < 1+minDigits || len(s) > 1+maxDigits || s[0] != '+' || s[1] == '0' || countDigits(s[1:]) != len(s)-1 {
		return false
	}
	for i := 1; i <= 3; i++ {
		code, _ := strconv.Atoi(s[1 : 1+i])
		plans, national := numberingPlans()[code], s[1+i:]
		if plans == nil {
			continue
		}
		// A leading 0 or a national prefix needs special handling.
		if national[0] == '0' || !plans[0].compiled().hasNoPrefix(national) {
			return false
		}
		for _, plan := range plans {
			switch p := plan.compiled(); {
			case p.leading == nil:
				if p.isValid(national) {
					return true
				}
			case p.leading.matchesPrefix(national):
				return p.isValid(national)
			}
		}
		return false
	}
	return false
}

// A plan is the numbering plan of a region.
type plan struct {
	metadata *phonenumbers.PhoneMetadata
	compiled func() *compiledPlan // on first use
}

type compiledPlan struct {
	incomplete bool // an expression is not supported
	// prefix matches the national prefix, and leading the leading digits of all numbers of the
	// region. They are nil if there are none.
	prefix, leading *automaton
	general         numberKind
	kinds           []numberKind
}

// A numberKind is a kind of numbers, such as mobile numbers.
type numberKind struct {
	lengths uint64 // a bit for each possible length; 0 if all are possible
	pattern *automaton
}

// numberingPlans has the plans of each calling code, the main region's first.
var numberingPlans = sync.OnceValue(func() map[int][]plan {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil // isPlainE164 is false then
	}
	byRegion := make(map[string]plan)
	for _, metadata := range all.GetMetadata() {
		byRegion[metadata.GetId()] = plan{metadata, sync.OnceValue(func() *compiledPlan { return compilePlan(metadata) })}
	}
	plans := make(map[int][]plan)
	for code := range phonenumbers.GetSupportedCallingCodes() {
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
				break // these codes have separate plans
			}
			plans[code] = append(plans[code], byRegion[region])
		}
	}
	return plans
})

func compilePlan(m *phonenumbers.PhoneMetadata) *compiledPlan {
	p := new(compiledPlan)
	compile := func(expr string) *automaton {
		if expr == "" {
			return nil
		}
		a := newAutomaton(expr)
		p.incomplete = p.incomplete || a == nil
		return a
	}
	kind := func(d *phonenumbers.PhoneNumberDesc) numberKind {
		k := numberKind{pattern: compile(d.GetNationalNumberPattern())}
		for _, length := range d.GetPossibleLength() {
			k.lengths |= 1 << max(length, 0)
		}
		return k
	}
	p.prefix, p.leading = compile(m.GetNationalPrefixForParsing()), compile(m.GetLeadingDigits())
	p.general = kind(m.GetGeneralDesc())
	p.kinds = []numberKind{kind(m.GetFixedLine())}
	if !m.GetSameMobileAndFixedLinePattern() {
		p.kinds = append(p.kinds, kind(m.GetMobile()))
	}
	for _, d := range []*phonenumbers.PhoneNumberDesc{
		m.GetTollFree(), m.GetSharedCost(), m.GetVoip(), m.GetPersonalNumber(),
		m.GetPremiumRate(), m.GetPager(), m.GetUan(), m.GetVoicemail(),
	} {
		p.kinds = append(p.kinds, kind(d))
	}
	return p
}

// hasNoPrefix reports whether the number has no national prefix.
func (p *compiledPlan) hasNoPrefix(national string) bool {
	return !p.incomplete && (p.prefix == nil || !p.prefix.matchesPrefix(national))
}

func (p *compiledPlan) isValid(national string) bool {
	if p.incomplete || !p.general.matches(national) {
		return false
	}
	for i := range p.kinds {
		if p.kinds[i].matches(national) {
			return true
		}
	}
	return false
}

func (k *numberKind) matches(national string) bool {
	return k.pattern != nil && (k.lengths == 0 || k.lengths&(1<<len(national)) != 0) && k.pattern.matches(national)
}
