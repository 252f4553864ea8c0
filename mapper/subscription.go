package mapper

import (
	"iter"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
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

// identifySubscriptions gives the requests that follow a profile: a subscription,
// an end of one, or none.
func (m *mapping) identifySubscriptions(p person) []Request {
	rules := &identifySubscription
	subscribe := m.firstFlag(&rules.subscribe)
	if m.retl && !subscribe.there {
		subscribe = flagValue{isTrue: true, ok: true}
	}
	switch {
	case subscribe.ok && subscribe.isTrue:
		listID := m.listID(rules)
		if listID == "" {
			m.warn(CodeSubscribeWithoutList, "listId", "subscribe is true, but neither the event nor the config names a list")
			return nil
		}
		channels, err := m.channels(rules, p)
		if err != nil {
			m.warn(err.Code, err.Field, err.Message)
			return nil
		}
		return []Request{subscribeProfile(p, listID, channels)}
	case subscribe.ok && m.cfg.Unsubscribe:
		if p.Email == "" && p.PhoneNumber == "" {
			m.warn(CodeNoConsentedChannel, "subscribe", "subscribe is false, but there is no email and no phone number to unsubscribe")
			return nil
		}
		return []Request{unsubscribeProfile(p, m.listID(rules))}
	}
	return nil
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
		channels, err := m.channels(rules, p)
		if err != nil {
			return nil, err
		}
		return subscribeProfile(p, strings.TrimSpace(listID.text), channels), nil
	case subscribe.ok && m.cfg.Unsubscribe:
		return unsubscribeProfile(p, strings.TrimSpace(listID.text)), nil
	}
	return nil, &Error{Code: CodeSubscribeRequired, Field: "subscribe", Message: "a group does nothing but subscribe; it needs subscribe: true in its traits"}
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
func (m *mapping) channels(rules *subscriptionRules, p person) (klaviyo.SubscriptionChannels, *Error) {
	email, sms := m.consent(&rules.consent)
	if flag := m.firstFlag(&rules.smsConsent); flag.ok {
		sms = consented{flag.isTrue, flag.path.text}
	} else if m.cfg.SMSConsent != nil {
		sms.ok = *m.cfg.SMSConsent
	}
	var channels klaviyo.SubscriptionChannels
	if email.ok && p.Email != "" {
		channels.Email = []klaviyo.Consent{klaviyo.ConsentMarketing}
	}
	if sms.ok && p.PhoneNumber != "" {
		channels.SMS = []klaviyo.Consent{klaviyo.ConsentMarketing}
	}
	switch {
	case channels.Email == nil && channels.SMS == nil:
		return channels, &Error{Code: CodeNoConsentedChannel, Field: "consent", Message: "no channel that the person consents to has its identifier, so nobody is subscribed"}
	case channels.Email == nil && email.ok && email.path != "":
		m.warn(CodeChannelWithoutIdentifier, email.path, "the event names the channel email, but has no valid email address; the person is subscribed to sms only")
	case channels.SMS == nil && sms.ok && sms.path != "":
		m.warn(CodeChannelWithoutIdentifier, sms.path, "the event names the channel sms, but has no valid phone number; the person is subscribed to email only")
	}
	return channels, nil
}

// consent reads the set of channels, the event's or the config's.
func (m *mapping) consent(r *rule) (email, sms consented) {
	names, p, ok := m.firstList(r)
	if !ok {
		email.ok = slices.Contains(m.cfg.Consent, ChannelEmail)
		sms.ok = slices.Contains(m.cfg.Consent, ChannelSMS)
		return email, sms
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
	return email, sms
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

func subscribeProfile(p person, listID string, channels klaviyo.SubscriptionChannels) Request {
	return SubscribeProfiles{klaviyo.NewSubscribeProfilesBody(klaviyo.SubscriptionJobAttributes{
		ListID: listID,
		Subscriptions: []klaviyo.Subscription{{
			Channels:    channels,
			Email:       p.Email,
			PhoneNumber: p.PhoneNumber,
		}},
	})}
}

func unsubscribeProfile(p person, listID string) Request {
	a := klaviyo.UnsubscriptionJobAttributes{ListID: listID}
	if p.Email != "" {
		a.Emails = []string{p.Email}
	}
	if p.PhoneNumber != "" {
		a.PhoneNumbers = []string{p.PhoneNumber}
	}
	return UnsubscribeProfiles{klaviyo.NewUnsubscribeProfilesBody(a)}
}
