package mapper

import (
	"iter"
	"slices"
	"strings"
)

// subscriptionRules are the rules of the subscription options of a type of event.
type subscriptionRules struct {
	subscribe, listID, consent, smsConsent rule
}

var (
	identifySubscription = subscriptionRules{
		subscribe:  newRule("subscribe", "{TP,CP,P}.subscribe"),
		listID:     newRule("list id", "{TP,CP,P}.listId"),
		consent:    newRule("consent", "{TP,CP,P}.consent"),
		smsConsent: newRule("smsConsent", "{TP,CP,P}.smsConsent"),
	}
	groupSubscription = subscriptionRules{
		subscribe:  newRule("subscribe", "{T,C,TP,CP}.subscribe"),
		listID:     newRule("list id", "groupId"),
		consent:    newRule("consent", "{TP,CP,P,T,C}.consent"),
		smsConsent: newRule("smsConsent", "{TP,CP,P,T,C}.smsConsent"),
	}
	eventConsent = newRule("consent", "{TP,CP,P,T,C}.consent")
)

// identifySubscription gives the request that follows a profile: a subscription,
// an end of one, or none.
func (m *mapping) identifySubscription(p person) (Request, *Error) {
	rules := &identifySubscription
	subscribe := m.firstFlag(&rules.subscribe)
	if m.retl && !subscribe.there {
		subscribe = flagValue{isTrue: true, ok: true}
	}
	var request Request
	var err *Error
	switch {
	case subscribe.ok && subscribe.isTrue:
		listID := m.listID(rules)
		if listID == "" {
			m.warn(CodeSubscribeWithoutList, "listId", "subscribe is true, but neither the event nor the config names a list")
			return nil, nil
		}
		request, err = m.subscribe(rules, p, listID)
	case subscribe.ok && *m.cfg.Unsubscribe:
		request, err = m.unsubscribe(rules, p, func() string { return m.listID(rules) })
	}
	if err != nil && err.Code == CodeNoConsentedChannel { // the profile is sent all the same
		m.warn(err.Code, err.Field, err.Message)
		return nil, nil
	}
	return request, err
}

// groupRequest subscribes the person to the list that the group is, or
// unsubscribes.
func (m *mapping) groupRequest(p person) (Request, *Error) {
	rules := &groupSubscription
	listID, ok := m.firstText(&rules.listID)
	if !ok {
		return nil, &Error{Code: CodeMissingGroupID, Field: "groupId", Message: "a group needs a groupId, the id of a list"}
	}
	subscribe := m.firstFlag(&rules.subscribe)
	switch {
	case subscribe.ok && subscribe.isTrue:
		return m.subscribe(rules, p, strings.TrimSpace(listID.text))
	case subscribe.ok && *m.cfg.Unsubscribe:
		return m.unsubscribe(rules, p, func() string { return strings.TrimSpace(listID.text) })
	}
	return nil, &Error{Code: CodeSubscribeRequired, Field: "subscribe", Message: "a group does nothing but subscribe; it needs subscribe: true in its traits"}
}

// subscribe subscribes a person by the channels that they consent to.
func (m *mapping) subscribe(rules *subscriptionRules, p person, listID string) (Request, *Error) {
	s := &m.subscribes // which a pointer to a local one would put on the heap each time
	*s = subscription{Identity: p.Identity, listID: listID}
	var err *Error
	if s.email, s.sms, err = m.channels(rules, p); err != nil {
		return nil, err
	}
	if m.cfg.HistoricalImport {
		if s.consentedAt, err = m.consentTime(); err != nil {
			return nil, err
		}
	}
	return m.revision.subscribe(s), nil
}

// unsubscribe unsubscribes a person.
func (m *mapping) unsubscribe(rules *subscriptionRules, p person, listID func() string) (Request, *Error) {
	s := &m.subscribes
	*s = subscription{Identity: p.Identity}
	var err *Error
	if s.email, s.sms, err = m.endedChannels(rules, p); err != nil {
		return nil, err
	}
	s.listID = listID()
	return m.revision.unsubscribe(s), nil
}

