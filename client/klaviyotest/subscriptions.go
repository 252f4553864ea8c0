package klaviyotest

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Channel is a way of marketing that people consent to.
type Channel string

// The channels that revision 2023-02-22 knows.
const (
	ChannelEmail Channel = "email"
	ChannelSMS   Channel = "sms"
)

// channels say which identifier each channel needs.
var channels = []struct {
	channel    Channel
	identifier string
}{
	{ChannelEmail, "email"},
	{ChannelSMS, "phone_number"},
}

// The states of consent.
const (
	consentSubscribed      = "SUBSCRIBED"
	consentUnsubscribed    = "UNSUBSCRIBED"
	consentNeverSubscribed = "NEVER_SUBSCRIBED"
)

// Subscription is one that was taken. What became of the consent later is in
// the [Profile], under Attributes.Subscriptions.
type Subscription struct {
	// ListID and ProfileID are the ids of the list and of who is on it now.
	ListID, ProfileID string
	// Email and PhoneNumber are the request's.
	Email, PhoneNumber string
	// Channels are those that the person was subscribed to.
	Channels []Channel
	// CustomSource is the request's.
	CustomSource string
	// Time is when the request arrived.
	Time time.Time
}

// Subscriptions gives the subscriptions in the order in which they were taken.
func (k *Klaviyo) Subscriptions() []Subscription {
	k.mu.Lock()
	defer k.mu.Unlock()
	found := slices.Clone(k.account.subscriptions)
	for i := range found {
		found[i].Channels = slices.Clone(found[i].Channels)
	}
	return found
}

func (a *account) subscribeProfiles(c *call) answer {
	attributes := c.attributes()
	subscriptions := elements(attributes["subscriptions"])
	for i, s := range subscriptions {
		if id := text(object(s)["profile_id"]); id != "" && a.profiles.byID[id] == nil {
			return refuse(unknownID(pointer("/data/attributes/subscriptions", strconv.Itoa(i), "profile_id")))
		}
	}
	l := a.subscribedList(text(attributes["list_id"]), c.time)
	if l == nil {
		return refuse(unknownID("/data/attributes/list_id"))
	}
	for _, s := range subscriptions {
		a.subscribe(l, object(s), nil, text(attributes["custom_source"]), c.time)
	}
	return empty(http.StatusAccepted)
}

func (a *account) createClientSubscription(c *call) answer {
	attributes := c.attributes()
	l := a.subscribedList(text(attributes["list_id"]), c.time)
	if l == nil {
		return refuse(unknownID("/data/attributes/list_id"))
	}
	a.subscribe(l, attributes, object(attributes["properties"]), text(attributes["custom_source"]), c.time)
	return empty(http.StatusAccepted)
}

// subscribedList finds the list of a subscription, or makes it in an account with any
// list.
func (a *account) subscribedList(id string, now time.Time) *list {
	l := a.list(id)
	if l == nil && a.anyList {
		l = a.newList(id, id, now)
	}
	return l
}

// subscribe takes one subscription: the person joins the list and consents to
// the channels that are named, or, where none are, to each whose identifier is
// there. fields are further fields of the profile, by the names of events.
func (a *account) subscribe(l *list, s, fields map[string]any, customSource string, now time.Time) {
	attributes := profileAttributes(fields)
	for _, ch := range channels {
		attributes[ch.identifier] = s[ch.identifier]
	}
	p := a.profiles.byID[text(s["profile_id"])]
	if p == nil {
		p = a.upsert(attributes, now)
	}
	taken := Subscription{
		ListID:       l.id,
		ProfileID:    p.id,
		Email:        text(s["email"]),
		PhoneNumber:  text(s["phone_number"]),
		CustomSource: customSource,
		Time:         now,
	}
	named := object(s["channels"])
	for _, ch := range channels {
		if given(named[string(ch.channel)]) || len(named) == 0 && given(s[ch.identifier]) {
			p.consent(ch.channel, consentSubscribed, customSource, now)
			taken.Channels = append(taken.Channels, ch.channel)
		}
	}
	l.add(p, now)
	a.subscriptions = append(a.subscriptions, taken)
}

// consent sets what a person says to a channel. Subscribing to email ends a
// suppression.
func (p *profile) consent(channel Channel, state, customSource string, now time.Time) {
	switch channel {
	case ChannelEmail:
		marketing := &klaviyo.EmailMarketing{Consent: state, Method: "API", CustomMethodDetail: customSource, Timestamp: shownTime(now)}
		if p.email != nil && state != consentSubscribed {
			marketing.Suppressions = p.email.Suppressions
		}
		p.email = marketing
	case ChannelSMS:
		p.sms = &klaviyo.SMSMarketing{Consent: state, Method: "API", MethodDetail: customSource, Timestamp: shownTime(now)}
	}
}

// unsubscribeProfiles makes profiles of people it doesn't know, so that their
// refusal is kept.
func (a *account) unsubscribeProfiles(c *call) answer {
	attributes := c.attributes()
	l := a.list(text(attributes["list_id"]))
	if l == nil && !a.anyList && given(attributes["list_id"]) {
		return refuse(unknownID("/data/attributes/list_id"))
	}
	for _, ch := range channels {
		for _, value := range elements(attributes[ch.identifier+"s"]) {
			p := a.upsert(map[string]any{ch.identifier: value}, c.time)
			p.consent(ch.channel, consentUnsubscribed, "", c.time)
			if l != nil {
				l.remove(p, c.time)
			}
		}
	}
	return empty(http.StatusAccepted)
}

func (a *account) suppressProfiles(c *call) answer {
	for _, s := range elements(c.attributes()["suppressions"]) {
		p := a.upsert(object(s), c.time)
		if p.email == nil {
			p.consent(ChannelEmail, consentNeverSubscribed, "", c.time)
		}
		p.email.Suppressions = klaviyo.OneOrMany[klaviyo.EmailMarketingSuppression]{{Reason: "USER_SUPPRESSED", Timestamp: shownTime(c.time)}}
	}
	return empty(http.StatusAccepted)
}

func (a *account) unsuppressProfiles(c *call) answer {
	for _, s := range elements(c.attributes()["suppressions"]) {
		if p, _ := a.profiles.find(object(s)); p != nil && p.email != nil {
			p.email.Suppressions = nil
		}
	}
	return empty(http.StatusAccepted)
}
