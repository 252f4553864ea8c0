package client_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// The ids of the cases. A list's has a slash, so that a path that isn't escaped shows.
const (
	wireList    = "Y6n/RL"
	wireProfile = "01GDDKASAP8TKDDA2GRZDSVP4H"
)

var _ = registerWire(wireRevision[*klaviyo.API]{
	revision:   klaviyo.Revision,
	operations: klaviyo.Operations,
	newAPI:     func(c *client.Client) *klaviyo.API { return klaviyo.NewAPI(c) },
	cases:      wireCases2023,
	enums: map[string]func(string) bool{
		"fields[event]":              func(s string) bool { return klaviyo.EventField(s).Valid() },
		"fields[list]":               func(s string) bool { return klaviyo.ListField(s).Valid() },
		"fields[metric]":             func(s string) bool { return klaviyo.MetricField(s).Valid() },
		"fields[profile]":            func(s string) bool { return klaviyo.ProfileField(s).Valid() },
		"fields[segment]":            func(s string) bool { return klaviyo.SegmentField(s).Valid() },
		"additional-fields[profile]": func(s string) bool { return klaviyo.ProfileAdditionalField(s).Valid() },
		"get_events include":         func(s string) bool { return klaviyo.EventInclude(s).Valid() },
		"get_events sort":            func(s string) bool { return klaviyo.EventSort(s).Valid() },
		"get_profile include":        func(s string) bool { return klaviyo.ProfileInclude(s).Valid() },
		"get_profiles sort":          func(s string) bool { return klaviyo.ProfileSort(s).Valid() },
	},
	compare: []cmp.Option{cmp.AllowUnexported(klaviyo.Coordinate{}, klaviyo.EventIncluded{}, klaviyo.ProfileIncluded{})},
})

