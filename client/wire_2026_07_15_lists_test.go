package client_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// wireListCases2026 are the cases of the calls of lists and their members.
var wireListCases2026 = []wireCase[*klaviyo.API]{
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
}
