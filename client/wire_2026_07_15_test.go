package client_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

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

// wireCases2026 has at least one case for each operation and each response of success.
var wireCases2026 = slices.Concat(wireAccountCases2026, wireEventCases2026, wireListCases2026, wireProfileCases2026, wireProfileJobCases2026, wireClientCases2026)

// wireAccountCases2026 are the cases of the calls of the account, and of data privacy.
var wireAccountCases2026 = []wireCase[*klaviyo.API]{
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
}

// wireClientCases2026 are the cases of the calls that need a company id and no private key.
var wireClientCases2026 = []wireCase[*klaviyo.API]{
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
