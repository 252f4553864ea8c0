package client_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// TestQueryParameters makes each typed call that reads without parameters, with zero
// ones and with some, against a Klaviyo that refuses what isn't described.
func TestQueryParameters(t *testing.T) {
	const profileID = "01HGDWZ5R5V1V4W2Y5M0X3ZK9A"
	fields := []klaviyo.ProfileField{klaviyo.ProfileFieldEmail, klaviyo.ProfileFieldLocationCity}
	// There is no other value; twice tells how several go out.
	extra := []klaviyo.ProfileAdditionalField{klaviyo.ProfileAdditionalFieldPredictiveAnalytics, klaviyo.ProfileAdditionalFieldPredictiveAnalytics}
	const extras = "predictive_analytics,predictive_analytics"
	lists := []klaviyo.ListField{klaviyo.ListFieldName}
	metrics := []klaviyo.MetricField{klaviyo.MetricFieldName}
	tests := []struct {
		name string
		call func(*klaviyo.API) error
		want url.Values
	}{
		{"get_profiles nil", func(a *klaviyo.API) error { return second(a.GetProfiles(t.Context(), nil)) }, nil},
		{"get_profiles zero", func(a *klaviyo.API) error { return second(a.GetProfiles(t.Context(), &klaviyo.GetProfilesParams{})) }, nil},
		{"get_profiles", func(a *klaviyo.API) error {
			return second(a.GetProfiles(t.Context(), &klaviyo.GetProfilesParams{
				AdditionalFieldsProfile: extra, FieldsProfile: fields, Filter: `equals(email,"a+b@example.com")`, PageSize: 2, Sort: klaviyo.ProfileSortMinusCreated,
			}))
		}, url.Values{"additional-fields[profile]": {extras}, "fields[profile]": {"email,location.city"},
			"filter": {`equals(email,"a+b@example.com")`}, "page[size]": {"2"}, "sort": {"-created"}}},
		{"get_lists zero", func(a *klaviyo.API) error { return second(a.GetLists(t.Context(), &klaviyo.GetListsParams{})) }, nil},
		{"get_lists", func(a *klaviyo.API) error {
			return second(a.GetLists(t.Context(), &klaviyo.GetListsParams{FieldsList: lists}))
		}, url.Values{"fields[list]": {"name"}}},
		{"get_list", func(a *klaviyo.API) error {
			return second(a.GetList(t.Context(), "L1", &klaviyo.GetListParams{FieldsList: lists}))
		}, url.Values{"fields[list]": {"name"}}},
		{"get_list_profiles zero", func(a *klaviyo.API) error {
			return second(a.GetListProfiles(t.Context(), "L1", &klaviyo.GetListProfilesParams{}))
		}, nil},
		{"get_list_profiles", func(a *klaviyo.API) error {
			return second(a.GetListProfiles(t.Context(), "L1", &klaviyo.GetListProfilesParams{AdditionalFieldsProfile: extra, FieldsProfile: fields, PageSize: 100}))
		}, url.Values{"additional-fields[profile]": {extras}, "fields[profile]": {"email,location.city"}, "page[size]": {"100"}}},
		{"get_metrics zero", func(a *klaviyo.API) error { return second(a.GetMetrics(t.Context(), &klaviyo.GetMetricsParams{})) }, nil},
		{"get_metrics", func(a *klaviyo.API) error {
			return second(a.GetMetrics(t.Context(), &klaviyo.GetMetricsParams{FieldsMetric: metrics}))
		}, url.Values{"fields[metric]": {"name"}}},
		{"get_events zero", func(a *klaviyo.API) error { return second(a.GetEvents(t.Context(), &klaviyo.GetEventsParams{})) }, nil},
		{"get_events", func(a *klaviyo.API) error {
			return second(a.GetEvents(t.Context(), &klaviyo.GetEventsParams{
				Include: []klaviyo.EventInclude{klaviyo.EventIncludeMetrics, klaviyo.EventIncludeProfiles}, Sort: klaviyo.EventSortDatetime,
			}))
		}, url.Values{"include": {"metrics,profiles"}, "sort": {"datetime"}}},
		{"get_profile zero", func(a *klaviyo.API) error {
			return second(a.GetProfile(t.Context(), profileID, &klaviyo.GetProfileParams{}))
		}, nil},
		{"get_profile", func(a *klaviyo.API) error {
			return second(a.GetProfile(t.Context(), profileID, &klaviyo.GetProfileParams{
				AdditionalFieldsProfile: extra, FieldsProfile: fields, Include: []klaviyo.ProfileInclude{klaviyo.ProfileIncludeLists, klaviyo.ProfileIncludeSegments},
			}))
		}, url.Values{"additional-fields[profile]": {extras}, "fields[profile]": {"email,location.city"}, "include": {"lists,segments"}}},
		{"get_profile_lists", func(a *klaviyo.API) error {
			return second(a.GetProfileLists(t.Context(), profileID, &klaviyo.GetProfileListsParams{FieldsList: lists}))
		}, url.Values{"fields[list]": {"name"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := klaviyotest.New(klaviyotest.WithKey("pk_test"), klaviyotest.WithList("L1", "Newsletter"))
			c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
			if err != nil {
				t.Fatal(err)
			}
			var failure *client.Error
			// An unknown profile is no matter here: the request was understood.
			if err := tt.call(klaviyo.NewAPI(c)); err != nil && !(errors.As(err, &failure) && failure.StatusCode == http.StatusNotFound) {
				t.Fatal(err)
			}
			got := k.Requests()[0].Query
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("query, want -, got +:\n%s", diff)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }
