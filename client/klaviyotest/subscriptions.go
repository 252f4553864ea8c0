package klaviyotest

import (
	"slices"
	"time"
)

// Channel is a way of sending to people, which they consent to or not.
type Channel string

// The channels. Not every revision knows all. Those without a further word are for
// marketing.
const (
	ChannelEmail                  Channel = "email"
	ChannelEmailOpenTracking      Channel = "email.open_tracking"
	ChannelSMS                    Channel = "sms"
	ChannelSMSTransactional       Channel = "sms.transactional"
	ChannelWhatsApp               Channel = "whatsapp"
	ChannelWhatsAppTransactional  Channel = "whatsapp.transactional"
	ChannelWhatsAppConversational Channel = "whatsapp.conversational"
	ChannelPush                   Channel = "push"
)

// The states of consent.
const (
	consentSubscribed      = "SUBSCRIBED"
	consentUnsubscribed    = "UNSUBSCRIBED"
	consentNeverSubscribed = "NEVER_SUBSCRIBED"
)

// Consent is what a person says to a channel.
type Consent struct {
	// State is SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED.
	State string `json:"consent"`
	// CustomSource is the request's.
	CustomSource string `json:"custom_source,omitempty"`
	// Time is when the person said so: as the request says, or else when it arrived.
	Time time.Time `json:"timestamp"`
	// Suppression is why the channel sends nothing all the same, such as USER_SUPPRESSED,
	// and empty where it sends. Only email has one.
	Suppression string `json:"suppression,omitempty"`
	// SuppressedAt is when the suppression began.
	SuppressedAt time.Time `json:"suppressed_at,omitzero"`
}

// userSuppressed is the suppression that a request asks for.
const userSuppressed = "USER_SUPPRESSED"

// Subscription is one that was taken. What became of the consent later is in
// the [Profile], under Attributes.Consents.
type Subscription struct {
	// ListID and ProfileID are the ids of the list and of who is on it now. ListID is empty
	// where the request named none.
	ListID, ProfileID string
	// Email and PhoneNumber are the request's.
	Email, PhoneNumber string
	// Channels are those that the person was subscribed to.
	Channels []Channel
	// CustomSource is the request's.
	CustomSource string
	// Historical tells that the consent was given earlier, and nobody was to be mailed.
	Historical bool
	// ConsentedAt is when the request says that the consent was given, to the first of the
	// channels; zero where it doesn't.
	ConsentedAt time.Time
	// Time is when the request arrived.
	Time time.Time
}

// Subscriptions gives the subscriptions in the order in which they were taken.
func (k *Klaviyo) Subscriptions() []Subscription {
	a, unlock := k.now()
	defer unlock()
	found := slices.Clone(a.subscriptions)
	for i := range found {
		found[i].Channels = slices.Clone(found[i].Channels)
	}
	return found
}

// newSubscription is a subscription as a request has it.
type newSubscription struct {
	person       person
	list         *list // nil where the request names none
	channels     []consentTo
	customSource string
	historical   bool
}

// consentTo is a channel that a person consents to, and when, if the request says so.
type consentTo struct {
	channel     Channel
	consentedAt time.Time
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

// subscribe takes one subscription: the person joins the list and consents to the channels.
func (a *account) subscribe(n newSubscription, now time.Time) {
	p := a.profiles.byID[n.person.id]
	if p == nil {
		p = a.upsert(n.person, now)
	}
	taken := Subscription{
		ProfileID:    p.id,
		Email:        text(n.person.attributes["email"]),
		PhoneNumber:  text(n.person.attributes["phone_number"]),
		CustomSource: n.customSource,
		Historical:   n.historical,
		Time:         now,
	}
	for i, to := range n.channels {
		if i == 0 {
			taken.ConsentedAt = to.consentedAt
		}
		at := to.consentedAt
		if at.IsZero() {
			at = now
		}
		p.consents[to.channel] = &Consent{State: consentSubscribed, CustomSource: n.customSource, Time: at}
		taken.Channels = append(taken.Channels, to.channel)
	}
	if n.list != nil {
		taken.ListID = n.list.id
		n.list.add(p, now)
	}
	a.subscriptions = append(a.subscriptions, taken)
}

// unsubscribe ends a consent. A suppression stays.
func (p *profile) unsubscribe(channel Channel, now time.Time) {
	ended := &Consent{State: consentUnsubscribed, Time: now}
	if before := p.consents[channel]; before != nil {
		ended.Suppression, ended.SuppressedAt = before.Suppression, before.SuppressedAt
	}
	p.consents[channel] = ended
}

// suppress stops emails to a person, whoever it is.
func (a *account) suppress(who person, now time.Time) {
	p := a.upsert(who, now)
	if p.consents[ChannelEmail] == nil {
		p.consents[ChannelEmail] = &Consent{State: consentNeverSubscribed, Time: now}
	}
	email := p.consents[ChannelEmail]
	email.Suppression, email.SuppressedAt = userSuppressed, now
}

// unsuppress ends a suppression, if the person is known.
func (a *account) unsuppress(who person, _ time.Time) {
	if p := a.lookUp(who); p != nil && p.consents[ChannelEmail] != nil {
		p.consents[ChannelEmail].Suppression, p.consents[ChannelEmail].SuppressedAt = "", time.Time{}
	}
}
