package mapper

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"strings"
)

// subscriptionRules are the rules for the subscription options of a type of event.
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

// identifySubscription returns the request after the profile of an identify: a subscription, an
// unsubscription, or nil.
func (m *mapping) identifySubscription(p person) (Request, *Error) {
	rules := &identifySubscription
	subscribe := m.firstFlag(&rules.subscribe)
	byDefault := !subscribe.present && m.subscribesByDefault()
	if byDefault {
		subscribe = flagValue{isTrue: true, ok: true}
	}
	var request Request
	var err *Error
	switch {
	case subscribe.ok && subscribe.isTrue:
		listID := m.listID(rules)
		if listID == "" {
			m.warn(CodeSubscribeWithoutList, rules.listID.from[0].text, "subscribe is true, but neither the event nor the config names a list")
			return nil, nil
		}
		request, err = m.subscribe(rules, p, listID)
	case subscribe.ok && *m.cfg.Unsubscribe:
		request, err = m.unsubscribe(rules, p, subscribe, func() string { return m.listID(rules) })
	case subscribe.ok:
		m.warnNotUnsubscribed(subscribe)
	case !subscribe.present:
		m.warnSubscribeElsewhere()
	}
	if err != nil && err.Code == CodeNoConsentedChannel { // the profile is still sent
		m.warn(err.Code, err.Field, err.Message)
		return nil, nil
	}
	if byDefault && request != nil {
		m.warn(CodeSubscribedByDefault, rules.subscribe.from[0].text, "the record has no subscribe column, so it subscribes the person; map a column to subscribe to choose")
	}
	return request, err
}

// warnSubscribeElsewhere warns of a subscribe: true at a path that only group events use.
func (m *mapping) warnSubscribeElsewhere() {
	for _, p := range groupSubscription.subscribe.from {
		if v, ok := m.lookup(p); ok && (v.isBool() && v[0] == 't' || v.isString() && len(v) <= maxFlag && strings.EqualFold(v.text(), "true")) {
			m.warn(CodeSubscribeElsewhere, p.text, "subscribe is true but directly in the traits, so it subscribes nobody; move it to traits.properties")
			return
		}
	}
}

// groupRequest subscribes the person to the list of the group, or unsubscribes the person.
func (m *mapping) groupRequest(p person, subscribe flagValue) (Request, *Error) {
	rules := &groupSubscription
	listID, ok := m.firstText(&rules.listID)
	if !ok {
		return nil, &Error{Code: CodeMissingGroupID, Field: "groupId", Message: "no groupId; set it to the id of a Klaviyo list"}
	}
	switch {
	case !subscribe.ok:
		return nil, &Error{Code: CodeSubscribeRequired, Field: subscribe.path.text, Message: "subscribe must be true or false; set subscribe: true in the traits to subscribe the person"}
	case subscribe.isTrue:
		return m.subscribe(rules, p, trim(listID.text))
	}
	return m.unsubscribe(rules, p, subscribe, func() string { return trim(listID.text) })
}

// skipGroup returns the reason to skip a group event: it doesn't mention subscribe, like one
// about a company, or it unsubscribes and the config doesn't allow that.
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

