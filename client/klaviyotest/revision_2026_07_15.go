package klaviyotest

import (
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

var _ = register(&revision{
	operations: klaviyo.Operations,
	shows:      showsNested,
	served: map[*runtime.Operation]served{
		klaviyo.OperationGetAccounts: {do: (*account).getAccounts},

		klaviyo.OperationCreateProfile:          {do: (*account).createProfile, partly: true, rules: createProfileRules, maxBody: maxProfileBody},
		klaviyo.OperationUpdateProfile:          {do: (*account).updateProfile, partly: true, rules: updateProfileRules, maxBody: maxProfileBody},
		klaviyo.OperationCreateOrUpdateProfile:  {do: (*account).createOrUpdateProfile, partly: true, rules: upsertProfileRules, maxBody: maxProfileBody},
		klaviyo.OperationMergeProfiles:          {do: (*account).mergeProfiles, rules: mergeRules},
		klaviyo.OperationRequestProfileDeletion: {do: (*account).requestProfileDeletion, rules: deletionRules},
		klaviyo.OperationCreateClientProfile:    {do: (*account).createClientProfile, rules: clientProfileRules, maxBody: maxProfileBody},
		klaviyo.OperationGetProfile:             {do: (*account).getProfile},
		klaviyo.OperationGetProfiles: {do: (*account).getProfiles, filters: map[string][]string{
			"id":           {"any", "equals"},
			"email":        {"any", "equals"},
			"phone_number": {"any", "equals"},
			"external_id":  {"any", "equals"},
			"_kx":          {"equals"},
			"created":      {"greater-than", "less-than"},
			"updated":      {"greater-than", "less-than"},
		}},

		klaviyo.OperationBulkImportProfiles: {do: (*account).bulkImportProfiles, rules: bulkImportRules},
		klaviyo.OperationGetBulkImportProfilesJobs: {do: (*account).getImports, filters: map[string][]string{
			"status": {"any", "equals"},
		}},
		klaviyo.OperationGetBulkImportProfilesJob:          {do: getJob(kindImport)},
		klaviyo.OperationGetErrorsForBulkImportProfilesJob: {do: (*account).getImportErrors},

		klaviyo.OperationCreateEvent:       {do: (*account).createEvent, rules: createEventRules},
		klaviyo.OperationCreateClientEvent: {do: (*account).createClientEvent, rules: createEventRules},
		klaviyo.OperationBulkCreateEvents:  {do: (*account).bulkCreateEvents, rules: bulkCreateEventsRules},
		klaviyo.OperationGetEvent:          {do: (*account).getEvent},
		klaviyo.OperationGetEvents: {do: (*account).getEvents, filters: map[string][]string{
			"metric_id":  {"equals"},
			"profile_id": {"equals"},
			"metric":     {"has"},
			"profile":    {"has"},
			"datetime":   {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
			"timestamp":  {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
		}},
		klaviyo.OperationGetMetric: {do: (*account).getMetric},
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
		klaviyo.OperationGetProfilesForList: {do: (*account).getListProfiles, filters: map[string][]string{
			"email":           {"any", "equals"},
			"phone_number":    {"any", "equals"},
			"push_token":      {"any", "equals"},
			"_kx":             {"equals"},
			"joined_group_at": {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
		}},
		klaviyo.OperationGetListsForProfile:     {do: (*account).getProfileLists},
		klaviyo.OperationAddProfilesToList:      {do: (*account).createListRelationships, rules: membersRules},
		klaviyo.OperationRemoveProfilesFromList: {do: (*account).deleteListRelationships, rules: membersRules},

		klaviyo.OperationBulkSubscribeProfiles:        {do: (*account).bulkSubscribe, rules: bulkSubscribeRules},
		klaviyo.OperationBulkUnsubscribeProfiles:      {do: (*account).bulkUnsubscribe, rules: bulkUnsubscribeRules},
		klaviyo.OperationCreateClientSubscription:     {do: (*account).createClientSubscription, rules: clientSubscriptionRules},
		klaviyo.OperationBulkSuppressProfiles:         {do: bulkSuppression(kindSuppress), rules: bulkSuppressionRules},
		klaviyo.OperationBulkUnsuppressProfiles:       {do: bulkSuppression(kindUnsuppress), rules: bulkSuppressionRules},
		klaviyo.OperationGetBulkSuppressProfilesJob:   {do: getJob(kindSuppress)},
		klaviyo.OperationGetBulkUnsuppressProfilesJob: {do: getJob(kindUnsuppress)},
	},
})
