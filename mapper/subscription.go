package mapper

import (
	"bytes"
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
		consent:    subscriptionConsent,
		smsConsent: subscriptionSMSConsent,
	}
	groupSubscription = subscriptionRules{
		subscribe:  newRule("subscribe", "{T,C,TP,CP}.subscribe"),
		listID:     newRule("list id", "groupId"),
		consent:    subscriptionConsent,
		smsConsent: subscriptionSMSConsent,
	}
	subscriptionConsent    = newRule("consent", "{TP,CP,P,T,C}.consent")
	subscriptionSMSConsent = newRule("smsConsent", "{TP,CP,P,T,C}.smsConsent")
)

// identifySubscription gives the request that follows a profile: a subscription,
// an end of one, or none.
func (m *mapping) identifySubscription(p person) (Request, *Error) {
	rules := &identifySubscription
	subscribe := m.firstFlag(&rules.subscribe)
	byDefault := !subscribe.there && m.subscribesByDefault()
	if byDefault {
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
	case subscribe.ok:
		m.warnNotUnsubscribed(subscribe)
	case !subscribe.there:
		m.warnSubscribeElsewhere()
	}
	if err != nil && err.Code == CodeNoConsentedChannel { // the profile is sent all the same
		m.warn(err.Code, err.Field, err.Message)
		return nil, nil
	}
	if byDefault && request != nil {
		m.warn(CodeSubscribedByDefault, "subscribe", "the record has no subscribe column, so it subscribes the person; map a column to subscribe to choose")
	}
	return request, err
}

// warnSubscribeElsewhere warns of a subscribe: true where that of a group stands, and which
// no rule reads in an identify.
func (m *mapping) warnSubscribeElsewhere() {
	for _, p := range groupSubscription.subscribe.from {
		if v, ok := m.lookup(p); ok && (v.isBool() && v[0] == 't' || v.isString() && len(v) <= maxFlag && strings.EqualFold(v.text(), "true")) {
			m.warn(CodeSubscribeElsewhere, p.text, "subscribe is true but directly in the traits, so it subscribes nobody; move it to traits.properties")
			return
		}
	}
}

// groupRequest subscribes the person to the list that the group is, or
// unsubscribes.
func (m *mapping) groupRequest(p person, subscribe flagValue) (Request, *Error) {
	rules := &groupSubscription
	listID, ok := m.firstText(&rules.listID)
	if !ok {
		return nil, &Error{Code: CodeMissingGroupID, Field: "groupId", Message: "no groupId; set it to the id of a Klaviyo list"}
	}
	switch {
	case !subscribe.ok:
		return nil, &Error{Code: CodeSubscribeRequired, Field: "subscribe", Message: "subscribe must be true or false; set subscribe: true in the traits to subscribe the person"}
	case subscribe.isTrue:
		return m.subscribe(rules, p, trim(listID.text))
	}
	return m.unsubscribe(rules, p, func() string { return trim(listID.text) })
}

// skipGroup says why a group is not acted on: it says nothing of subscribing, as that of a
// company does, or it unsubscribes and the config doesn't let it.
func (m *mapping) skipGroup(subscribe flagValue) SkipReason {
	switch {
	case subscribe.ok && (subscribe.isTrue || *m.cfg.Unsubscribe), subscribe.unusable:
		return ""
	case subscribe.ok:
		m.warnNotUnsubscribed(subscribe)
	}
	return SkipNotASubscription
}

func (m *mapping) warnNotUnsubscribed(subscribe flagValue) {
	m.warn(CodeNotUnsubscribed, subscribe.path.text, "subscribe is false, but nobody is unsubscribed; set unsubscribe in the config to unsubscribe people")
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
	at, err := m.eventTime(m.timeFrom(&warehouseIdentifyTime))
	switch {
	case err != nil:
		return "", err
	case at.text == "":
		return "", &Error{Code: CodeMissingTime, Field: timeRule.from[0].text, Message: "no time; a historical import needs the time when consent was given"}
	case at.at.After(m.cfg.Now()):
		return "", &Error{Code: CodeInvalidTime, Field: at.path.text, Message: "time in the future; a historical import needs the time when consent was given"}
	}
	return at.text, nil
}

func (m *mapping) listID(rules *subscriptionRules) string {
	if found, ok := m.firstText(&rules.listID); ok {
		return trim(found.text)
	}
	return trim(m.cfg.ListID)
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
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: "consent", Message: "nobody is subscribed: the person has no email or phone number for a channel in consent"}
	case !byEmail && email.ok && email.path != "":
		m.warn(CodeChannelWithoutIdentifier, email.path, "no valid email address for the channel email; the person is subscribed to sms only")
	case !bySMS && sms.ok && sms.path != "":
		m.warn(CodeChannelWithoutIdentifier, sms.path, "no valid phone number for the channel sms; the person is subscribed to email only")
	}
	return byEmail, bySMS, nil
}

// endedChannels gives the channels that a subscription ends for: those that the event
// names, or all, of those that the person can be reached by.
func (m *mapping) endedChannels(rules *subscriptionRules, p person) (email, sms bool, err *Error) {
	email, sms = p.Email != "", p.PhoneNumber != ""
	if !email && !sms {
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: "subscribe", Message: "nobody is unsubscribed: subscribe is false, but the person has no email and no phone number"}
	}
	if !m.revision.has.endedBy {
		return email, sms, nil
	}
	if mail, text, _ := m.named(&rules.consent); mail.ok || text.ok {
		email, sms = email && mail.ok, sms && text.ok
	}
	if !email && !sms {
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: "consent", Message: "nobody is unsubscribed: the person has no email or phone number for a channel in consent"}
	}
	return email, sms, nil
}

// named reads the channels that the event itself names; ok if it says anything of them.
func (m *mapping) named(r *rule) (email, sms consented, ok bool) {
	names, p, ok := m.firstList(r)
	if !ok {
		return consented{}, consented{}, false
	}
	for channel := range m.eachChannel(names) {
		switch name := string(trimBytes(channel)); {
		case strings.EqualFold(name, string(ChannelEmail)):
			email = consented{true, p.text}
		case strings.EqualFold(name, string(ChannelSMS)):
			sms = consented{true, p.text}
		default:
			m.warn(CodeUnknownChannel, p.text, "each channel must be email or sms")
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
			m.traceTaken(r, p.text)
			return v, p, true
		default:
			m.warn(CodeWrongType, p.text, "must be a channel or a list of channels")
		}
	}
	return nil, path{}, false
}

// eachChannel gives the texts of a list of channels: of a JSON array, also one that stands in
// a string, or of a string with commas between them. One that is no text is nil.
func (m *mapping) eachChannel(list value) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if list.isString() {
			text, isList := list.listInText()
			if !isList {
				for channel := range bytes.SplitSeq(list.content(), []byte(",")) {
					if channel = trimBytes(channel); len(channel) > 0 && !yield(channel) {
						return
					}
				}
				return
			}
			list = text
		}
		for _, element := range list.elements() {
			var text []byte
			switch {
			case element.isString():
				text = m.content(element)
			case element.isNumber(), element.isBool():
				text = element
			}
			if !yield(text) {
				return
			}
		}
	}
}

// listInText gives the JSON array that a string wholly is.
func (v value) listInText() (value, bool) {
	text := bytes.Trim(v.content(), " \t\r\n")
	if len(text) == 0 || text[0] != '[' {
		return nil, false
	}
	var s scanner
	if !s.scan(text) {
		return nil, false
	}
	return text, true
}
