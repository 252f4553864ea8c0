package client_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// The ids of the cases that those of 2023-02-22 haven't got.
const (
	wireEvent2026 = "3Zp/tVJhFSn"
	wireJob2026   = "am9i"
)

var _ = registerWire(wireRevision[*klaviyo.API]{
	revision:   klaviyo.Revision,
	operations: klaviyo.Operations,
	newAPI:     func(c *client.Client) *klaviyo.API { return klaviyo.NewAPI(c) },
	cases:      wireCases2026,
	enums: map[string]func(string) bool{
		"fields[account]":                             func(s string) bool { return klaviyo.AccountField(s).Valid() },
		"fields[attribution]":                         func(s string) bool { return klaviyo.AttributionField(s).Valid() },
		"fields[conversation]":                        func(s string) bool { return klaviyo.ConversationField(s).Valid() },
		"fields[event]":                               func(s string) bool { return klaviyo.EventField(s).Valid() },
		"fields[flow]":                                func(s string) bool { return klaviyo.FlowField(s).Valid() },
		"fields[import-error]":                        func(s string) bool { return klaviyo.ImportErrorField(s).Valid() },
		"fields[list]":                                func(s string) bool { return klaviyo.ListField(s).Valid() },
		"fields[metric]":                              func(s string) bool { return klaviyo.MetricField(s).Valid() },
		"fields[profile]":                             func(s string) bool { return klaviyo.ProfileField(s).Valid() },
		"fields[profile-bulk-import-job]":             func(s string) bool { return klaviyo.ImportJobField(s).Valid() },
		"fields[profile-suppression-bulk-create-job]": func(s string) bool { return klaviyo.SuppressionJobField(s).Valid() },
		"fields[profile-suppression-bulk-delete-job]": func(s string) bool { return klaviyo.UnsuppressionJobField(s).Valid() },
		"fields[push-token]":                          func(s string) bool { return klaviyo.PushTokenField(s).Valid() },
		"fields[segment]":                             func(s string) bool { return klaviyo.SegmentField(s).Valid() },
		"fields[tag]":                                 func(s string) bool { return klaviyo.TagField(s).Valid() },
		"additional-fields[list]":                     func(s string) bool { return klaviyo.ListAdditionalField(s).Valid() },
		"additional-fields[profile]":                  func(s string) bool { return klaviyo.ProfileAdditionalField(s).Valid() },
		"get_event include":                           func(s string) bool { return klaviyo.EventInclude(s).Valid() },
		"get_events include":                          func(s string) bool { return klaviyo.EventInclude(s).Valid() },
		"get_events sort":                             func(s string) bool { return klaviyo.EventSort(s).Valid() },
		"get_list include":                            func(s string) bool { return klaviyo.ListInclude(s).Valid() },
		"get_lists include":                           func(s string) bool { return klaviyo.ListInclude(s).Valid() },
		"get_lists sort":                              func(s string) bool { return klaviyo.ListSort(s).Valid() },
		"get_profiles_for_list sort":                  func(s string) bool { return klaviyo.ListProfileSort(s).Valid() },
		"get_metric include":                          func(s string) bool { return klaviyo.MetricInclude(s).Valid() },
		"get_metrics include":                         func(s string) bool { return klaviyo.MetricInclude(s).Valid() },
		"get_bulk_import_profiles_job include":        func(s string) bool { return klaviyo.ImportJobInclude(s).Valid() },
		"get_bulk_import_profiles_jobs sort":          func(s string) bool { return klaviyo.ImportJobSort(s).Valid() },
		"get_profile include":                         func(s string) bool { return klaviyo.ProfileInclude(s).Valid() },
		"get_profiles include":                        func(s string) bool { return klaviyo.ProfileInclude(s).Valid() },
		"get_profiles sort":                           func(s string) bool { return klaviyo.ProfileSort(s).Valid() },
	},
})

