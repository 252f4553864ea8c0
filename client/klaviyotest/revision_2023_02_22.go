package klaviyotest

import (
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

var _ = register(&revision{
	operations: klaviyo.Operations,
	shows:      showsFlat,
	served: map[*runtime.Operation]served{
		klaviyo.OperationCreateProfile: {do: (*account).createProfile, partly: true, rules: createProfileRules, maxBody: maxProfileBody, mend: allowNull("first_name", "last_name", "organization", "title", "image")},
		klaviyo.OperationUpdateProfile: {do: (*account).updateProfile, partly: true, rules: updateProfileRules, maxBody: maxProfileBody, mend: allowNull("email", "phone_number", "external_id", "anonymous_id", "first_name", "last_name", "organization", "title", "image")},
		klaviyo.OperationGetProfile:    {do: (*account).getProfile},
		klaviyo.OperationGetProfiles: {do: (*account).getProfiles, filters: map[string][]string{
			"id":           {"any", "equals"},
			"email":        {"any", "equals"},
			"phone_number": {"any", "equals"},
			"external_id":  {"any", "equals"},
			"_kx":          {"equals"},
			"created":      {"greater-than", "less-than"},
			"updated":      {"greater-than", "less-than"},
		}},
		klaviyo.OperationRequestProfileDeletion: {do: (*account).requestFlatDeletion, rules: flatDeletionRules},
		klaviyo.OperationCreateClientProfile:    {do: (*account).createFlatClientProfile, rules: flatClientProfileRules, maxBody: maxProfileBody, mend: allowMeta},
		klaviyo.OperationCreateEvent:            {do: (*account).createFlatEvent, rules: flatEventRules},
		klaviyo.OperationCreateClientEvent:      {do: (*account).createFlatEvent, rules: flatEventRules},
		klaviyo.OperationGetEvents: {do: (*account).getEvents, filters: map[string][]string{
			"metric_id":  {"equals"},
			"profile_id": {"equals"},
			"datetime":   {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
			"timestamp":  {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
		}},
		klaviyo.OperationGetMetrics: {do: (*account).getMetrics, filters: map[string][]string{
			"integration.name":     {"equals"},
			"integration.category": {"equals"},
		}},
		klaviyo.OperationCreateList: {do: (*account).createList, rules: createListRules},
		klaviyo.OperationGetList:    {do: (*account).getList},
		klaviyo.OperationGetLists: {do: (*account).getLists, filters: map[string][]string{
			"id":      {"any", "equals"},
			"name":    {"any", "equals"},
			"created": {"greater-than"},
			"updated": {"greater-than"},
		}},
		klaviyo.OperationGetListProfiles: {do: (*account).getListProfiles, filters: map[string][]string{
			"email":        {"any"},
			"phone_number": {"any"},
			"push_token":   {"any"},
			"_kx":          {"equals"},
		}},
		klaviyo.OperationGetProfileLists:          {do: (*account).getProfileLists},
		klaviyo.OperationCreateListRelationships:  {do: (*account).createListRelationships, rules: membersRules},
		klaviyo.OperationDeleteListRelationships:  {do: (*account).deleteListRelationships, rules: membersRules},
		klaviyo.OperationSubscribeProfiles:        {do: (*account).subscribeFlat, rules: flatSubscribeRules},
		klaviyo.OperationUnsubscribeProfiles:      {do: (*account).unsubscribeFlat, rules: flatUnsubscribeRules},
		klaviyo.OperationSuppressProfiles:         {do: (*account).suppressFlat, rules: flatSuppressionRules},
		klaviyo.OperationUnsuppressProfiles:       {do: (*account).unsuppressFlat, rules: flatSuppressionRules},
		klaviyo.OperationCreateClientSubscription: {do: (*account).subscribeFlatClient, rules: flatClientSubscriptionRules},
	},
})
