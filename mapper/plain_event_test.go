package mapper_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Sections 4 and 6: track and screen, and the profile inside an event.

func (m *plain) eventBodies(kind string, names ...string) []string {
	m.identify(plainPerson{byID: true, hasProperties: true})
	if v, ok := m.event.get("event"); ok && kindOf(v) != '"' && kindOf(v) != 'n' {
		fail(mapper.CodeWrongType, "event")
	}
	name, namePath, _ := m.firstText(names...)
	if namePath == "" {
		fail(mapper.CodeMissingEventName, "event")
	}
	name = plainTrim(name)
	original := name
	column, isEcommerce := plainMetrics[strings.ToLower(name)]
	isEcommerce = isEcommerce && (m.cfg.EcommerceEvents == nil || *m.cfg.EcommerceEvents)
	for _, named := range slices.Backward(m.cfg.MetricNames) {
		if strings.EqualFold(plainTrim(named.EventName), original) {
			name, isEcommerce = plainTrim(named.MetricName), false
		}
	}
	attributes := map[string]any{}
	var value, valuePath string
	if isEcommerce {
		name = column
		value, valuePath = m.firstNumber("P.value", "P.revenue", "P.total")
	} else {
		value, valuePath = m.firstNumber("P.revenue", "P.total", "P.value")
	}
	isMoney := m.isMoney
	if value != "" {
		attributes["value"] = json.RawMessage(value)
	}
	attributes["metric"] = map[string]any{"name": name}
	profile := m.eventProfile()
	if m.served() {
		id, _, _ := m.firstText("anonymousId")
		m.anonymousID = plainTrim(id)
	}
	if v, _ := m.p.get("currency"); m.served() && kindOf(v) != 0 && kindOf(v) != 'n' && !isBlankText(v) && m.currency() == "" {
		m.warn(mapper.CodeInvalidCurrency, "properties.currency")
	}
	attributes["profile"] = profile

	at, timePath := m.timeAt(kind)
	var properties pairs
	for _, p := range m.p {
		switch {
		case slices.Contains(m.notOwn, p.name):
		case p.name == "timestamp" && timePath == "properties.timestamp":
		case !isEcommerce && "P."+p.name == valuePath && !isMoney:
		default:
			properties = append(properties, p)
		}
	}
	own := slices.Clone(properties)
	if isEcommerce {
		properties = m.ecommerce(column, properties, value, strings.TrimPrefix(valuePath, "P."), isMoney)
	}
	properties = m.flattenEvent(properties, isEcommerce, func(name string) string { return m.ownPath("properties", name) })
	attributes["properties"] = properties
	if at != "" {
		attributes["time"] = at
	}
	if id, path, _ := m.firstText("messageId"); path != "" {
		attributes["unique_id"] = plainTrim(id)
	} else {
		attributes["unique_id"] = plainUUID(plainTrim(string(m.raw)))
	}
	uniqueID := attributes["unique_id"].(string)
	encode := func() string {
		attributes := maps.Clone(attributes)
		body := encodePlain("event", attributes)
		if m.served() {
			body = m.servedEvent(attributes, profile)
		}
		m.checkEvent(attributes["properties"].(pairs), own, body, func() {
			if utf8.RuneCountInString(name) > 127 {
				fail(mapper.CodeMetricNameTooLong, fieldOf(namePath))
			}
		}, m.checkExternalID)
		if m.served() {
			m.checkServed(attributes)
		}
		return body
	}
	bodies := []string{encode()}
	if !m.cfg.OrderedProducts || !strings.EqualFold(original, "Order Completed") {
		return bodies
	}
	if m.served() && utf8.RuneCountInString(uniqueID) > 255 {
		uniqueID = plainUUID(uniqueID)
	}
	name = "Ordered Product"
	list, listName := m.itemsOf(m.p)
	orderID, _ := m.p.get("order_id")
	hasOrder := listName != "" && m.isOrderID(orderID)
	for i, item := range list {
		if kindOf(item) != '{' {
			continue
		}
		place := fmt.Sprintf("properties.%s[%d]", listName, i)
		fields := pairsOf(item)
		delete(attributes, "value")
		if value := m.worthOf(fields, place); value != "" {
			attributes["value"] = json.RawMessage(value)
		}
		if hasOrder {
			fields = append(slices.Clone(fields), pair{"\x00order", orderID})
		}
		fields = m.renamed(fields, place, func(f pair) (string, json.RawMessage) {
			if f.name == "\x00order" {
				return "OrderId", f.raw
			}
			return m.itemName(fields, f.name), f.raw
		})
		attributes["metric"] = map[string]any{"name": name}
		attributes["unique_id"] = uniqueID + "-" + strconv.Itoa(i+1)
		attributes["properties"] = m.flatten(fields, func(name string) string { return m.ownPath(place, name) })
		own = nil
		bodies = append(bodies, encode())
	}
	return bodies
}