// wireCases2023 has at least one case for each operation and each response of success.
var wireCases2023 = []wireCase[*klaviyo.API]{
	{
		operation: klaviyo.OperationCreateEvent,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateEvent(t.Context(), wireEventAttributes)
		},
		path: "/api/events/", body: wireEventBody,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationCreateClientEvent,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateClientEvent(t.Context(), wireEventAttributes)
		},
		path: "/client/events/", body: wireEventBody,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationGetEvents,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetEvents(t.Context(), &klaviyo.GetEventsParams{
				FieldsEvent:   []klaviyo.EventField{klaviyo.EventFieldMetricID, klaviyo.EventFieldUUID},
				FieldsMetric:  []klaviyo.MetricField{klaviyo.MetricFieldName},
				FieldsProfile: []klaviyo.ProfileField{klaviyo.ProfileFieldEmail, klaviyo.ProfileFieldLocationCity},
				Filter:        klaviyo.EventMetricIDEquals("M").And(klaviyo.EventDatetimeLessThan(time.Date(2023, 2, 22, 0, 0, 0, 0, time.UTC))),
				Include:       []klaviyo.EventInclude{klaviyo.EventIncludeMetrics, klaviyo.EventIncludeProfiles},
				PageCursor:    "bmV4dA",
				Sort:          klaviyo.EventSortMinusDatetime,
			})
		},
		path: "/api/events/",
		query: url.Values{
			"fields[event]": {"metric_id,uuid"}, "fields[metric]": {"name"}, "fields[profile]": {"email,location.city"},
			"filter": {`equals(metric_id,"M"),less-than(datetime,2023-02-22T00:00:00Z)`}, "include": {"metrics,profiles"},
			"page[cursor]": {"bmV4dA"}, "sort": {"-datetime"},
		},
		status: http.StatusOK,
		answer: `{"data":[{"type":"event","id":"E","attributes":{"metric_id":"M","profile_id":"P","timestamp":"1677063600",
			"event_properties":{"$value":1.10},"datetime":"2023-02-22 11:00:00+00:00","uuid":"U"},"links":{"self":"self"},"relationships":{
			"metrics":{"data":[{"type":"metric","id":"M"}],"links":{"self":"m-self","related":"m-related"}},
			"profiles":{"data":[{"type":"profile","id":"P"}],"links":{"self":"p-self","related":"p-related"}}}}],
			"included":[` + wireMetricJSON + `,` + wireProfilePlainJSON + `],"links":` + wirePageLinksJSON + `}`,
		want: &klaviyo.EventPage{
			Data: []klaviyo.Event{{
				Type: klaviyo.EventEnumEvent, ID: "E",
				Attributes: klaviyo.EventAttributes{
					MetricID: "M", ProfileID: "P", Timestamp: "1677063600", EventProperties: json.RawMessage(`{"$value":1.10}`),
					Datetime: "2023-02-22 11:00:00+00:00", UUID: "U",
				},
				Links: klaviyo.ObjectLinks{Self: "self"},
				Relationships: klaviyo.EventRelationships{
					Metrics:  klaviyo.Relationship{Data: []klaviyo.ResourceIdentifier{{Type: "metric", ID: "M"}}, Links: klaviyo.RelationshipLinks{Self: "m-self", Related: "m-related"}},
					Profiles: klaviyo.Relationship{Data: []klaviyo.ResourceIdentifier{{Type: "profile", ID: "P"}}, Links: klaviyo.RelationshipLinks{Self: "p-self", Related: "p-related"}},
				},
			}},
			Included: []klaviyo.EventIncluded{
				unionOf((*klaviyo.EventIncluded).FromMetric, wireMetric),
				unionOf((*klaviyo.EventIncluded).FromProfile, wireProfilePlain),
			},
			Links: wirePageLinks,
		},
	},
	{
		operation: klaviyo.OperationGetMetrics,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetMetrics(t.Context(), &klaviyo.GetMetricsParams{
				FieldsMetric: []klaviyo.MetricField{klaviyo.MetricFieldName, klaviyo.MetricFieldIntegration},
				Filter:       klaviyo.MetricIntegrationNameEquals("API"), PageCursor: "bmV4dA",
			})
		},
		path:   "/api/metrics/",
		query:  url.Values{"fields[metric]": {"name,integration"}, "filter": {`equals(integration.name,"API")`}, "page[cursor]": {"bmV4dA"}},
		status: http.StatusOK,
		answer: `{"data":[` + wireMetricJSON + `],"links":` + wirePageLinksJSON + `}`,
		want:   &klaviyo.MetricPage{Data: []klaviyo.Metric{wireMetric}, Links: wirePageLinks},
	},
	{
		operation: klaviyo.OperationCreateList,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.CreateList(t.Context(), klaviyo.ListCreateAttributes{Name: "Newsletter"})
		},
		path: "/api/lists/", body: `{"data":{"type":"list","attributes":{"name":"Newsletter"}}}`,
		status: http.StatusCreated,
		answer: `{"data":` + wireListLinkedJSON + `}`,
		want:   &klaviyo.ListDocument{Data: wireListLinked},
	},
	{
		operation: klaviyo.OperationGetList,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetList(t.Context(), wireList, &klaviyo.GetListParams{FieldsList: []klaviyo.ListField{klaviyo.ListFieldName, klaviyo.ListFieldCreated}})
		},
		path: "/api/lists/Y6n%2FRL/", query: url.Values{"fields[list]": {"name,created"}},
		status: http.StatusOK,
		answer: `{"data":` + wireListLinkedJSON + `}`,
		want:   &klaviyo.ListDocument{Data: wireListLinked},
	},
	{
		operation: klaviyo.OperationGetLists,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetLists(t.Context(), &klaviyo.GetListsParams{
				FieldsList: []klaviyo.ListField{klaviyo.ListFieldName}, Filter: klaviyo.ListNameAny("a", "b"), PageCursor: "bmV4dA",
			})
		},
		path:   "/api/lists/",
		query:  url.Values{"fields[list]": {"name"}, "filter": {`any(name,["a","b"])`}, "page[cursor]": {"bmV4dA"}},
		status: http.StatusOK,
		answer: `{"data":[` + wireListLinkedJSON + `],"links":` + wirePageLinksJSON + `}`,
		want:   &klaviyo.ListPage{Data: []klaviyo.List{wireListLinked}, Links: wirePageLinks},
	},
	{
		operation: klaviyo.OperationGetListProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetListProfiles(t.Context(), wireList, &klaviyo.GetListProfilesParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail, klaviyo.ProfileFieldSubscriptionsEmail},
				Filter:                  klaviyo.ListProfileEmailAny("ada@example.com"), PageCursor: "bmV4dA", PageSize: 100,
			})
		},
		path: "/api/lists/Y6n%2FRL/profiles/",
		query: url.Values{
			"additional-fields[profile]": {"predictive_analytics"}, "fields[profile]": {"email,subscriptions.email"},
			"filter": {`any(email,["ada@example.com"])`}, "page[cursor]": {"bmV4dA"}, "page[size]": {"100"},
		},
		status: http.StatusOK,
		answer: `{"data":[` + wireProfileIncludingJSON + `],"links":` + wirePageLinksJSON + `}`,
		want:   &klaviyo.ProfilePage{Data: []klaviyo.Profile{wireProfileIncluding}, Links: wirePageLinks},
	},
	{
		operation: klaviyo.OperationCreateListRelationships,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateListRelationships(t.Context(), wireList, []string{"01A", "01B"})
		},
		path: "/api/lists/Y6n%2FRL/relationships/profiles/", body: `{"data":[{"type":"profile","id":"01A"},{"type":"profile","id":"01B"}]}`,
		status: http.StatusNoContent,
	},
	{
		operation: klaviyo.OperationDeleteListRelationships,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.DeleteListRelationships(t.Context(), wireList, []string{"01A", "01B"})
		},
		path: "/api/lists/Y6n%2FRL/relationships/profiles/", body: `{"data":[{"type":"profile","id":"01A"},{"type":"profile","id":"01B"}]}`,
		status: http.StatusNoContent,
	},
	{
		operation: klaviyo.OperationCreateProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.CreateProfile(t.Context(), klaviyo.ProfileCreateAttributes{
				Email: "ada@example.com", PhoneNumber: "+12025550147", ExternalID: "7",
				FirstName: klaviyo.Set("Ada"), LastName: klaviyo.Set("Lovelace"), Organization: klaviyo.Set("Engines & Co"),
				Title: klaviyo.Null[string](), Image: klaviyo.Set(""),
				Location: wireLocation, Properties: json.RawMessage(`{"n":1.10,"none":null}`),
			})
		},
		path: "/api/profiles/",
		body: `{"data":{"type":"profile","attributes":{"email":"ada@example.com","phone_number":"+12025550147","external_id":"7",
			"first_name":"Ada","last_name":"Lovelace","organization":"Engines & Co","title":null,"image":"",
			"location":` + wireLocationJSON + `,"properties":{"n":1.10,"none":null}}}}`,
		status: http.StatusCreated,
		answer: `{"data":` + wireProfileIncludingJSON + `}`,
		want:   &klaviyo.ProfileDocument{Data: wireProfileIncluding},
	},
	{
		operation: klaviyo.OperationUpdateProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.UpdateProfile(t.Context(), wireProfile, klaviyo.ProfileUpdateAttributes{
				Email: klaviyo.Set("ada@example.com"), PhoneNumber: klaviyo.Null[string](), ExternalID: klaviyo.Set("7"), AnonymousID: klaviyo.Null[string](),
				FirstName: klaviyo.Set("Ada"), LastName: klaviyo.Set(""), Organization: klaviyo.Set("Engines & Co"),
				Title: klaviyo.Null[string](), Image: klaviyo.Set("https://example.com/ada.png"),
				Location: wireLocation, Properties: json.RawMessage(`{"n":1.10,"none":null}`),
			})
		},
		path: "/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H/",
		body: `{"data":{"type":"profile","id":"01GDDKASAP8TKDDA2GRZDSVP4H","attributes":{"email":"ada@example.com","phone_number":null,
			"external_id":"7","anonymous_id":null,"first_name":"Ada","last_name":"","organization":"Engines & Co","title":null,
			"image":"https://example.com/ada.png","location":` + wireLocationJSON + `,"properties":{"n":1.10,"none":null}}}}`,
		status: http.StatusOK,
		answer: `{"data":` + wireProfileIncludingJSON + `}`,
		want:   &klaviyo.ProfileDocument{Data: wireProfileIncluding},
	},
	{
		operation: klaviyo.OperationUpdateProfile, // of which only what is given is sent
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.UpdateProfile(t.Context(), wireProfile, klaviyo.ProfileUpdateAttributes{Title: klaviyo.Null[string]()})
		},
		path:   "/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H/",
		body:   `{"data":{"type":"profile","id":"01GDDKASAP8TKDDA2GRZDSVP4H","attributes":{"title":null}}}`,
		status: http.StatusOK,
		answer: `{"data":` + wireProfilePlainJSON + `}`,
		want:   &klaviyo.ProfileDocument{Data: wireProfilePlain},
	},
	{
		operation: klaviyo.OperationGetProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetProfile(t.Context(), wireProfile, &klaviyo.GetProfileParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics},
				FieldsList:              []klaviyo.ListField{klaviyo.ListFieldName},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
				FieldsSegment:           []klaviyo.SegmentField{klaviyo.SegmentFieldName, klaviyo.SegmentFieldUpdated},
				Include:                 []klaviyo.ProfileInclude{klaviyo.ProfileIncludeLists, klaviyo.ProfileIncludeSegments},
			})
		},
		path: "/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H/",
		query: url.Values{
			"additional-fields[profile]": {"predictive_analytics"}, "fields[list]": {"name"}, "fields[profile]": {"email"},
			"fields[segment]": {"name,updated"}, "include": {"lists,segments"},
		},
		status: http.StatusOK,
		answer: `{"data":` + wireProfileIncludingJSON + `,"included":[` + wireListJSON + `,` + wireSegmentJSON + `]}`,
		want: &klaviyo.ProfileDocument{
			Data: wireProfileIncluding,
			Included: []klaviyo.ProfileIncluded{
				unionOf((*klaviyo.ProfileIncluded).FromList, wireListPlain),
				unionOf((*klaviyo.ProfileIncluded).FromSegment, wireSegment),
			},
		},
	},
	{
		operation: klaviyo.OperationGetProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetProfiles(t.Context(), &klaviyo.GetProfilesParams{
				AdditionalFieldsProfile: []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics},
				FieldsProfile:           []klaviyo.ProfileField{klaviyo.ProfileFieldEmail, klaviyo.ProfileFieldCreated},
				Filter:                  klaviyo.ProfileEmailEquals("a+b@example.com"), PageCursor: "bmV4dA", PageSize: 2, Sort: klaviyo.ProfileSortMinusCreated,
			})
		},
		path: "/api/profiles/",
		query: url.Values{
			"additional-fields[profile]": {"predictive_analytics"}, "fields[profile]": {"email,created"},
			"filter": {`equals(email,"a+b@example.com")`}, "page[cursor]": {"bmV4dA"}, "page[size]": {"2"}, "sort": {"-created"},
		},
		status: http.StatusOK,
		answer: `{"data":[` + wireProfilePredictedJSON + `],"links":` + wirePageLinksJSON + `}`,
		want:   &klaviyo.ProfilePage{Data: []klaviyo.Profile{wireProfilePredicted}, Links: wirePageLinks},
	},
	{
		operation: klaviyo.OperationGetProfileLists,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetProfileLists(t.Context(), wireProfile, &klaviyo.GetProfileListsParams{FieldsList: []klaviyo.ListField{klaviyo.ListFieldName}})
		},
		path: "/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H/lists/", query: url.Values{"fields[list]": {"name"}},
		status: http.StatusOK,
		answer: `{"data":[` + wireListLinkedJSON + `],"links":` + wirePageLinksJSON + `}`,
		want:   &klaviyo.ListPage{Data: []klaviyo.List{wireListLinked}, Links: wirePageLinks},
	},
	deletion(klaviyo.DeletionJobAttributes{Email: "ada@example.com"}, `{"email":"ada@example.com"}`),
	deletion(klaviyo.DeletionJobAttributes{PhoneNumber: "+12025550147"}, `{"phone_number":"+12025550147"}`),
	deletion(klaviyo.DeletionJobAttributes{ProfileID: wireProfile}, `{"profile_id":"01GDDKASAP8TKDDA2GRZDSVP4H"}`),
	{
		operation: klaviyo.OperationSubscribeProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.SubscribeProfiles(t.Context(), klaviyo.SubscriptionJobAttributes{
				ListID: "LIST", CustomSource: "Shop",
				Subscriptions: []klaviyo.Subscription{
					{
						Email: "ada@example.com", PhoneNumber: "+12025550147", ProfileID: wireProfile,
						Channels: klaviyo.SubscriptionChannels{Email: []klaviyo.Consent{klaviyo.ConsentMarketing}, SMS: []klaviyo.Consent{klaviyo.ConsentMarketing}},
					},
					{Email: "bo@example.com"},
				},
			})
		},
		path: "/api/profile-subscription-bulk-create-jobs/",
		body: `{"data":{"type":"profile-subscription-bulk-create-job","attributes":{"list_id":"LIST","custom_source":"Shop","subscriptions":[
			{"email":"ada@example.com","phone_number":"+12025550147","profile_id":"01GDDKASAP8TKDDA2GRZDSVP4H",
			"channels":{"email":["MARKETING"],"sms":["MARKETING"]}},{"email":"bo@example.com"}]}}}`,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationUnsubscribeProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.UnsubscribeProfiles(t.Context(), klaviyo.UnsubscriptionJobAttributes{
				ListID: "LIST", Emails: []string{"ada@example.com"}, PhoneNumbers: []string{"+12025550147"},
			})
		},
		path: "/api/profile-unsubscription-bulk-create-jobs/",
		body: `{"data":{"type":"profile-unsubscription-bulk-create-job","attributes":{"list_id":"LIST",
			"emails":["ada@example.com"],"phone_numbers":["+12025550147"]}}}`,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationSuppressProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.SuppressProfiles(t.Context(), klaviyo.SuppressionJobAttributes{Suppressions: []klaviyo.Suppression{{Email: "ada@example.com"}}})
		},
		path:   "/api/profile-suppression-bulk-create-jobs/",
		body:   `{"data":{"type":"profile-suppression-bulk-create-job","attributes":{"suppressions":[{"email":"ada@example.com"}]}}}`,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationUnsuppressProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.UnsuppressProfiles(t.Context(), klaviyo.UnsuppressionJobAttributes{Suppressions: []klaviyo.Suppression{{Email: "ada@example.com"}}})
		},
		path:   "/api/profile-unsuppression-bulk-create-jobs/",
		body:   `{"data":{"type":"profile-unsuppression-bulk-create-job","attributes":{"suppressions":[{"email":"ada@example.com"}]}}}`,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationCreateClientProfile,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateClientProfile(t.Context(), klaviyo.OnsiteProfileAttributes{
				Email: "ada@example.com", PhoneNumber: "+12025550147", ExternalID: "7", AnonymousID: "a-7",
				FirstName: "Ada", LastName: "Lovelace", Organization: "Engines & Co", Title: "Countess", Image: "https://example.com/ada.png",
				Location: wireLocation, Properties: json.RawMessage(`{"n":1.10}`),
			})
		},
		path: "/client/profiles/",
		body: `{"data":{"type":"profile","attributes":{"email":"ada@example.com","phone_number":"+12025550147","external_id":"7","anonymous_id":"a-7",
			"first_name":"Ada","last_name":"Lovelace","organization":"Engines & Co","title":"Countess","image":"https://example.com/ada.png",
			"location":` + wireLocationJSON + `,"properties":{"n":1.10}}}}`,
		status: http.StatusAccepted,
	},
	{
		operation: klaviyo.OperationCreateClientSubscription,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.CreateClientSubscription(t.Context(), klaviyo.OnsiteSubscriptionAttributes{
				ListID: "LIST", Email: "ada@example.com", PhoneNumber: "+12025550147", CustomSource: "Shop", Properties: json.RawMessage(`{"$first_name":"Ada"}`),
			})
		},
		path: "/client/subscriptions/",
		body: `{"data":{"type":"subscription","attributes":{"list_id":"LIST","email":"ada@example.com","phone_number":"+12025550147",
			"custom_source":"Shop","properties":{"$first_name":"Ada"}}}}`,
		status: http.StatusAccepted,
	},
}

// deletion is a case of request_profile_deletion, which takes one identifier at a time.
func deletion(attributes klaviyo.DeletionJobAttributes, body string) wireCase[*klaviyo.API] {
	return wireCase[*klaviyo.API]{
		operation: klaviyo.OperationRequestProfileDeletion,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return nil, api.RequestProfileDeletion(t.Context(), attributes)
		},
		path: "/api/data-privacy-deletion-jobs/", body: `{"data":{"type":"data-privacy-deletion-job","attributes":` + body + `}}`,
		status: http.StatusAccepted,
	}
}