// consentTime is when a consent was given that is imported: at the event's time.
func (m *mapping) consentTime() (string, *Error) {
	at, err := m.eventTime()
	switch {
	case err != nil:
		return "", err
	case at.text == "":
		return "", &Error{Code: CodeMissingTime, Field: timeRule.from[0].text, Message: "a consent that is imported needs the time at which it was given"}
	case at.at.After(m.cfg.Now()):
		return "", &Error{Code: CodeInvalidTime, Field: at.path, Message: "a consent that is imported was given in the past"}
	}
	return at.text, nil
}

func (m *mapping) listID(rules *subscriptionRules) string {
	if found, ok := m.firstText(&rules.listID); ok {
		return strings.TrimSpace(found.text)
	}
	return strings.TrimSpace(m.cfg.ListID)
}

// consented is whether the person consents to a channel, and where the event says so. The
// path is empty where the config does.
type consented struct {
	ok   bool
	path string
}

// channels gives the channels that the person consents to and can be reached by,
// or an error where there is none.
func (m *mapping) channels(rules *subscriptionRules, p person) (byEmail, bySMS bool, err *Error) {
	email, sms, ok := m.named(&rules.consent)
	if !ok {
		email.ok = slices.Contains(m.cfg.Consent, ChannelEmail)
		sms.ok = slices.Contains(m.cfg.Consent, ChannelSMS)
	}
	if flag := m.firstFlag(&rules.smsConsent); flag.ok {
		sms = consented{flag.isTrue, flag.path.text}
	} else if m.cfg.SMSConsent != nil {
		sms.ok = *m.cfg.SMSConsent
	}
	byEmail, bySMS = email.ok && p.Email != "", sms.ok && p.PhoneNumber != ""
	switch {
	case !byEmail && !bySMS:
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: "consent", Message: "no channel that the person consents to has its identifier, so nobody is subscribed"}
	case !byEmail && email.ok && email.path != "":
		m.warn(CodeChannelWithoutIdentifier, email.path, "the event names the channel email, but has no valid email address; the person is subscribed to sms only")
	case !bySMS && sms.ok && sms.path != "":
		m.warn(CodeChannelWithoutIdentifier, sms.path, "the event names the channel sms, but has no valid phone number; the person is subscribed to email only")
	}
	return byEmail, bySMS, nil
}

// endedChannels gives the channels that a subscription ends for: those that the event
// names, or all, of those that the person can be reached by.
func (m *mapping) endedChannels(rules *subscriptionRules, p person) (email, sms bool, err *Error) {
	email, sms = p.Email != "", p.PhoneNumber != ""
	if !email && !sms {
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: "subscribe", Message: "subscribe is false, but there is no email and no phone number to unsubscribe"}
	}
	if !m.revision.has.endedBy {
		return email, sms, nil
	}
	if mail, text, _ := m.named(&rules.consent); mail.ok || text.ok {
		email, sms = email && mail.ok, sms && text.ok
	}
	if !email && !sms {
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: "consent", Message: "no channel that the event names has its identifier, so nobody is unsubscribed"}
	}
	return email, sms, nil
}

// named reads the channels that the event itself names; ok if it says anything of them.
func (m *mapping) named(r *rule) (email, sms consented, ok bool) {
	names, p, ok := m.firstList(r)
	if !ok {
		return consented{}, consented{}, false
	}
	for name := range names.channels() {
		switch {
		case name.isString() && Channel(m.content(name)) == ChannelEmail:
			email = consented{true, p.text}
		case name.isString() && Channel(m.content(name)) == ChannelSMS:
			sms = consented{true, p.text}
		default:
			m.warn(CodeUnknownChannel, p.text, "a channel is email or sms; another was named")
		}
	}
	return email, sms, true
}

// firstList gives the first usable list of channels, or a string that stands for one.
func (m *mapping) firstList(r *rule) (value, path, bool) {
	for _, p := range r.from {
		v, ok := m.lookup(p)
		switch {
		case !ok, v.isNull(), v.isBlank():
		case v.isList(), v.isString():
			m.took(r, p.text)
			return v, p, true
		default:
			m.warn(CodeWrongType, p.text, "a channel or a list of channels is needed here")
		}
	}
	return nil, path{}, false
}

// channels goes through the elements of a list, for which a string stands as its only one.
func (v value) channels() iter.Seq[value] {
	return func(yield func(value) bool) {
		if v.isString() {
			yield(v)
			return
		}
		for _, element := range v.elements() {
			if !yield(element) {
				return
			}
		}
	}
}