// worthOf is price by quantity.
func (m *plain) worthOf(fields pairs, place string) string {
	number := func(name string) (*big.Rat, bool) {
		v, _ := fields.get(name)
		if kindOf(v) == 0 || kindOf(v) == 'n' || isBlankText(v) {
			return nil, true
		}
		// It is read as any number is, of an event that has nothing else.
		alone := &plain{cfg: m.cfg, p: pairs{{name, v}}}
		text, path := alone.firstNumber("P." + name)
		for _, w := range alone.warnings {
			m.warn(w.Code, place+"."+name)
		}
		if path == "" {
			return nil, false
		}
		r, _ := new(big.Rat).SetString(text)
		return r, true
	}
	price, ok := number("price")
	if !ok || price == nil {
		return ""
	}
	quantity, ok := number("quantity")
	switch {
	case !ok:
		return ""
	case quantity == nil:
		v, _ := fields.get("price")
		if text := plainMoney(textOf(v)); kindOf(v) == '"' && text != "" && plainTrim(textOf(v)) != text {
			return text
		}
		return plainTrim(textOf(v))
	}
	price.Mul(price, quantity)
	digits, _ := price.FloatPrec()
	return price.FloatString(digits)
}

// specialProfile is an event's profile: special names, and custom ones behind them.
type specialProfile struct {
	special map[string]any
	custom  pairs
}

func (m *plain) eventProfile() specialProfile {
	s := specialProfile{special: map[string]any{}}
	for name, text := range map[string]string{"$email": m.email, "$phone_number": m.phone, "$id": m.externalID} {
		if text != "" {
			s.special[name] = text
		}
	}
	m.fields(true, func(i int) string { return plainFields[i].special }, s.special)
	if list, path := m.firstList("TP.consent", "CP.consent", "P.consent", "T.consent", "C.consent"); path != "" {
		consent := []string{}
		for _, v := range list {
			if strings.IndexByte(`"0tf`, kindOf(v)) >= 0 {
				consent = append(consent, textOf(v))
			}
		}
		s.special["$consent"] = consent
	}
	for _, trait := range m.customTraits(true) {
		_, set := s.special[trait.name]
		if m.served() && trait.name != "$consent" {
			set = false
		}
		if set || slices.Contains([]string{"$email", "$phone_number", "$id"}, trait.name) {
			m.warn(mapper.CodeNameCollision, m.traitField(trait.name))
			continue
		}
		s.custom = append(s.custom, trait)
	}
	s.custom = m.flatten(m.withUserID(m.readPatch(s.custom)), m.traitField)
	_, hasConsent := s.special["$consent"]
	m.keepSent(s.custom, hasConsent)
	return s
}

func timeOfText(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) }

