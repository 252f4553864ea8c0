package klaviyotest

import (
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

var _ = register(&revision{
	operations: klaviyo.Operations,
	resources:  nestedResources,
	operationSpecs: map[*runtime.Operation]operationSpec{
		klaviyo.OperationGetAccounts: {handler: (*account).getAccounts},

		klaviyo.OperationCreateProfile:          {handler: (*account).createProfile, partialSuccess: true, rules: createProfileRules, maxBody: maxProfileBody},
		klaviyo.OperationUpdateProfile:          {handler: (*account).updateProfile, partialSuccess: true, rules: updateProfileRules, maxBody: maxProfileBody},
		klaviyo.OperationCreateOrUpdateProfile:  {handler: (*account).createOrUpdateProfile, partialSuccess: true, rules: upsertProfileRules, maxBody: maxProfileBody},
		klaviyo.OperationMergeProfiles:          {handler: (*account).mergeProfiles, rules: mergeRules},
		klaviyo.OperationRequestProfileDeletion: {handler: (*account).requestProfileDeletion, rules: deletionRules},
		klaviyo.OperationCreateClientProfile:    {handler: (*account).createClientProfile, rules: clientProfileRules, maxBody: maxProfileBody},
		klaviyo.OperationGetProfile:             {handler: (*account).getProfile},
		klaviyo.OperationGetProfiles: {handler: (*account).getProfiles, filters: map[string][]string{
			"id":           {"any", "equals"},
			"email":        {"any", "equals"},
			"phone_number": {"any", "equals"},
			"external_id":  {"any", "equals"},
			"_kx":          {"equals"},
			"created":      {"greater-than", "less-than"},
			"updated":      {"greater-than", "less-than"},
		}},

		klaviyo.OperationBulkImportProfiles: {handler: (*account).bulkImportProfiles, rules: bulkImportRules},
		klaviyo.OperationGetBulkImportProfilesJobs: {handler: (*account).getImports, filters: map[string][]string{
			"status": {"any", "equals"},
		}},
		klaviyo.OperationGetBulkImportProfilesJob:          {handler: getJob(kindImport)},
		klaviyo.OperationGetErrorsForBulkImportProfilesJob: {handler: (*account).getImportErrors},

		klaviyo.OperationCreateEvent:       {handler: (*account).createEvent, rules: createEventRules},
		klaviyo.OperationCreateClientEvent: {handler: (*account).createClientEvent, rules: createEventRules},
		klaviyo.OperationBulkCreateEvents:  {handler: (*account).bulkCreateEvents, rules: bulkCreateEventsRules},
		klaviyo.OperationGetEvent:          {handler: (*account).getEvent},
		klaviyo.OperationGetEvents: {handler: (*account).getEvents, filters: map[string][]string{
			"metric_id":  {"equals"},
			"profile_id": {"equals"},
			"metric":     {"has"},
			"profile":    {"has"},
			"datetime":   {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
			"timestamp":  {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
		}},
		klaviyo.OperationGetMetric: {handler: (*account).getMetric},
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
		klaviyo.OperationGetProfilesForList: {handler: (*account).getListProfiles, filters: map[string][]string{
			"email":           {"any", "equals"},
			"phone_number":    {"any", "equals"},
			"push_token":      {"any", "equals"},
			"_kx":             {"equals"},
			"joined_group_at": {"greater-or-equal", "greater-than", "less-or-equal", "less-than"},
		}},
		klaviyo.OperationGetListsForProfile:     {handler: (*account).getProfileLists},
		klaviyo.OperationAddProfilesToList:      {handler: (*account).createListRelationships, rules: membersRules},
		klaviyo.OperationRemoveProfilesFromList: {handler: (*account).deleteListRelationships, rules: membersRules},

		klaviyo.OperationBulkSubscribeProfiles:        {handler: (*account).bulkSubscribe, rules: bulkSubscribeRules},
		klaviyo.OperationBulkUnsubscribeProfiles:      {handler: (*account).bulkUnsubscribe, rules: bulkUnsubscribeRules},
		klaviyo.OperationCreateClientSubscription:     {handler: (*account).createClientSubscription, rules: clientSubscriptionRules},
		klaviyo.OperationBulkSuppressProfiles:         {handler: bulkSuppression(kindSuppress), rules: bulkSuppressionRules},
		klaviyo.OperationBulkUnsuppressProfiles:       {handler: bulkSuppression(kindUnsuppress), rules: bulkSuppressionRules},
		klaviyo.OperationGetBulkSuppressProfilesJob:   {handler: getJob(kindSuppress)},
		klaviyo.OperationGetBulkUnsuppressProfilesJob: {handler: getJob(kindUnsuppress)},
	},
})
