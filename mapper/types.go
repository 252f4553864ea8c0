package mapper

import (
	"bytes"
	"strings"
)

// typeRules say what becomes of each type of event that has a mapping.
var typeRules = [...]typeRule{
	{"track", func(m *mapping) (person, []Request, *Error) { return m.eventRequests(&trackName) }},
	{"identify", (*mapping).identifyRequests},
	{"screen", func(m *mapping) (person, []Request, *Error) { return m.eventRequests(&screenName) }},
	{"group", (*mapping).groupRequests},
}

type typeRule struct {
	eventType string
	requests  func(*mapping) (person, []Request, *Error)
}

// typeRule is the rule for the event, whose type is matched in any case, or nil.
func (m *mapping) typeRule() *typeRule {
	v, _ := m.lookup(typePath)
	if !v.isString() {
		return nil
	}
	name := bytes.TrimSpace(m.content(v))
	for i := range typeRules {
		if len(name) <= maxShown && strings.EqualFold(typeRules[i].eventType, string(name)) {
			return &typeRules[i]
		}
	}
	return nil
}

// eventType is the event's type in lower case, or empty if it has none.
func (m *mapping) eventType(known *typeRule) string {
	if known != nil {
		return known.eventType
	}
	v, _ := m.lookup(typePath)
	if !v.isString() {
		return ""
	}
	return strings.ToLower(shown(bytes.TrimSpace(m.content(v))))
}

// noType is the error of an event that doesn't say what it is.
func (m *mapping) noType() *Error {
	e := &Error{Code: CodeMissingType, Field: typePath.text, Message: "an event has a type, such as track or identify; is this one of RudderStack's?"}
	if v, ok := m.lookup(typePath); ok && !v.isNull() && !v.isString() {
		e.Code, e.Message = CodeWrongType, "the type of an event is a string, such as track or identify"
	}
	return e
}

func (m *mapping) identifyRequests() (person, []Request, *Error) {
	p, err := m.identify(true)
	if err != nil {
		return p, nil, err
	}
	profile := m.createProfile(p)
	requests := append([]Request{profile}, m.identifySubscriptions(p)...)
	if err := checkExternalID(p); err != nil {
		return p, nil, err
	}
	return p, requests, m.checkProfile(profile)
}

func (m *mapping) eventRequests(names *rule) (person, []Request, *Error) {
	p, err := m.identify(true)
	if err != nil {
		return p, nil, err
	}
	name, err := m.eventName(names)
	if err != nil {
		return p, nil, err
	}
	event, err := m.createEvent(p, name)
	if err != nil {
		return p, nil, err
	}
	return p, []Request{event}, checkExternalID(p)
}

func (m *mapping) groupRequests() (person, []Request, *Error) {
	p, err := m.identify(false)
	if err != nil {
		return p, nil, err
	}
	request, err := m.groupRequest(p)
	if err == nil {
		err = m.broken
	}
	if err != nil {
		return p, nil, err
	}
	return p, []Request{request}, nil
}

// messageID is the event's id, without a word if it has none.
func (m *mapping) messageID() string {
	switch id, _ := m.lookup(messageIDRule.from[0]); {
	case id.isString():
		return shown(bytes.TrimSpace(m.content(id)))
	case id.isNumber(), id.isBool():
		return shown(id)
	}
	return ""
}