// timeAt returns the event's time, and the field that has it.
func (m *plain) timeAt(kind string) (text, field string) {
	paths := []string{"timestamp", "originalTimestamp", "receivedAt"}
	mapped, _ := m.context.get("mappedToDestination")
	if channel, _ := m.event.get("channel"); kindOf(channel) == '"' && textOf(channel) == "sources" && !isTruthyValue(mapped) {
		switch kind {
		case "track":
			paths = append([]string{"P.timestamp"}, paths...)
		case "identify":
			paths = append([]string{"context.timestamp", "C.timestamp", "T.timestamp"}, paths...)
		}
	}
	first := ""
	for _, path := range paths {
		v, ok := m.get(path)
		if !ok || kindOf(v) == 'n' || isBlankText(v) {
			continue
		}
		text, assumed := plainTimeText(v)
		after := map[bool]int{false: 2000, true: 1990}[m.served()]
		t, err := time.Parse(time.RFC3339, text)
		if err != nil || t.UTC().Year() <= after || t.After(m.cfg.Now().AddDate(1, 0, 0)) {
			m.warn(mapper.CodeInvalidTime, fieldOf(path))
			if first == "" {
				first = fieldOf(path)
			}
			continue
		}
		if assumed {
			m.warn(mapper.CodeAssumedUTC, fieldOf(path))
		}
		return text, fieldOf(path)
	}
	if first != "" {
		fail(mapper.CodeInvalidTime, first)
	}
	return "", ""
}

// plainTimeText writes a time in RFC 3339, or gives nothing.
func plainTimeText(v json.RawMessage) (text string, assumed bool) {
	text = strings.ToUpper(plainTrim(textOf(v)))
	for zero, ascii := range map[rune]rune{'٠': '0'} { // of those in events here
		text = strings.Map(func(r rune) rune {
			if zero <= r && r <= zero+9 {
				return ascii + r - zero
			}
			return r
		}, text)
	}
	if mantissa, exponent, ok := strings.Cut(strings.ReplaceAll(text, "E+", "E"), "E"); kindOf(v) == '0' && ok && len(exponent) < 3 {
		whole, fraction, _ := strings.Cut(mantissa, ".") // of those in events here
		shift, _ := strconv.Atoi(exponent)
		text = whole + (fraction + strings.Repeat("0", shift))[:shift]
	}
	if kindOf(v) == '0' && !strings.ContainsAny(text, "E.-") || kindOf(v) == '"' && regexp.MustCompile(`^(\d{10}|\d{13}|\d{16}|\d{19})$`).MatchString(text) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", false
		}
		unit := map[int]time.Duration{13: time.Millisecond, 16: time.Microsecond, 19: time.Nanosecond}[len(text)]
		if unit == 0 {
			unit = time.Second
		}
		per := int64(time.Second / unit)
		return time.Unix(n/per, n%per*int64(unit)).UTC().Format(time.RFC3339Nano), false
	}
	if kindOf(v) != '"' || len(text) > 1_000 {
		return "", false
	}
	if plainTime.MatchString(text) {
		return text, false
	}
	text = regexp.MustCompile(`^(.{10}) `).ReplaceAllString(text, "${1}T")
	text = regexp.MustCompile(`^(.{11}[^ ]*) ?(UTC|GMT)$`).ReplaceAllString(text, "${1}Z")
	text = regexp.MustCompile(`^(.{11}[^ ]*) (Z|[+-])`).ReplaceAllString(text, "$1$2")
	if regexp.MustCompile(`^\d{4}-\d\d-\d\d$`).MatchString(text) {
		text += "T00:00:00"
	}
	text = regexp.MustCompile(`^(.{10}T\d\d:\d\d)($|Z|[+-])`).ReplaceAllString(text, "$1:00$2")
	text = regexp.MustCompile(`([+-]\d\d)(\d\d)?$`).ReplaceAllStringFunc(text, func(offset string) string {
		if len(text) <= 10+len(offset) || !strings.Contains(text[:len(text)-len(offset)], "T") || strings.HasSuffix(text[:len(text)-3], ":") {
			return offset
		}
		return (offset + "00")[:3] + ":" + (offset + "00")[3:5]
	})
	if plainTime.MatchString(text + "Z") {
		return text + "Z", true
	}
	if !plainTime.MatchString(text) {
		return "", false
	}
	return text, false
}

// plainTime is RFC 3339, but for days that don't exist.
var plainTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)
