package mapper

import (
	"strings"
)

// typeRules has the rules for each type of event that has a mapping.
var typeRules = [...]typeRule{
	{eventType: "track", skip: (*mapping).skipFiltered,
		requests: func(m *mapping) (person, []Request, *Error) { return m.eventRequests(&trackName, &warehouseTrackTime) }},
	{eventType: "identify", requests: (*mapping).identifyRequests},
	{eventType: "screen",
		requests: func(m *mapping) (person, []Request, *Error) { return m.eventRequests(&screenName, nil) }},
	{eventType: "group", requests: (*mapping).groupRequests},
	{eventType: "alias", enabled: func(c *Config) bool { return c.MergeOnAlias }, skip: (*mapping).skipAlias,
		requests: (*mapping).aliasRequests},
}

type typeRule struct {
	eventType string
	// enabled reports whether the config enables the type. nil means always.
	enabled func(*Config) bool
	// skip returns the reason to skip an event, or "". nil means that no events are skipped.
	skip     func(*mapping) SkipReason
	requests func(*mapping) (person, []Request, *Error)
}

// typeRule returns the rule for the event, or nil. Types are case-insensitive.
func (m *mapping) typeRule() *typeRule {
	v, _ := m.lookup(typePath)
	if !v.isString() {
		return nil
	}
	name := trimBytes(m.content(v))
	for i := range typeRules {
		r := &typeRules[i]
		if len(name) <= maxTruncated && strings.EqualFold(r.eventType, string(name)) && (r.enabled == nil || r.enabled(&m.cfg)) {
			return r
		}
	}
	return nil
}

// eventType returns the event's type in lower case, or "" if it has none.
func (m *mapping) eventType(known *typeRule) string {
	if known != nil {
		return known.eventType
	}
	v, _ := m.lookup(typePath)
	if !v.isString() {
		return ""
	}
	return strings.ToLower(truncate(trimBytes(m.content(v))))
}

// missingType returns the error of an event without a valid type.
func (m *mapping) missingType() *Error {
	e := &Error{Code: CodeMissingType, Field: typePath.text, Message: "no event type, such as track or identify; check that this is a RudderStack event"}
	if v, ok := m.lookup(typePath); ok && !v.isNull() && !v.isString() {
		e.Code, e.Message = CodeWrongType, "must be a string, such as track or identify"
	}
	return e
}

func (m *mapping) identifyRequests() (person, []Request, *Error) {
	p, err := m.identify(&profilePerson)
	if err != nil || m.skipReason != "" {
		return p, nil, err
	}
	meant := m.readProfile(p)
	profile := m.revision.profile(meant)
	requests := []Request{profile}
	subscription, err := m.identifySubscription(p)
	switch {
	case err != nil:
		return p, nil, err
	case subscription != nil:
		requests = append(requests, subscription)
	}
	return p, requests, m.checkProfile(profile, meant.rawSize())
}

func (m *mapping) eventRequests(names, warehouseTime *rule) (person, []Request, *Error) {
	p, err := m.identify(&eventPerson)
	if err != nil || m.skipReason != "" {
		return p, nil, err
	}
	name, err := m.eventName(names)
	if err != nil {
		return p, nil, err
	}
	event, err := m.readEvent(p, name, warehouseTime)
	if err != nil {
		return p, nil, err
	}
	requests := []Request{m.revision.event(event)}
	products, err := m.orderedProducts(event, name)
	if err != nil {
		return p, nil, err
	}
	return p, append(requests, products...), nil
}

func (m *mapping) groupRequests() (person, []Request, *Error) {
	subscribe := m.firstFlag(&groupSubscription.subscribe)
	if m.skipReason = m.skipGroup(subscribe); m.skipReason != "" {
		return person{}, nil, nil
	}
	p, err := m.identify(&subscriber)
	if err != nil || m.skipReason != "" {
		return p, nil, err
	}
	request, err := m.groupRequest(p, subscribe)
	if err == nil {
		err = m.limitErr
	}
	if err != nil {
		return p, nil, err
	}
	return p, []Request{request}, nil
}

// messageID returns the event's id without a warning if there is none.
func (m *mapping) messageID() string {
	switch id, _ := m.lookup(messageIDRule.from[0]); {
	case id.isString():
		return truncate(trimBytes(m.content(id)))
	case id.isNumber(), id.isBool():
		return truncate(id)
	}
	return ""
}