// wireCases2026 has at least one case for each operation and each answer of success.
var wireCases2026 = []wireCase[*klaviyo.API]{
	{
		operation: klaviyo.OperationGetAccounts,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetAccounts(t.Context(), &klaviyo.GetAccountsParams{
				FieldsAccount: []klaviyo.AccountField{klaviyo.AccountFieldContactInformation},
			})
		},
		path:   "/api/accounts",
		query:  url.Values{"fields[account]": {"contact_information"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationRequestProfileDeletion,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.RequestProfileDeletion(t.Context(), bodyOf[klaviyo.DataPrivacyCreateDeletionJobQuery](t, klaviyo.OperationRequestProfileDeletion).Data.Attributes)
		},
		path:   "/api/data-privacy-deletion-jobs",
		body:   asDescribed,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationBulkCreateEvents,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.BulkCreateEvents(t.Context(), bodyOf[klaviyo.EventBulkCreateQuery](t, klaviyo.OperationBulkCreateEvents).Data.Attributes)
		},
		path:   "/api/event-bulk-create-jobs",
		body:   asDescribed,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationGetEvents,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetEvents(t.Context(), &klaviyo.GetEventsParams{
				FieldsAttribution: []klaviyo.AttributionField{klaviyo.AttributionFieldID},
				FieldsEvent:       []klaviyo.EventField{klaviyo.EventFieldDatetime, klaviyo.EventFieldEventProperties},
				FieldsMetric:      []klaviyo.MetricField{klaviyo.MetricFieldCreated},
				FieldsProfile:     []klaviyo.ProfileField{klaviyo.ProfileFieldEmail, klaviyo.ProfileFieldExternalID},
				Filter:            klaviyo.EventMetricIDEquals("M").And(klaviyo.EventHasProfile(), klaviyo.EventDatetimeLessThan(time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC))),
				Include:           []klaviyo.EventInclude{klaviyo.EventIncludeAttributions, klaviyo.EventIncludeMetric, klaviyo.EventIncludeProfile},
				PageCursor:        "bmV4dA",
				PageSize:          50,
				Sort:              klaviyo.EventSortMinusDatetime,
			})
		},
		path: "/api/events",
		query: url.Values{"fields[attribution]": {"id"}, "fields[event]": {"datetime,event_properties"}, "fields[metric]": {"created"}, "fields[profile]": {"email,external_id"},
			"filter": {`equals(metric_id,"M"),has(profile),less-than(datetime,2026-03-14T00:00:00Z)`}, "include": {"attributions,metric,profile"}, "page[cursor]": {"bmV4dA"}, "page[size]": {"50"}, "sort": {"-datetime"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationCreateEvent,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateEvent(t.Context(), bodyOf[klaviyo.EventCreateQuery](t, klaviyo.OperationCreateEvent).Data.Attributes)
		},
		path:   "/api/events",
		body:   asDescribed,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationGetEvent,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetEvent(t.Context(), wireEvent2026, &klaviyo.GetEventParams{
				FieldsAttribution: []klaviyo.AttributionField{klaviyo.AttributionFieldID},
				FieldsEvent:       []klaviyo.EventField{klaviyo.EventFieldDatetime, klaviyo.EventFieldEventProperties},
				FieldsMetric:      []klaviyo.MetricField{klaviyo.MetricFieldCreated},
				FieldsProfile:     []klaviyo.ProfileField{klaviyo.ProfileFieldEmail, klaviyo.ProfileFieldExternalID},
				Include:           []klaviyo.EventInclude{klaviyo.EventIncludeAttributions, klaviyo.EventIncludeMetric, klaviyo.EventIncludeProfile},
			})
		},
		path: "/api/events/3Zp%2FtVJhFSn",
		query: url.Values{"fields[attribution]": {"id"}, "fields[event]": {"datetime,event_properties"}, "fields[metric]": {"created"}, "fields[profile]": {"email,external_id"},
			"include": {"attributions,metric,profile"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetLists,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetLists(t.Context(), &klaviyo.GetListsParams{
				FieldsFlow: []klaviyo.FlowField{klaviyo.FlowFieldArchived, klaviyo.FlowFieldCreated},
				FieldsList: []klaviyo.ListField{klaviyo.ListFieldName},
				FieldsTag:  []klaviyo.TagField{klaviyo.TagFieldName},
				Include:    []klaviyo.ListInclude{klaviyo.ListIncludeFlowTriggers, klaviyo.ListIncludeTags},
				Filter:     klaviyo.ListNameEquals("News").And(klaviyo.ListIDAny("L", "N")),
				PageCursor: "bmV4dA",
				PageSize:   50,
				Sort:       klaviyo.ListSortMinusCreated,
			})
		},
		path: "/api/lists",
		query: url.Values{"fields[flow]": {"archived,created"}, "fields[list]": {"name"}, "fields[tag]": {"name"}, "include": {"flow-triggers,tags"},
			"filter": {`equals(name,["News"]),any(id,["L","N"])`}, "page[cursor]": {"bmV4dA"}, "page[size]": {"50"}, "sort": {"-created"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationCreateList,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.CreateList(t.Context(), &klaviyo.CreateListParams{
				FieldsList: []klaviyo.ListField{klaviyo.ListFieldName},
			}, bodyOf[klaviyo.ListCreateQuery](t, klaviyo.OperationCreateList).Data.Attributes)
		},
		path:   "/api/lists",
		query:  url.Values{"fields[list]": {"name"}},
		body:   asDescribed,
		status: http.StatusCreated,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetList,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetList(t.Context(), wireList, &klaviyo.GetListParams{
				AdditionalFieldsList: []klaviyo.ListAdditionalField{klaviyo.ListAdditionalFieldProfileCount},
				FieldsFlow:           []klaviyo.FlowField{klaviyo.FlowFieldArchived, klaviyo.FlowFieldCreated},
				FieldsList:           []klaviyo.ListField{klaviyo.ListFieldName},
				FieldsTag:            []klaviyo.TagField{klaviyo.TagFieldName},
				Include:              []klaviyo.ListInclude{klaviyo.ListIncludeFlowTriggers, klaviyo.ListIncludeTags},
			})
		},
		path: "/api/lists/Y6n%2FRL",
		query: url.Values{"additional-fields[list]": {"profile_count"},
			"fields[flow]": {"archived,created"}, "fields[list]": {"name"}, "fields[tag]": {"name"}, "include": {"flow-triggers,tags"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetProfilesForList,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetProfilesForList(t.Context(), wireList, &klaviyo.GetProfilesForListParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics, klaviyo.ProfileAdditionalFieldSubscriptions},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
				Filter:                  klaviyo.ListProfileEmailEquals("ada+1@example.com"),
				PageCursor:              "bmV4dA",
				PageSize:                50,
				Sort:                    klaviyo.ListProfileSortMinusJoinedGroupAt,
			})
		},
		path: "/api/lists/Y6n%2FRL/profiles",
		query: url.Values{"additional-fields[profile]": {"predictive_analytics,subscriptions"}, "fields[profile]": {"email"},
			"filter": {`equals(email,["ada+1@example.com"])`}, "page[cursor]": {"bmV4dA"}, "page[size]": {"50"}, "sort": {"-joined_group_at"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationRemoveProfilesFromList,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.RemoveProfilesFromList(t.Context(), wireList, []string{"P1"})
		},
		path:   "/api/lists/Y6n%2FRL/relationships/profiles",
		body:   `{"data":[{"type":"profile","id":"P1"}]}`,
		status: http.StatusNoContent,
	},
	{
		operation: klaviyo.OperationAddProfilesToList,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.AddProfilesToList(t.Context(), wireList, []string{"P1"})
		},
		path:   "/api/lists/Y6n%2FRL/relationships/profiles",
		body:   `{"data":[{"type":"profile","id":"P1"}]}`,
		status: http.StatusNoContent,
	},
	{
		operation: klaviyo.OperationGetMetrics,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetMetrics(t.Context(), &klaviyo.GetMetricsParams{
				FieldsFlow:   []klaviyo.FlowField{klaviyo.FlowFieldArchived},
				FieldsMetric: []klaviyo.MetricField{klaviyo.MetricFieldIntegration},
				Include:      []klaviyo.MetricInclude{klaviyo.MetricIncludeFlowTriggers},
				Filter:       klaviyo.MetricIntegrationNameEquals("API"),
				PageCursor:   "bmV4dA",
			})
		},
		path: "/api/metrics",
		query: url.Values{"fields[flow]": {"archived"}, "fields[metric]": {"integration"}, "include": {"flow-triggers"},
			"filter": {`equals(integration.name,"API")`}, "page[cursor]": {"bmV4dA"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetMetric,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetMetric(t.Context(), "UxxK3u", &klaviyo.GetMetricParams{
				FieldsFlow:   []klaviyo.FlowField{klaviyo.FlowFieldArchived},
				FieldsMetric: []klaviyo.MetricField{klaviyo.MetricFieldIntegration},
				Include:      []klaviyo.MetricInclude{klaviyo.MetricIncludeFlowTriggers},
			})
		},
		path:   "/api/metrics/UxxK3u",
		query:  url.Values{"fields[flow]": {"archived"}, "fields[metric]": {"integration"}, "include": {"flow-triggers"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetBulkImportProfilesJobs,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetBulkImportProfilesJobs(t.Context(), &klaviyo.GetBulkImportProfilesJobsParams{
				FieldsProfileBulkImportJob: []klaviyo.ImportJobField{klaviyo.ImportJobFieldCompletedAt},
				Filter:                     klaviyo.ImportJobStatusAny(klaviyo.JobStatusProcessing, klaviyo.JobStatusComplete),
				PageCursor:                 "bmV4dA",
				PageSize:                   50,
				Sort:                       klaviyo.ImportJobSortMinusCreatedAt,
			})
		},
		path: "/api/profile-bulk-import-jobs",
		query: url.Values{"fields[profile-bulk-import-job]": {"completed_at"},
			"filter": {`any(status,["processing","complete"])`}, "page[cursor]": {"bmV4dA"}, "page[size]": {"50"}, "sort": {"-created_at"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationBulkImportProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.BulkImportProfiles(t.Context(), &klaviyo.BulkImportProfilesParams{
				FieldsProfileBulkImportJob: []klaviyo.ImportJobField{klaviyo.ImportJobFieldCompletedAt},
			}, bodyOf[klaviyo.ProfileImportJobCreateQuery](t, klaviyo.OperationBulkImportProfiles))
		},
		path:   "/api/profile-bulk-import-jobs",
		query:  url.Values{"fields[profile-bulk-import-job]": {"completed_at"}},
		body:   asDescribed,
		status: http.StatusAccepted,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetErrorsForBulkImportProfilesJob,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetErrorsForBulkImportProfilesJob(t.Context(), wireJob2026, &klaviyo.GetErrorsForBulkImportProfilesJobParams{
				FieldsImportError: []klaviyo.ImportErrorField{klaviyo.ImportErrorFieldCode},
				PageCursor:        "bmV4dA",
				PageSize:          50,
			})
		},
		path:   "/api/profile-bulk-import-jobs/am9i/import-errors",
		query:  url.Values{"fields[import-error]": {"code"}, "page[cursor]": {"bmV4dA"}, "page[size]": {"50"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetBulkImportProfilesJob,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetBulkImportProfilesJob(t.Context(), wireJob2026, &klaviyo.GetBulkImportProfilesJobParams{
				FieldsList:                 []klaviyo.ListField{klaviyo.ListFieldName},
				FieldsProfileBulkImportJob: []klaviyo.ImportJobField{klaviyo.ImportJobFieldCompletedAt},
				Include:                    []klaviyo.ImportJobInclude{klaviyo.ImportJobIncludeLists},
			})
		},
		path:   "/api/profile-bulk-import-jobs/am9i",
		query:  url.Values{"fields[list]": {"name"}, "fields[profile-bulk-import-job]": {"completed_at"}, "include": {"lists"}},
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
		operation: klaviyo.OperationBulkSuppressProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.BulkSuppressProfiles(t.Context(), &klaviyo.BulkSuppressProfilesParams{
				FieldsProfileSuppressionBulkCreateJob: []klaviyo.SuppressionJobField{klaviyo.SuppressionJobFieldCompletedAt},
			}, bodyOf[klaviyo.SuppressionCreateJobCreateQuery](t, klaviyo.OperationBulkSuppressProfiles))
		},
		path:   "/api/profile-suppression-bulk-create-jobs",
		query:  url.Values{"fields[profile-suppression-bulk-create-job]": {"completed_at"}},
		body:   asDescribed,
		status: http.StatusAccepted,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetBulkSuppressProfilesJob,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetBulkSuppressProfilesJob(t.Context(), wireJob2026, &klaviyo.GetBulkSuppressProfilesJobParams{
				FieldsProfileSuppressionBulkCreateJob: []klaviyo.SuppressionJobField{klaviyo.SuppressionJobFieldCompletedAt},
			})
		},
		path:   "/api/profile-suppression-bulk-create-jobs/am9i",
		query:  url.Values{"fields[profile-suppression-bulk-create-job]": {"completed_at"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationBulkUnsuppressProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.BulkUnsuppressProfiles(t.Context(), &klaviyo.BulkUnsuppressProfilesParams{
				FieldsProfileSuppressionBulkDeleteJob: []klaviyo.UnsuppressionJobField{klaviyo.UnsuppressionJobFieldCompletedAt},
			}, bodyOf[klaviyo.UnsuppressionCreateJobCreateQuery](t, klaviyo.OperationBulkUnsuppressProfiles))
		},
		path:   "/api/profile-suppression-bulk-delete-jobs",
		query:  url.Values{"fields[profile-suppression-bulk-delete-job]": {"completed_at"}},
		body:   asDescribed,
		status: http.StatusAccepted,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetBulkUnsuppressProfilesJob,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetBulkUnsuppressProfilesJob(t.Context(), wireJob2026, &klaviyo.GetBulkUnsuppressProfilesJobParams{
				FieldsProfileSuppressionBulkDeleteJob: []klaviyo.UnsuppressionJobField{klaviyo.UnsuppressionJobFieldCompletedAt},
			})
		},
		path:   "/api/profile-suppression-bulk-delete-jobs/am9i",
		query:  url.Values{"fields[profile-suppression-bulk-delete-job]": {"completed_at"}},
		status: http.StatusOK,
		answer: asDescribed,
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
	{
		operation: klaviyo.OperationCreateClientEvent,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateClientEvent(t.Context(), bodyOf[klaviyo.EventCreateQuery](t, klaviyo.OperationCreateClientEvent).Data.Attributes)
		},
		path:   "/client/events",
		body:   asDescribed,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationCreateClientProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateClientProfile(t.Context(), bodyOf[klaviyo.OnsiteProfileCreateQuery](t, klaviyo.OperationCreateClientProfile))
		},
		path:   "/client/profiles",
		body:   asDescribed,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationCreateClientSubscription,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateClientSubscription(t.Context(), bodyOf[klaviyo.OnsiteSubscriptionCreateQuery](t, klaviyo.OperationCreateClientSubscription))
		},
		path:   "/client/subscriptions",
		body:   asDescribed,
		status: http.StatusAccepted,
	},
}
