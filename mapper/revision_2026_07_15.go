package mapper

import (
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// Revision 2026-07-15 has typed profiles in events, an upsert, and profile ids for people.
var _ = register(&revision{
	name: "2026-07-15",
	limits: limits{
		metricName:   127,
		properties:   400,
		text:         100_000,
		elements:     4_000,
		depth:        10,
		event:        5_000_000,
		profile:      100_000,
		eventProfile: 95_000,
		externalID:   255,
		uniqueID:     255,
		afterYear:    1990,
	},
	supports: features{
		klaviyoID:           true,
		anonymousID:         true,
		patch:               true,
		ip:                  true,
		currency:            true,
		backfill:            true,
		unsubscribeChannels: true,
		merge:               true,
	},
	unsubscribeDefault: true,
	reserved: newReservedNames(map[string]func(*profile) bool{
		consentProperty: func(p *profile) bool { return p.consent != nil },
	}),

	profile:     createOrUpdateProfile2026,
	event:       createEvent2026,
	subscribe:   bulkSubscribeProfiles2026,
	unsubscribe: bulkUnsubscribeProfiles2026,
	merge:       mergeProfiles2026,

	bodies: map[Kind]bodyFields{
		KindProfile: {
			custom: append(patchPointers2026("/data/meta"), "/data/attributes/properties"),
			rules: profileRules2026("/data/attributes/").with(fieldRules{
				"/data/id":                          klaviyoIDRule.name,
				"/data/attributes/location/ip":      ipRule.name,
				"/data/meta/patch_properties/unset": unsetRule.name,
			}),
		},
		KindEvent: {
			custom:     append(patchPointers2026(eventProfile2026+"attributes/meta"), eventProfile2026+"attributes/properties"),
			properties: "/data/attributes/properties",
			rules: profileRules2026(eventProfile2026 + "attributes/").with(fieldRules{
				"/data/attributes/metric/data/attributes/name":                trackName.name,
				"/data/attributes/value":                                      valueRule.name,
				"/data/attributes/value_currency":                             currencyRule.name,
				"/data/attributes/time":                                       timeRule.name,
				"/data/attributes/unique_id":                                  messageIDRule.name,
				"/data/attributes/backfill":                                   backfillRule,
				eventProfile2026 + "id":                                       klaviyoIDRule.name,
				eventProfile2026 + "attributes/anonymous_id":                  anonymousIDRule.name,
				eventProfile2026 + "attributes/properties/" + consentProperty: subscriptionConsent.name,
				eventProfile2026 + "attributes/meta/patch_properties/unset":   unsetRule.name,
			}),
		},
		KindSubscription: {rules: subscriberRules2026().with(fieldRules{
			subscriber2026 + "id": klaviyoIDRule.name,
			subscriber2026 + "attributes/subscriptions/email/marketing/consented_at": timeRule.name,
			subscriber2026 + "attributes/subscriptions/sms/marketing/consented_at":   timeRule.name,
			"/data/attributes/historical_import":                                     backfillRule,
		})},
		KindUnsubscription: {rules: subscriberRules2026()},
		KindMerge: {rules: fieldRules{
			"/data/id":                               mergeIntoRule.name,
			"/data/relationships/profiles/data/0/id": mergeFromRule.name,
		}},
	},
})

const (
	eventProfile2026 = "/data/attributes/profile/data/"
	subscriber2026   = "/data/attributes/profiles/data/0/"
)

// profileRules2026 returns the rules for the fields of a profile at a pointer.
func profileRules2026(at string) fieldRules {
	return profileRules(func(name string) string { return at + strings.ReplaceAll(name, ".", "/") })
}

// patchPointers2026 returns the pointers of traits in a patch.
func patchPointers2026(meta string) []string {
	return []string{meta + "/patch_properties/append", meta + "/patch_properties/unappend"}
}

func subscriberRules2026() fieldRules {
	return fieldRules{
		subscriber2026 + "attributes/email":                                 emailRule.name,
		subscriber2026 + "attributes/phone_number":                          phoneRule.name,
		subscriber2026 + "attributes/subscriptions/email/marketing/consent": identifySubscription.consent.name,
		subscriber2026 + "attributes/subscriptions/sms/marketing/consent":   identifySubscription.smsConsent.name,
		"/data/relationships/list/data/id":                                  identifySubscription.listID.name,
	}
}

func createOrUpdateProfile2026(p *profile) Request {
	r := &request[klaviyo.ProfileUpsertQuery]{
		kind:      KindProfile,
		operation: klaviyo.OperationCreateOrUpdateProfile,
		raw:       p.rawSize(),
		body: klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{
			Email:        identifier2026(p.Email),
			PhoneNumber:  identifier2026(p.PhoneNumber),
			ExternalID:   identifier2026(p.ExternalID),
			FirstName:    p.firstName,
			LastName:     p.lastName,
			Title:        p.title,
			Organization: p.organization,
			Image:        p.image,
			Location:     location2026(&p.location),
			Properties:   p.custom,
		}),
	}
	r.body.Data.ID = p.KlaviyoID
	r.body.Data.Meta.PatchProperties = patch2026(&p.patch)
	return r
}

