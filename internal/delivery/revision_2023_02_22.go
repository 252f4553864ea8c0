package delivery

import (
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Revision 2023-02-22 batches up to 100 subscriptions or unsubscriptions.
var _ = register(map[*runtime.Operation]*batching{
	klaviyo.OperationCreateProfile: {merge: mergeOf(mergeProfiles2023)},
	klaviyo.OperationSubscribeProfiles: {
		maxRequests: 100,
		sharedKey: sharedKeyOf(func(body *klaviyo.SubscriptionCreateJobCreateQuery) (subscriptionKey2023, bool) {
			a := &body.Data.Attributes
			return subscriptionKey2023{a.ListID, a.CustomSource}, len(a.Subscriptions) == 1
		}),
		join: joinOf(func(bodies []*klaviyo.SubscriptionCreateJobCreateQuery) klaviyo.SubscriptionCreateJobCreateQuery {
			all := *bodies[0]
			all.Data.Attributes.Subscriptions = concat(bodies, subscriptions2023)
			return all
		}),
		lists: map[string]func(any) int{"/data/attributes/subscriptions": elementCount(subscriptions2023)},
	},
	klaviyo.OperationUnsubscribeProfiles: {
		maxRequests: 100,
		sharedKey: sharedKeyOf(func(body *klaviyo.UnsubscriptionCreateJobCreateQuery) (subscriptionKey2023, bool) {
			a := &body.Data.Attributes
			return subscriptionKey2023{listID: a.ListID}, len(a.Emails) <= 1 && len(a.PhoneNumbers) <= 1
		}),
		join: joinOf(func(bodies []*klaviyo.UnsubscriptionCreateJobCreateQuery) klaviyo.UnsubscriptionCreateJobCreateQuery {
			all := *bodies[0]
			all.Data.Attributes.Emails = concat(bodies, endedEmails2023)
			all.Data.Attributes.PhoneNumbers = concat(bodies, endedPhones2023)
			return all
		}),
		lists: map[string]func(any) int{
			"/data/attributes/emails":        elementCount(endedEmails2023),
			"/data/attributes/phone_numbers": elementCount(endedPhones2023),
		},
	},
})

// A subscriptionKey2023 is what subscriptions or unsubscriptions of a call have in common.
type subscriptionKey2023 struct {
	listID       string // may be empty for unsubscriptions
	customSource string
}

func subscriptions2023(body *klaviyo.SubscriptionCreateJobCreateQuery) []klaviyo.Subscription {
	return body.Data.Attributes.Subscriptions
}

func endedEmails2023(body *klaviyo.UnsubscriptionCreateJobCreateQuery) []string {
	return body.Data.Attributes.Emails
}

func endedPhones2023(body *klaviyo.UnsubscriptionCreateJobCreateQuery) []string {
	return body.Data.Attributes.PhoneNumbers
}

// mergeProfiles2023 merges two requests with the same identifiers.
func mergeProfiles2023(earlier, later *klaviyo.ProfileCreateQuery) (klaviyo.ProfileCreateQuery, bool) {
	a, b := &earlier.Data.Attributes, &later.Data.Attributes
	if a.Email != b.Email || a.PhoneNumber != b.PhoneNumber || a.ExternalID != b.ExternalID {
		return klaviyo.ProfileCreateQuery{}, false
	}
	properties, err := mergeProperties(a.Properties, b.Properties)
	return klaviyo.NewCreateProfileBody(klaviyo.ProfileCreateAttributes{
		Email:       b.Email,
		PhoneNumber: b.PhoneNumber,
		ExternalID:  b.ExternalID,

		FirstName:    latest(a.FirstName, b.FirstName),
		LastName:     latest(a.LastName, b.LastName),
		Title:        latest(a.Title, b.Title),
		Organization: latest(a.Organization, b.Organization),
		Image:        latest(a.Image, b.Image),
		Location: klaviyo.ProfileLocation{
			Address1:  latest(a.Location.Address1, b.Location.Address1),
			Address2:  latest(a.Location.Address2, b.Location.Address2),
			City:      latest(a.Location.City, b.Location.City),
			Country:   latest(a.Location.Country, b.Location.Country),
			Latitude:  latest(a.Location.Latitude, b.Location.Latitude),
			Longitude: latest(a.Location.Longitude, b.Location.Longitude),
			Region:    latest(a.Location.Region, b.Location.Region),
			Timezone:  latest(a.Location.Timezone, b.Location.Timezone),
			Zip:       latest(a.Location.Zip, b.Location.Zip),
		},
		Properties: properties,
	}), err == nil
}
