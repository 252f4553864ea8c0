package mapper

import "strings"

// typeRules say what becomes of each type of event. Those of RudderStack's that have
// no mapping are there by name alone.
var typeRules = map[string]func(*mapping) (person, []Request, *Error){
	"identify": (*mapping).identifyRequests,
	"track":    func(m *mapping) (person, []Request, *Error) { return m.eventRequests(&trackName) },
	"screen":   func(m *mapping) (person, []Request, *Error) { return m.eventRequests(&screenName) },
	"group":    (*mapping).groupRequests,
	"page":     nil,
	"alias":    nil,
	"merge":    nil,
	"record":   nil,
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
	if err != nil {
		return p, nil, err
	}
	return p, []Request{request}, nil
}

// messageID is the event's id, without a word if it has none.
func (m *mapping) messageID() string {
	switch id, _ := m.lookup(messageIDRule.from[0]); {
	case id.isString():
		return strings.TrimSpace(id.text())
	case id.isNumber(), id.isBool():
		return string(id)
	}
	return ""
}
