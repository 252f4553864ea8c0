package mapper

import (
	"encoding/json"
	"maps"
	"slices"
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
	ecommerce, isEcommerce := ecommerceMetricOf(metric)
	if isEcommerce {
		metric, valuePaths = ecommerceMetricNames[ecommerce], ecommerceValues
	}
	worth := m.firstNumber(valuePaths)
	profile := m.eventProfile(p)
	properties := m.ownProperties()
	if isEcommerce {
		properties = m.renameProperties(ecommerce, properties, worth)
	} else {
		properties = properties.without(worth)
	}
	properties = m.flatten(properties, propertyPath)

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
	if err := m.checkEvent(&a, properties, name.path); err != nil {
		return CreateEvent{}, err
	}
	return CreateEvent{klaviyo.NewCreateEventBody(a)}, nil
}

// ownProperties are the properties of an event but for email and phone, which
// identify the person. Those that could not stay properties.
func (m *mapping) ownProperties() object {
	var own object
	for _, p := range m.objects[rootProperties] {
		if !notForProperties[p.name] || m.isUnused(rootProperties, p.name) {
			own = append(own, p)
		}
	}
	return own
}

// without leaves out the property that became the event's value.
func (o object) without(worth numberValue) object {
	return slices.DeleteFunc(o, func(p member) bool { return worth.isIn(p.name) })
}

func propertyPath(name string) string { return "properties." + name }

// eventProfile is the profile inside an event.
func (m *mapping) eventProfile(p person) special {
	s := special{Email: p.Email, PhoneNumber: p.PhoneNumber, ID: p.ExternalID}
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
func (m *mapping) withoutSpecialNames(custom object, s *special) object {
	taken := maps.Clone(identityNames)
	for _, f := range profileFields {
		taken[f.specialName()] = f.event(s).IsSpecified()
	}
	taken["$consent"] = s.Consent != nil
	var kept object
	for _, trait := range custom {
		if taken[trait.name] {
			m.warnCollision(m.traitPath(trait.name), "Klaviyo's special name is the profile's own field")
			continue
		}
		kept = append(kept, trait)
	}
	return kept
}
