package client_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// wireProfileCases2026 are the cases of the calls of profiles and their subscriptions.
var wireProfileCases2026 = []wireCase[*klaviyo.API]{
	{
		operation: klaviyo.OperationCreateOrUpdateProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.CreateOrUpdateProfile(t.Context(), &klaviyo.CreateOrUpdateProfileParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics, klaviyo.ProfileAdditionalFieldSubscriptions},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
			}, bodyOf[klaviyo.ProfileUpsertQuery](t, klaviyo.OperationCreateOrUpdateProfile))
		},
		path:   "/api/profile-import",
		query:  url.Values{"additional-fields[profile]": {"predictive_analytics,subscriptions"}, "fields[profile]": {"email"}},
		body:   asDescribed,
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationCreateOrUpdateProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.CreateOrUpdateProfile(t.Context(), &klaviyo.CreateOrUpdateProfileParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics, klaviyo.ProfileAdditionalFieldSubscriptions},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
			}, bodyOf[klaviyo.ProfileUpsertQuery](t, klaviyo.OperationCreateOrUpdateProfile))
		},
		path:   "/api/profile-import",
		query:  url.Values{"additional-fields[profile]": {"predictive_analytics,subscriptions"}, "fields[profile]": {"email"}},
		body:   asDescribed,
		status: http.StatusCreated,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationMergeProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.MergeProfiles(t.Context(), &klaviyo.MergeProfilesParams{
				FieldsProfile: []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
			}, bodyOf[klaviyo.ProfileMergeQuery](t, klaviyo.OperationMergeProfiles))
		},
		path:   "/api/profile-merge",
		query:  url.Values{"fields[profile]": {"email"}},
		body:   asDescribed,
		status: http.StatusCreated,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationBulkSubscribeProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.BulkSubscribeProfiles(t.Context(), bodyOf[klaviyo.SubscriptionCreateJobCreateQuery](t, klaviyo.OperationBulkSubscribeProfiles))
		},
		path:   "/api/profile-subscription-bulk-create-jobs",
		body:   asDescribed,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationBulkUnsubscribeProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.BulkUnsubscribeProfiles(t.Context(), bodyOf[klaviyo.UnsubscriptionCreateJobCreateQuery](t, klaviyo.OperationBulkUnsubscribeProfiles))
		},
		path:   "/api/profile-subscription-bulk-delete-jobs",
		body:   asDescribed,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationGetProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetProfiles(t.Context(), &klaviyo.GetProfilesParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics, klaviyo.ProfileAdditionalFieldSubscriptions},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
				FieldsConversation:      []klaviyo.ConversationField{klaviyo.ConversationFieldChannel},
				FieldsPushToken:         []klaviyo.PushTokenField{klaviyo.PushTokenFieldBackground},
				Filter:                  klaviyo.ProfilePhoneNumberEquals("+12025550147"),
				Include:                 []klaviyo.ProfileInclude{klaviyo.ProfileIncludeConversations, klaviyo.ProfileIncludePushTokens},
				PageCursor:              "bmV4dA",
				PageSize:                50,
				Sort:                    klaviyo.ProfileSortEmail,
			})
		},
		path: "/api/profiles",
		query: url.Values{"additional-fields[profile]": {"predictive_analytics,subscriptions"}, "fields[profile]": {"email"}, "fields[conversation]": {"channel"}, "fields[push-token]": {"background"},
			"filter": {`equals(phone_number,"+12025550147")`}, "include": {"conversations,push-tokens"}, "page[cursor]": {"bmV4dA"}, "page[size]": {"50"}, "sort": {"email"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationCreateProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.CreateProfile(t.Context(), &klaviyo.CreateProfileParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics, klaviyo.ProfileAdditionalFieldSubscriptions},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
			}, bodyOf[klaviyo.ProfileCreateQuery](t, klaviyo.OperationCreateProfile).Data.Attributes)
		},
		path:   "/api/profiles",
		query:  url.Values{"additional-fields[profile]": {"predictive_analytics,subscriptions"}, "fields[profile]": {"email"}},
		body:   asDescribed,
		status: http.StatusCreated,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetProfile(t.Context(), wireProfile, &klaviyo.GetProfileParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics, klaviyo.ProfileAdditionalFieldSubscriptions},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
				FieldsConversation:      []klaviyo.ConversationField{klaviyo.ConversationFieldChannel},
				FieldsList:              []klaviyo.ListField{klaviyo.ListFieldName},
				FieldsPushToken:         []klaviyo.PushTokenField{klaviyo.PushTokenFieldBackground},
				FieldsSegment:           []klaviyo.SegmentField{klaviyo.SegmentFieldCreated},
				Include:                 []klaviyo.ProfileInclude{klaviyo.ProfileIncludeLists},
			})
		},
		path: "/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H",
		query: url.Values{"additional-fields[profile]": {"predictive_analytics,subscriptions"}, "fields[profile]": {"email"}, "fields[conversation]": {"channel"},
			"fields[list]": {"name"}, "fields[push-token]": {"background"}, "fields[segment]": {"created"}, "include": {"lists"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationUpdateProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.UpdateProfile(t.Context(), &klaviyo.UpdateProfileParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics, klaviyo.ProfileAdditionalFieldSubscriptions},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
			}, bodyOf[klaviyo.ProfilePartialUpdateQuery](t, klaviyo.OperationUpdateProfile))
		},
		path:   "/api/profiles/{data.id}",
		query:  url.Values{"additional-fields[profile]": {"predictive_analytics,subscriptions"}, "fields[profile]": {"email"}},
		body:   asDescribed,
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetListsForProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetListsForProfile(t.Context(), wireProfile, &klaviyo.GetListsForProfileParams{
				FieldsList: []klaviyo.ListField{klaviyo.ListFieldName},
			})
		},
		path:   "/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H/lists",
		query:  url.Values{"fields[list]": {"name"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
}
