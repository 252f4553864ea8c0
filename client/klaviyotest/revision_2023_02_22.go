package klaviyotest

import (
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

var _ = register(&revision{
	operations: klaviyo.Operations,
	resources:  flatResources,
	operationSpecs: map[*runtime.Operation]operationSpec{
		klaviyo.OperationCreateProfile: {handler: (*account).createProfile, partialSuccess: true, rules: createProfileRules, maxBody: maxProfileBody, fixSchema: allowNull("first_name", "last_name", "organization", "title", "image")},
		klaviyo.OperationUpdateProfile: {handler: (*account).updateProfile, partialSuccess: true, rules: updateProfileRules, maxBody: maxProfileBody, fixSchema: allowNull("email", "phone_number", "external_id", "anonymous_id", "first_name", "last_name", "organization", "title", "image")},
		klaviyo.OperationGetProfile:    {handler: (*account).getProfile},
		klaviyo.OperationGetProfiles: {handler: (*account).getProfiles, filters: map[string][]string{
			"id":           {"any", "equals"},
			"email":        {"any", "equals"},
			"phone_number": {"any", "equals"},
			"external_id":  {"any", "equals"},
			"_kx":          {"equals"},
			"created":      {"greater-than", "less-than"},
			"updated":      {"greater-than", "less-than"},
		}},
		klaviyo.OperationRequestProfileDeletion: {handler: (*account).requestFlatDeletion, rules: flatDeletionRules},
		klaviyo.OperationCreateClientProfile:    {handler: (*account).createFlatClientProfile, rules: flatClientProfileRules, maxBody: maxProfileBody, fixSchema: allowMeta},
		klaviyo.OperationCreateEvent:            {handler: (*account).createFlatEvent, rules: flatEventRules},
		klaviyo.OperationCreateClientEvent:      {handler: (*account).createFlatEvent, rules: flatEventRules},
		klaviyo.OperationGetEvents: {handler: (*account).getEvents, filters: map[string][]string{
			"metric_id":  {"equals"},
			"profile_id": {"equals"},
			"datetime":   {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
			"timestamp":  {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
		}},
		klaviyo.OperationGetMetrics: {handler: (*account).getMetrics, filters: map[string][]string{
			"integration.name":     {"equals"},
			"integration.category": {"equals"},
		}},
		klaviyo.OperationCreateList: {handler: (*account).createList, rules: createListRules},
		klaviyo.OperationGetList:    {handler: (*account).getList},
		klaviyo.OperationGetLists: {handler: (*account).getLists, filters: map[string][]string{
			"id":      {"any", "equals"},
			"name":    {"any", "equals"},
			"created": {"greater-than"},
			"updated": {"greater-than"},
		}},
		klaviyo.OperationGetListProfiles: {handler: (*account).getListProfiles, filters: map[string][]string{
			"email":        {"any"},
			"phone_number": {"any"},
			"push_token":   {"any"},
			"_kx":          {"equals"},
		}},
		klaviyo.OperationGetProfileLists:          {handler: (*account).getProfileLists},
		klaviyo.OperationCreateListRelationships:  {handler: (*account).createListRelationships, rules: membersRules},
		klaviyo.OperationDeleteListRelationships:  {handler: (*account).deleteListRelationships, rules: membersRules},
		klaviyo.OperationSubscribeProfiles:        {handler: (*account).subscribeFlat, rules: flatSubscribeRules},
		klaviyo.OperationUnsubscribeProfiles:      {handler: (*account).unsubscribeFlat, rules: flatUnsubscribeRules},
		klaviyo.OperationSuppressProfiles:         {handler: (*account).suppressFlat, rules: flatSuppressionRules},
		klaviyo.OperationUnsuppressProfiles:       {handler: (*account).unsuppressFlat, rules: flatSuppressionRules},
		klaviyo.OperationCreateClientSubscription: {handler: (*account).subscribeFlatClient, rules: flatClientSubscriptionRules},
	},
})
