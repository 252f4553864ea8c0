package mapper

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// The rules of what an event is called, and of what it is worth.
var (
	eventPath        = newPath("event")
	propertiesPath   = newPath("properties")
	trackName        = newRule("metric", "event P.event P.name")
	screenName       = newRule("metric", "name event P.name")
	valueRule        = newRule("value", "P.revenue P.total P.value")
	ecommerceValue   = newRule("value", "P.value P.revenue P.total")
	messageIDRule    = newRule("unique_id", "messageId")
	notForProperties = newWordSet("email", "phone")
)

// eventName finds the name of a track or a screen.
func (m *mapping) eventName(names *rule) (textValue, *Error) {
	if event, ok := m.lookup(eventPath); ok && !event.isString() && !event.isNull() {
		return textValue{}, &Error{Code: CodeWrongType, Field: "event", Message: "the name of an event is a string"}
	}
	name, ok := m.firstText(names)
	if !ok {
		return textValue{}, &Error{Code: CodeMissingEventName, Field: "event", Message: "the event has no name; it may be in event, properties.name and others"}
	}
	name.text = strings.TrimSpace(name.text)
	return name, nil
}

// createEvent builds the request of a track or a screen.
func (m *mapping) createEvent(p person, name textValue) (CreateEvent, *Error) {
	metric, value := name.text, &valueRule
	ecommerce, isEcommerce := ecommerceMetricOf(metric)
	if isEcommerce {
		metric, value = ecommerceMetricNames[ecommerce], &ecommerceValue
	}
	worth := m.firstNumber(value)
	a := &m.eventRequest
	*a = klaviyo.EventCreateAttributes{
		Metric: klaviyo.MetricCreateQuery{Name: metric},
		Value:  json.Number(worth.text),
	}
	m.readEventProfile(&a.Profile, p)
	properties := m.ownProperties()
	if isEcommerce {
		properties = m.renameProperties(ecommerce, properties, &worth)
	} else {
		properties = properties.without(&worth)
	}
	if !isEcommerce && !m.cfg.FlattenProperties && len(properties) == len(m.parts[rootProperties]) {
		a.Properties = m.whole(propertiesPath)
	} else {
		properties = m.flatten(properties, maxProperties, maxEventSize, (*mapping).propertyPath)
		a.Properties = m.json(properties, maxEventSize, eventTooLarge)
	}

	var err *Error
	if a.Time, err = m.eventTime(); err != nil {
		return CreateEvent{}, err
	}
	if a.UniqueID = m.id; m.id == "" || len(m.id) > maxShown || m.trace != nil {
		id, _ := m.firstText(&messageIDRule) // which says why, or where
		a.UniqueID = strings.TrimSpace(id.text)
	}
	if err := m.checkEvent(a, properties, name.path); err != nil {
		return CreateEvent{}, err
	}
	return CreateEvent{klaviyo.NewCreateEventBody(*a)}, nil
}

// ownProperties are the properties of an event but for email and phone, which
// identify the person. Those that could not stay properties.
func (m *mapping) ownProperties() object {
	properties := m.parts[rootProperties]
	own := slices.Grow(m.own[:0], len(properties))
	for i := range properties {
		if p := &properties[i]; !notForProperties[p.word] || m.isUnused(rootProperties, p.word) {
			own = append(own, *p)
			if m.trace != nil {
				m.trace.used["properties."+string(p.name())] = true
			}
		}
	}
	m.own = own // its memory serves the next event
	return own
}

// whole gives an object that needs no change as it stands in the event, or {}.
func (m *mapping) whole(p path) []byte {
	at := m.at[p.root][p.word]
	if at == 0 || len(m.parts[rootProperties]) == 0 {
		return []byte("{}")
	}
	found := &m.parts[p.root][at-1]
	if !found.spaced {
		return found.value
	}
	compact, ok := found.value.compact(maxEventSize)
	if !ok {
		m.breaks(eventTooLarge())
	}
	return compact
}

// without leaves out the property that became the event's value.
func (o object) without(worth *numberValue) object {
	if i := slices.IndexFunc(o, func(p member) bool { return worth.isIn(p.word) }); i >= 0 {
		return slices.Delete(o, i, i+1)
	}
	return o
}

func (*mapping) propertyPath(name []byte) string { return "properties." + shown(name) }

// readEventProfile fills in the profile inside an event.
func (m *mapping) readEventProfile(s *special, p person) {
	s.Email, s.PhoneNumber, s.ID = p.Email, p.PhoneNumber, p.ExternalID
	for i := range profileFields {
		f := &profileFields[i]
		*f.event(s) = m.read(f)
	}
	if channels, p, ok := m.firstList(&eventConsent); ok {
		s.Consent = m.channelTexts(channels, p)
	}
	custom := m.withUserID(m.withoutSpecialNames(m.customTraits(), s), p)
	if custom = m.flatten(custom, maxTraits, maxEventSize, (*mapping).traitPath); len(custom) > 0 {
		s.Properties = m.customJSON(custom, maxEventSize, eventTooLarge)
	}
}

// channelTexts gives the elements that are text, in a list that isn't nil.
func (m *mapping) channelTexts(channels value, from path) []string {
	out := []string{}
	for v := range channels.channels() {
		if len(out) == maxChannels {
			m.breaks(limitError(CodeListTooLong, pointerTo(from.text), "a profile has %d channels at most", maxChannels))
			break
		}
		switch {
		case v.isString():
			out = append(out, string(m.take(m.content(v))))
		case v.isNumber(), v.isBool():
			out = append(out, string(m.take(v)))
		}
	}
	return out
}

// specialNames say how to know whether a special name is set in an event's profile.
// Traits never give those of the identifiers.
var specialNames = func() (set [maxWords]func(*special) bool) {
	always := func(*special) bool { return true }
	for _, name := range []string{"$email", "$phone_number", "$id"} {
		set[words.add(name)] = always
	}
	for _, f := range profileFields {
		set[words.add(f.specialName())] = func(s *special) bool { return f.event(s).IsSpecified() }
	}
	set[words.add("$consent")] = func(s *special) bool { return s.Consent != nil }
	return set
}()

// withoutSpecialNames leaves out the traits whose names are special and set.
func (m *mapping) withoutSpecialNames(custom object, s *special) object {
	return slices.DeleteFunc(custom, func(trait member) bool {
		isSet := specialNames[trait.word]
		if isSet == nil || !isSet(s) {
			return false
		}
		m.warnCollision(m.traitPath(trait.name()), "Klaviyo's special name is the profile's own field")
		return true
	})
}
