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

// parsePhone gives the number in E.164, or nothing if it is invalid.
func (m *mapping) parsePhone(s string) string {
	s = internationalForm(s)
	if isCertain(s) {
		return s
	}
	if strings.HasPrefix(s, "+") {
		return m.phoneIn(s, "") // it names its country itself
	}
	country, _ := m.phoneCountry()
	if country == "" {
		return ""
	}
	return m.phoneIn(s, country)
}

// phoneIn parses a number as it is written in a country.
func (m *Mapper) phoneIn(s, country string) string {
	if len(s) > maxPhone {
		return parseUncertain(s, country)
	}
	slot := &m.phones[hashName([]byte(s))%uint64(len(m.phones))]
	if known := slot.Load(); known != nil && known.text == s && known.country == country {
		return known.e164
	}
	e164 := parseUncertain(s, country)
	slot.Store(&parsedPhone{s, country, e164})
	return e164
}

// internationalForm is a number without what says nothing around it: what ends it but letters
// and digits, and what is in front of the + of one that names its country, such as tel: or a
// bracket. The + may be full-width.
func internationalForm(s string) string {
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

// phoneMemory holds what became of some numbers that weren't certain. A number drives
// out the one that was in its slot.
type phoneMemory [1 << 10]atomic.Pointer[parsedPhone]

type parsedPhone struct{ text, country, e164 string }

// maxPhone is how long a text is remembered as a number, in bytes.
const maxPhone = 64

// parseUncertain leaves the number to phonenumbers. What begins with 00 and isn't of the
// country is dialled so from many others.
func parseUncertain(s, country string) string {
	e164 := parseIn(s, country)
	if rest, ok := strings.CutPrefix(s, "00"); ok && e164 == "" {
		return parseIn("+"+rest, "")
	}
	return e164
}

func parseIn(s, country string) string {
	number, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsValidNumber(number) || number.GetExtension() != "" {
		return "" // E.164 has no place for an extension
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// isCertain says of most valid numbers that stand in E.164 already that they do. It
// is what phonenumbers does with its own numbering plans, without the ways round for
// other notations: where one could be taken, the number isn't certain.
func isCertain(s string) bool {
	const minDigits, maxDigits = 7, 15
	if len(s) < 1+minDigits || len(s) > 1+maxDigits || s[0] != '+' || s[1] == '0' || digits(s[1:]) != len(s)-1 {
		return false
	}
	for i := 1; i <= 3; i++ {
		code, _ := strconv.Atoi(s[1 : 1+i])
		plans, national := numberingPlans()[code], s[1+i:]
		if plans == nil {
			continue
		}
		// A leading 0 is counted apart, a national prefix may be taken off.
		if national[0] == '0' || !plans[0].compiled().leavesAlone(national) {
			return false
		}
		for _, plan := range plans {
			switch p := plan.compiled(); {
			case p.leading == nil:
				if p.isValid(national) {
					return true
				}
			case p.leading.begins(national):
				return p.isValid(national)
			}
		}
		return false
	}
	return false
}

// plan is the numbering plan of a region.
type plan struct {
	metadata *phonenumbers.PhoneMetadata
	compiled func() *compiledPlan // on first use
}

type compiledPlan struct {
	unknown bool // something in it could not be compiled
	// prefix is the national prefix, leading what all numbers of the region begin
	// with; nil if there is none.
	prefix, leading *automaton
	general         numberKind
	kinds           []numberKind
}

// numberKind is the shape of one kind of numbers, such as mobile ones.
type numberKind struct {
	lengths uint64 // a bit for each that is possible; 0 if all are
	pattern *automaton
}

// numberingPlans are the plans of each calling code, the main region's first.
var numberingPlans = sync.OnceValue(func() map[int][]plan {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil // no number is certain then
	}
	byRegion := make(map[string]plan)
	for _, metadata := range all.GetMetadata() {
		byRegion[metadata.GetId()] = plan{metadata, sync.OnceValue(func() *compiledPlan { return compilePlan(metadata) })}
	}
	plans := make(map[int][]plan)
	for code := range phonenumbers.GetSupportedCallingCodes() {
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
				break // each such code has plans of its own by this name
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
		p.unknown = p.unknown || a == nil
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

// leavesAlone says that no national prefix is taken off the number.
func (p *compiledPlan) leavesAlone(national string) bool {
	return !p.unknown && (p.prefix == nil || !p.prefix.begins(national))
}

func (p *compiledPlan) isValid(national string) bool {
	if p.unknown || !p.general.matches(national) {
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
