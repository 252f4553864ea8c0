package mapper

import (
	"encoding/json"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// The paths of what an event is called, and of what it is worth.
var (
	eventPath        = newPath("event")
	trackNames       = paths("event P.event P.name")
	screenNames      = paths("name event P.name")
	values           = paths("P.revenue P.total P.value")
	ecommerceValues  = paths("P.value P.revenue P.total")
	messageIDPaths   = paths("messageId")
	notForProperties = nameSet("email", "phone")
)

// eventName finds the name of a track or a screen.
func (m *mapping) eventName(names []path) (textValue, *Error) {
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
	metric, valuePaths := name.text, values
	rule := ecommerceRules[strings.ToLower(metric)]
	if rule != nil {
		metric, valuePaths = rule.metric, ecommerceValues
	}
	worth := m.firstNumber(valuePaths)
	profile := m.eventProfile(p)
	properties := m.eventProperties(rule, worth)

	a := klaviyo.EventCreateAttributes{
		Metric:     klaviyo.MetricCreateQuery{Name: metric},
		Profile:    profile,
		Properties: properties.json(),
		Value:      json.Number(worth.text),
	}
	var err *Error
	if a.Time, err = m.eventTime(); err != nil {
		return CreateEvent{}, err
	}
	if id, ok := m.firstText(messageIDPaths); ok {
		a.UniqueID = strings.TrimSpace(id.text)
	}
	if err := checkEvent(&a, properties, name.path); err != nil {
		return CreateEvent{}, err
	}
	return CreateEvent{klaviyo.NewCreateEventBody(a)}, nil
}

// eventProperties gives the properties that the event keeps: all but email and
// phone, and but the one that became its value.
func (m *mapping) eventProperties(rule *ecommerceRule, worth numberValue) object {
	var kept object
	for _, p := range m.objects[rootProperties] {
		switch {
		case notForProperties[p.name] && !m.isUnused(rootProperties, p.name):
		case rule == nil && worth.isIn(p.name):
		default:
			kept = append(kept, p)
		}
	}
	if rule != nil {
		list := itemList(kept)
		kept = m.rename(kept, "properties", func(p member) (member, bool) {
			if rule.value && worth.isIn(p.name) {
				return newMember("$value", value(worth.text)), true
			}
			return m.renameProperty(rule, p, list)
		})
	}
	return m.flatten(kept, propertyPath)
}

func propertyPath(name string) string { return "properties." + name }

// eventProfile is the profile inside an event.
func (m *mapping) eventProfile(p person) klaviyo.EventProfile {
	s := klaviyo.EventProfile{Email: p.Email, PhoneNumber: p.PhoneNumber, ID: p.ExternalID}
	for _, f := range profileFields {
		*f.event(&s) = m.read(f)
	}
	if channels, _, ok := m.firstList(eventConsent); ok {
		s.Consent = texts(channels)
	}
	custom := m.withUserID(m.withoutSpecialNames(m.customTraits(), &s), p)
	if custom = m.flatten(custom, m.traitPath); len(custom) > 0 {
		s.Properties = custom.json()
	}
	return s
}

// texts gives the elements that are text, in a list that isn't nil.
func texts(list []value) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		switch {
		case v.isString():
			out = append(out, v.text())
		case v.isNumber(), v.isBool():
			out = append(out, string(v))
		}
	}
	return out
}

// identityNames are the special names that traits never give.
var identityNames = nameSet("$email", "$phone_number", "$id")

// withoutSpecialNames leaves out the traits whose names are special and set.
func (m *mapping) withoutSpecialNames(custom object, s *klaviyo.EventProfile) object {
	var kept object
	for _, trait := range custom {
		if strings.HasPrefix(trait.name, "$") && (identityNames[trait.name] || isSet(s, trait.name)) {
			m.warnCollision(m.traitPath(trait.name), "Klaviyo's special name is the profile's own field")
			continue
		}
		kept = append(kept, trait)
	}
	return kept
}