// subscribe subscribes a person to the channels with consent.
func (m *mapping) subscribe(rules *subscriptionRules, p person, listID string) (Request, *Error) {
	s := &m.parsedSubscription // avoids an allocation for each subscription
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

// unsubscribe unsubscribes a person, as the flag subscribe says.
func (m *mapping) unsubscribe(rules *subscriptionRules, p person, subscribe flagValue, listID func() string) (Request, *Error) {
	s := &m.parsedSubscription
	*s = subscription{Identity: p.Identity}
	var err *Error
	if s.email, s.sms, err = m.channelsToUnsubscribe(rules, p, subscribe); err != nil {
		return nil, err
	}
	s.listID = listID()
	return m.revision.unsubscribe(s), nil
}

// consentTime returns the time of consent in a historical import, which is the event's time.
func (m *mapping) consentTime() (string, *Error) {
	at, err := m.eventTime(m.timeRuleFor(&warehouseIdentifyTime))
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

// A channelChoice is whether there is consent to a channel, and the path of that in the event.
// The path is empty if it is from the config.
type channelChoice struct {
	ok   bool
	path string
}

// channels returns the channels that have consent and an identifier. It returns an error if
// there is none.
func (m *mapping) channels(rules *subscriptionRules, p person) (byEmail, bySMS bool, err *Error) {
	email, sms, from := m.namedChannels(&rules.consent)
	if from == "" {
		email.ok = slices.Contains(m.cfg.Consent, ChannelEmail)
		sms.ok = slices.Contains(m.cfg.Consent, ChannelSMS)
	}
	if flag := m.firstFlag(&rules.smsConsent); flag.ok {
		sms = channelChoice{flag.isTrue, flag.path.text}
		from = cmp.Or(from, sms.path)
	} else if m.cfg.SMSConsent != nil {
		sms.ok = *m.cfg.SMSConsent
	}
	from = cmp.Or(from, rules.consent.from[0].text) // where the event can name channels
	if !email.ok && !sms.ok {
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: from, Message: "nobody is subscribed: there is no consent to email or sms"}
	}
	byEmail, bySMS = email.ok && p.Email != "", sms.ok && p.PhoneNumber != ""
	switch {
	case !byEmail && !bySMS:
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: from, Message: "nobody is subscribed: the person has no email or phone number for a channel in consent"}
	case !byEmail && email.ok && email.path != "":
		m.warn(CodeChannelWithoutIdentifier, email.path, "no valid email address for the channel email; the person is subscribed to sms only")
	case !bySMS && sms.ok && sms.path != "":
		m.warn(CodeChannelWithoutIdentifier, sms.path, "no valid phone number for the channel sms; the person is subscribed to email only")
	}
	return byEmail, bySMS, nil
}

// channelsToUnsubscribe returns the channels to unsubscribe: those in the event, or all, if
// they have an identifier.
func (m *mapping) channelsToUnsubscribe(rules *subscriptionRules, p person, subscribe flagValue) (email, sms bool, err *Error) {
	email, sms = p.Email != "", p.PhoneNumber != ""
	if !email && !sms {
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: subscribe.path.text, Message: "nobody is unsubscribed: subscribe is false, but the person has no email and no phone number"}
	}
	if !m.revision.supports.unsubscribeChannels {
		return email, sms, nil
	}
	mail, text, from := m.namedChannels(&rules.consent)
	if mail.ok || text.ok {
		email, sms = email && mail.ok, sms && text.ok
	}
	if !email && !sms {
		return false, false, &Error{Code: CodeNoConsentedChannel, Field: from, Message: "nobody is unsubscribed: the person has no email or phone number for a channel in consent"}
	}
	return email, sms, nil
}

// namedChannels returns the channels in the event and the path that names them, or "" if the
// event names none.
func (m *mapping) namedChannels(r *rule) (email, sms channelChoice, from string) {
	names, p, ok := m.firstList(r)
	if !ok {
		return channelChoice{}, channelChoice{}, ""
	}
	for channel := range m.eachChannel(names) {
		switch name := string(trimBytes(channel)); {
		case strings.EqualFold(name, string(ChannelEmail)):
			email = channelChoice{true, p.text}
		case strings.EqualFold(name, string(ChannelSMS)):
			sms = channelChoice{true, p.text}
		default:
			m.warn(CodeUnknownChannel, p.text, "each channel must be email or sms")
		}
	}
	return email, sms, p.text
}

// firstList returns the first usable list of channels, or a string that represents one.
func (m *mapping) firstList(r *rule) (value, path, bool) {
	for _, p := range r.from {
		v, ok := m.lookup(p)
		switch {
		case !ok, v.isNull(), v.isBlank():
		case v.isList(), v.isString():
			m.traceRule(r, p.text)
			return v, p, true
		default:
			m.warn(CodeWrongType, p.text, "must be a channel or a list of channels")
		}
	}
	return nil, path{}, false
}

// eachChannel iterates over the elements of a list of channels: a JSON array, a string with
// one, or a string separated by commas. Elements that aren't text are nil.
func (m *mapping) eachChannel(list value) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if list.isString() {
			text, isList := list.parseListText()
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

// parseListText returns the JSON array in a string.
func (v value) parseListText() (value, bool) {
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
