package client_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// wireEventCases2026 are the cases of the calls of events and metrics.
var wireEventCases2026 = []wireCase[*klaviyo.API]{
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
}