func createEvent2026(e *event) Request {
	r := &request[klaviyo.EventCreateQuery]{
		kind:      KindEvent,
		operation: klaviyo.OperationCreateEvent,
		event:     e.key(),
		raw:       len(e.properties) + e.rawSize(),
		body: klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
			Metric:        klaviyo.NewEventMetric(klaviyo.MetricCreateAttributes{Name: e.metric}),
			Value:         json.Number(e.value),
			ValueCurrency: e.currency,
			Time:          klaviyo.Timestamp(e.time),
			UniqueID:      e.uniqueID,
			Backfill:      e.backfill,
			Properties:    e.properties,
			Profile: klaviyo.NewEventProfile(klaviyo.EventProfileAttributes{
				Email:        e.Email,
				PhoneNumber:  e.PhoneNumber,
				ExternalID:   e.ExternalID,
				AnonymousID:  e.anonymousID,
				FirstName:    e.firstName,
				LastName:     e.lastName,
				Title:        e.title,
				Organization: e.organization,
				Image:        e.image,
				Location:     location2026(&e.location),
				Properties:   withConsent2026(e.custom, e.consent),
				Meta:         klaviyo.OnsiteProfileMeta{PatchProperties: patch2026(&e.patch)},
			}),
		}),
	}
	r.body.Data.Attributes.Profile.Data.ID = e.KlaviyoID
	return r
}

// withConsent2026 adds the consent of an event to the custom properties.
func withConsent2026(custom []byte, consent []string) json.RawMessage {
	if consent == nil {
		return custom
	}
	all := append(make([]byte, 0, len(custom)+64), `{"`+consentProperty+`":[`...)
	for i, channel := range consent {
		if i > 0 {
			all = append(all, ',')
		}
		all, _ = jsontext.AppendQuote(all, channel) // only fails for invalid UTF-8, which it replaces
	}
	all = append(all, ']')
	if len(custom) <= len("{}") {
		return append(all, '}')
	}
	return append(append(all, ','), custom[1:]...)
}

func location2026(l *location) klaviyo.ProfileLocation {
	return klaviyo.ProfileLocation{
		Address1:  l.address1,
		Address2:  l.address2,
		Latitude:  coordinate2026(l.latitude),
		Longitude: coordinate2026(l.longitude),
		City:      l.city,
		Country:   l.country,
		Region:    l.region,
		Timezone:  l.timezone,
		Zip:       l.zip,
		IP:        identifier2026(l.ip),
	}
}

// coordinate2026 returns a coordinate with the digits of the event.
func coordinate2026(number value) klaviyo.Coordinate {
	var c klaviyo.Coordinate
	if number != nil {
		_ = c.UnmarshalJSON(number) // stores the bytes
	}
	return c
}

// identifier2026 returns a field that is omitted if text is empty, and never null.
func identifier2026(text string) field {
	if text == "" {
		return field{}
	}
	return klaviyo.Set(text)
}

func patch2026(p *patch) klaviyo.ProfileMetaPatchProperties {
	return klaviyo.ProfileMetaPatchProperties{Append: p.append, Unappend: p.unappend, Unset: p.unset}
}

func bulkSubscribeProfiles2026(s *subscription) Request {
	given := klaviyo.SubscriptionParameters{Consent: klaviyo.ConsentSubscribed, ConsentedAt: klaviyo.Timestamp(s.consentedAt)}
	one := klaviyo.SubscribedProfileAttributes{Email: s.Email, PhoneNumber: s.PhoneNumber}
	if s.email {
		one.Subscriptions.Email.Marketing = given
	}
	if s.sms {
		one.Subscriptions.SMS.Marketing = given
	}
	r := &request[klaviyo.SubscriptionCreateJobCreateQuery]{
		kind:      KindSubscription,
		operation: klaviyo.OperationBulkSubscribeProfiles,
		body: klaviyo.NewBulkSubscribeProfilesBody(klaviyo.SubscriptionJobAttributes{
			HistoricalImport: s.consentedAt != "",
			Profiles:         klaviyo.NewSubscribedProfiles(one),
		}),
	}
	r.body.Data.Attributes.Profiles.Data[0].ID = s.KlaviyoID
	r.body.Data.Relationships = listRelationship2026(s.listID)
	return r
}

func bulkUnsubscribeProfiles2026(s *subscription) Request {
	ended := klaviyo.UnsubscriptionParameters{Consent: klaviyo.WithdrawalUnsubscribed}
	one := klaviyo.UnsubscribedProfileAttributes{Email: s.Email, PhoneNumber: s.PhoneNumber}
	if s.email {
		one.Subscriptions.Email.Marketing = ended
	}
	if s.sms {
		one.Subscriptions.SMS.Marketing = ended
	}
	r := &request[klaviyo.UnsubscriptionCreateJobCreateQuery]{
		kind:      KindUnsubscription,
		operation: klaviyo.OperationBulkUnsubscribeProfiles,
		body: klaviyo.NewBulkUnsubscribeProfilesBody(klaviyo.UnsubscriptionJobAttributes{
			Profiles: klaviyo.NewUnsubscribedProfiles(one),
		}),
	}
	r.body.Data.Relationships = listRelationship2026(s.listID)
	return r
}

func listRelationship2026(id string) klaviyo.SubscriptionJobRelationships {
	if id == "" {
		return klaviyo.SubscriptionJobRelationships{}
	}
	return klaviyo.SubscriptionJobRelationships{List: klaviyo.NewToList(id)}
}

func mergeProfiles2026(m *merge) Request {
	return &request[klaviyo.ProfileMergeQuery]{
		kind:      KindMerge,
		operation: klaviyo.OperationMergeProfiles,
		body:      klaviyo.NewMergeProfilesBody(m.into, klaviyo.MergeRelationships{Profiles: klaviyo.NewToProfiles(m.from)}),
	}
}
