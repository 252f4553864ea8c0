package klaviyotest

import (
	"slices"
	"time"
)

// Channel is a marketing channel, for which a person can give consent.
type Channel string

// The channels. Some revisions support only some of them. Those without a suffix are for
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

// Consent states.
const (
	consentSubscribed      = "SUBSCRIBED"
	consentUnsubscribed    = "UNSUBSCRIBED"
	consentNeverSubscribed = "NEVER_SUBSCRIBED"
)

// Consent is a person's consent to a channel.
type Consent struct {
	// State is SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED.
	State string `json:"consent"`
	// CustomSource is the custom source in the request.
	CustomSource string `json:"custom_source,omitempty"`
	// Time is the time of the consent in the request. The default is the time of arrival.
	Time time.Time `json:"timestamp"`
	// Suppression is why nothing is sent despite the consent, such as USER_SUPPRESSED. It is
	// empty if there is no suppression. Only email has one.
	Suppression string `json:"suppression,omitempty"`
	// SuppressedAt is when the suppression began.
	SuppressedAt time.Time `json:"suppressed_at,omitzero"`
}

// userSuppressed is the suppression by a request.
const userSuppressed = "USER_SUPPRESSED"

// Subscription is an accepted subscription. Later changes of the consent are in [Profile],
// under Attributes.Consents.
type Subscription struct {
	// ListID and ProfileID are the ids of the list and the profile. ListID is empty if the
	// request has none.
	ListID, ProfileID string
	// Email and PhoneNumber are those in the request.
	Email, PhoneNumber string
	// Channels are the subscribed channels.
	Channels []Channel
	// CustomSource is the custom source in the request.
	CustomSource string
	// Historical means that the consent was given earlier, so that no confirmation is sent.
	Historical bool
	// ConsentedAt is the time of consent in the request, for the first of the channels. It is
	// zero if there is none.
	ConsentedAt time.Time
	// Time is when the request arrived.
	Time time.Time
}

// Subscriptions returns the subscriptions in order of arrival.
func (k *Klaviyo) Subscriptions() []Subscription {
	a, unlock := k.lockedAccount()
	defer unlock()
	found := slices.Clone(a.subscriptions)
	for i := range found {
		found[i].Channels = slices.Clone(found[i].Channels)
	}
	return found
}

// A newSubscription is a subscription in a request.
type newSubscription struct {
	person       person
	list         *list // nil if the request has none
	channels     []channelConsent
	customSource string
	historical   bool
}

// A channelConsent is a channel, and the time of consent if the request has it.
type channelConsent struct {
	channel     Channel
	consentedAt time.Time
}

// listForSubscription returns the list of a subscription, or nil. With WithAnyList it creates
// missing lists.
func (a *account) listForSubscription(id string, now time.Time) *list {
	l := a.list(id)
	if l == nil && a.createMissingLists {
		l = a.newList(id, id, now)
	}
	return l
}

// subscribe adds the person to the list and records the consent to the channels.
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

// unsubscribe revokes a consent. A suppression stays.
func (p *profile) unsubscribe(channel Channel, now time.Time) {
	ended := &Consent{State: consentUnsubscribed, Time: now}
	if before := p.consents[channel]; before != nil {
		ended.Suppression, ended.SuppressedAt = before.Suppression, before.SuppressedAt
	}
	p.consents[channel] = ended
}

// suppress suppresses emails to a person, who may be unknown.
func (a *account) suppress(who person, now time.Time) {
	p := a.upsert(who, now)
	if p.consents[ChannelEmail] == nil {
		p.consents[ChannelEmail] = &Consent{State: consentNeverSubscribed, Time: now}
	}
	email := p.consents[ChannelEmail]
	email.Suppression, email.SuppressedAt = userSuppressed, now
}

// unsuppress ends the suppression of a person, if the person is known.
func (a *account) unsuppress(who person, _ time.Time) {
	if p := a.lookUp(who); p != nil && p.consents[ChannelEmail] != nil {
		p.consents[ChannelEmail].Suppression, p.consents[ChannelEmail].SuppressedAt = "", time.Time{}
	}
}
