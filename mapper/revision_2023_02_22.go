package mapper

import (
	"encoding/json"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Revision 2023-02-22 has flat profiles in events. Its requests create profiles, and the client
// turns them into upserts.
var _ = register(&revision{
	name:      "2023-02-22",
	isDefault: true,
	limits: limits{
		metricName: 127,
		properties: 300,
		text:       100_000,
		elements:   4_000,
		depth:      10,
		event:      5_000_000,
		profile:    100_000,
		externalID: 255,
		afterYear:  2000,
	},
	reserved: reservedNames2023,

	profile:     createProfile2023,
	event:       createEvent2023,
	subscribe:   subscribeProfiles2023,
	unsubscribe: unsubscribeProfiles2023,

	bodies: map[Kind]bodyFields{
		KindProfile: {
			custom: []string{"/data/attributes/properties"},
			rules: profileRules(func(name string) string {
				return "/data/attributes/" + strings.ReplaceAll(name, ".", "/")
			}),
		},
		KindEvent: {
			custom:     []string{"/data/attributes/profile"},
			properties: "/data/attributes/properties",
			rules: profileRules(func(name string) string { return "/data/attributes/profile/" + flatName2023(name) }).with(fieldRules{
				"/data/attributes/metric/name":      trackName.name,
				"/data/attributes/value":            valueRule.name,
				"/data/attributes/time":             timeRule.name,
				"/data/attributes/unique_id":        messageIDRule.name,
				"/data/attributes/profile/$consent": subscriptionConsent.name,
			}),
		},
		KindSubscription: {rules: fieldRules{
			"/data/attributes/list_id":                        identifySubscription.listID.name,
			"/data/attributes/subscriptions/0/channels/email": identifySubscription.consent.name,
			"/data/attributes/subscriptions/0/channels/sms":   identifySubscription.smsConsent.name,
			"/data/attributes/subscriptions/0/email":          emailRule.name,
			"/data/attributes/subscriptions/0/phone_number":   phoneRule.name,
		}},
		KindUnsubscription: {rules: fieldRules{
			"/data/attributes/list_id":       identifySubscription.listID.name,
			"/data/attributes/emails":        emailRule.name,
			"/data/attributes/phone_numbers": phoneRule.name,
		}},
	},
})

// flatName2023 returns the name of a profile field in the profile of an event.
func flatName2023(name string) string {
	if name == "external_id" {
		return "$id"
	}
	return "$" + name[strings.LastIndexByte(name, '.')+1:]
}

// reservedNames2023 are the names of profile fields among the custom properties of an event's
// profile.
var reservedNames2023 = func() *reservedNames {
	isSet := map[string]func(*profile) bool{
		"$consent": func(p *profile) bool { return p.consent != nil },
	}
	for _, f := range profileFields {
		isSet[flatName2023(f.name)] = func(p *profile) bool { return f.field(p).IsSpecified() }
	}
	return newReservedNames(isSet)
}()

func createProfile2023(p *profile) Request {
	return &request[klaviyo.ProfileCreateQuery]{
		kind:      KindProfile,
		operation: klaviyo.OperationCreateProfile,
		raw:       len(p.custom),
		body: klaviyo.NewCreateProfileBody(klaviyo.ProfileCreateAttributes{
			Email:        p.Email,
			PhoneNumber:  p.PhoneNumber,
			ExternalID:   p.ExternalID,
			FirstName:    p.firstName,
			LastName:     p.lastName,
			Title:        p.title,
			Organization: p.organization,
			Image:        p.image,
			Location: klaviyo.ProfileLocation{
				Address1:  p.location.address1,
				Address2:  p.location.address2,
				Latitude:  coordinate2023(p.location.latitude),
				Longitude: coordinate2023(p.location.longitude),
				City:      p.location.city,
				Country:   p.location.country,
				Region:    p.location.region,
				Timezone:  p.location.timezone,
				Zip:       p.location.zip,
			},
			Properties: p.custom,
		}),
	}
}

// coordinate2023 returns a coordinate with the digits of the event.
func coordinate2023(number value) klaviyo.Coordinate {
	var c klaviyo.Coordinate
	if number != nil {
		_ = c.UnmarshalJSON(number) // stores the bytes
	}
	return c
}

func createEvent2023(e *event) Request {
	return &request[klaviyo.EventCreateQuery]{
		kind:      KindEvent,
		operation: klaviyo.OperationCreateEvent,
		event:     e.key(),
		raw:       len(e.properties) + len(e.custom),
		body: klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
			Metric:     klaviyo.MetricCreateQuery{Name: e.metric},
			Value:      json.Number(e.value),
			Time:       klaviyo.Timestamp(e.time),
			UniqueID:   e.uniqueID,
			Properties: e.properties,
			Profile: klaviyo.EventProfile{
				Email:        e.Email,
				PhoneNumber:  e.PhoneNumber,
				ID:           e.ExternalID,
				FirstName:    e.firstName,
				LastName:     e.lastName,
				Title:        e.title,
				Organization: e.organization,
				Image:        e.image,
				Address1:     e.location.address1,
				Address2:     e.location.address2,
				City:         e.location.city,
				Country:      e.location.country,
				Region:       e.location.region,
				Timezone:     e.location.timezone,
				Zip:          e.location.zip,
				Consent:      e.consent,
				Properties:   e.custom,
			},
		}),
	}
}

func subscribeProfiles2023(s *subscription) Request {
	one := klaviyo.Subscription{Email: s.Email, PhoneNumber: s.PhoneNumber}
	if s.email {
		one.Channels.Email = []klaviyo.Consent{klaviyo.ConsentMarketing}
	}
	if s.sms {
		one.Channels.SMS = []klaviyo.Consent{klaviyo.ConsentMarketing}
	}
	return &request[klaviyo.SubscriptionCreateJobCreateQuery]{
		kind:      KindSubscription,
		operation: klaviyo.OperationSubscribeProfiles,
		body: klaviyo.NewSubscribeProfilesBody(klaviyo.SubscriptionJobAttributes{
			ListID:        s.listID,
			Subscriptions: []klaviyo.Subscription{one},
		}),
	}
}

// unsubscribeProfiles2023 unsubscribes each identifier. The revision has no channels here.
func unsubscribeProfiles2023(s *subscription) Request {
	a := klaviyo.UnsubscriptionJobAttributes{ListID: s.listID}
	if s.Email != "" {
		a.Emails = []string{s.Email}
	}
	if s.PhoneNumber != "" {
		a.PhoneNumbers = []string{s.PhoneNumber}
	}
	return &request[klaviyo.UnsubscriptionCreateJobCreateQuery]{
		kind:      KindUnsubscription,
		operation: klaviyo.OperationUnsubscribeProfiles,
		body:      klaviyo.NewUnsubscribeProfilesBody(a),
	}
}
