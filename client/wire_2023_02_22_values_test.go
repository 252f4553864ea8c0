package client_test

import (
	"encoding/json"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// The values of the cases, as they are on the wire and as callers have them. Each
// property has a value of its own, so that none can be taken for another.

const wireEventBody = `{"data":{"type":"event","attributes":{"profile":{"$email":"ada@example.com","$phone_number":"+12025550147","$id":"7",
	"$first_name":"Ada","$last_name":null,"$organization":"Engines & Co","$title":"","$image":"https://example.com/ada.png",
	"$address1":"1 St James's Square","$city":"London","$region":"England","$country":"United Kingdom","$zip":"SW1Y",
	"$timezone":"Europe/London","$consent":["email"],"plan":1.10},
	"metric":{"name":"Placed Order","service":"shop"},"properties":{"price":18.90},"time":"2023-02-22T11:00:00.5+01:00","value":18.90,"unique_id":"u-1"}}}`

var wireEventAttributes = klaviyo.EventCreateAttributes{
	Profile: klaviyo.EventProfile{
		Email: "ada@example.com", PhoneNumber: "+12025550147", ID: "7",
		FirstName: klaviyo.Set("Ada"), LastName: klaviyo.Null[string](), Organization: klaviyo.Set("Engines & Co"),
		Title: klaviyo.Set(""), Image: klaviyo.Set("https://example.com/ada.png"),
		Address1: klaviyo.Set("1 St James's Square"), City: klaviyo.Set("London"), Region: klaviyo.Set("England"),
		Country: klaviyo.Set("United Kingdom"), Zip: klaviyo.Set("SW1Y"), Timezone: klaviyo.Set("Europe/London"),
		Consent: []string{"email"}, Properties: json.RawMessage(`{"plan":1.10}`),
	},
	Metric:     klaviyo.MetricCreateQuery{Name: "Placed Order", Service: "shop"},
	Properties: json.RawMessage(`{"price":18.90}`),
	Time:       "2023-02-22T11:00:00.5+01:00",
	Value:      "18.90",
	UniqueID:   "u-1",
}

const wireLocationJSON = `{"address1":"1 St James's Square","address2":"2nd floor","city":"London","country":"United Kingdom",
	"latitude":51.5073219,"longitude":"-0.1276474","region":"England","zip":"SW1Y","timezone":"Europe/London"}`

var wireLocation = klaviyo.ProfileLocation{
	Address1: klaviyo.Set("1 St James's Square"), Address2: klaviyo.Set("2nd floor"), City: klaviyo.Set("London"),
	Country: klaviyo.Set("United Kingdom"), Region: klaviyo.Set("England"), Zip: klaviyo.Set("SW1Y"), Timezone: klaviyo.Set("Europe/London"),
	Latitude:  unionOf((*klaviyo.Coordinate).FromCoordinateDegrees, 51.5073219),
	Longitude: unionOf((*klaviyo.Coordinate).FromCoordinateText, "-0.1276474"),
}

const (
	wireProfileAttributesJSON = `"email":"ada@example.com","phone_number":"+12025550147","external_id":"7","first_name":"Ada","last_name":"Lovelace",
		"organization":"Engines & Co","title":"Countess","image":"https://example.com/ada.png","created":"2022-01-01T00:00:00Z",
		"updated":"2022-02-02T00:00:00Z","last_event_date":"2022-03-03T00:00:00Z","location":` + wireLocationJSON + `,"properties":{"n":1.10},
		"subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED","timestamp":"2022-04-04T00:00:00Z","method":"API","method_detail":"detail",
		"custom_method_detail":"Shop","double_optin":true,"suppressions":[{"reason":"HARD_BOUNCE","timestamp":"2022-05-05T00:00:00Z"}],
		"list_suppressions":[{"list_id":"L","reason":"UNSUBSCRIBE","timestamp":"2022-06-06T00:00:00Z"}]}},
		"sms":{"marketing":{"consent":"UNSUBSCRIBED","timestamp":"2022-07-07T00:00:00Z","method":"FORM","method_detail":"popup"}}}`

	wireProfileHeadJSON = `"type":"profile","id":"01GDDKASAP8TKDDA2GRZDSVP4H","links":{"self":"self"}`

	wireProfilePlainJSON     = `{` + wireProfileHeadJSON + `,"attributes":{` + wireProfileAttributesJSON + `}}`
	wireProfilePredictedJSON = `{` + wireProfileHeadJSON + `,"attributes":{` + wireProfileAttributesJSON + `,"predictive_analytics":` + wirePredictedJSON + `},
		"relationships":{"lists":{"links":{"self":"l-self","related":"l-related"}},"segments":{"links":{"self":"s-self","related":"s-related"}}}}`
	wireProfileIncludingJSON = `{` + wireProfileHeadJSON + `,"attributes":{` + wireProfileAttributesJSON + `,"predictive_analytics":` + wirePredictedJSON + `},
		"relationships":{"lists":{"data":[{"type":"list","id":"L"}],"links":{"self":"l-self","related":"l-related"}},
		"segments":{"data":[{"type":"segment","id":"S"}],"links":{"self":"s-self","related":"s-related"}}}}`

	wirePredictedJSON = `{"historic_clv":93.87,"predicted_clv":27.24,"total_clv":121.11,"historic_number_of_orders":2,"predicted_number_of_orders":0.54,
		"average_days_between_orders":189.5,"average_order_value":46.94,"churn_probability":0.89,"expected_date_of_next_order":"2022-11-08T00:00:00Z"}`
)

var (
	wireProfilePlain = klaviyo.Profile{
		Type: klaviyo.ProfileEnumProfile, ID: wireProfile, Links: klaviyo.ObjectLinks{Self: "self"},
		Attributes: klaviyo.ProfileAttributes{
			Email: "ada@example.com", PhoneNumber: "+12025550147", ExternalID: "7", FirstName: "Ada", LastName: "Lovelace",
			Organization: "Engines & Co", Title: "Countess", Image: "https://example.com/ada.png",
			Created: day(1, 1), Updated: day(2, 2), LastEventDate: day(3, 3),
			Location: wireLocation, Properties: json.RawMessage(`{"n":1.10}`),
			Subscriptions: klaviyo.Subscriptions{
				Email: klaviyo.EmailChannel{Marketing: klaviyo.EmailMarketing{
					Consent: "SUBSCRIBED", Timestamp: day(4, 4), Method: "API", MethodDetail: "detail", CustomMethodDetail: "Shop", DoubleOptin: true,
					Suppressions:     klaviyo.OneOrMany[klaviyo.EmailMarketingSuppression]{{Reason: "HARD_BOUNCE", Timestamp: day(5, 5)}},
					ListSuppressions: klaviyo.OneOrMany[klaviyo.EmailMarketingListSuppression]{{ListID: "L", Reason: "UNSUBSCRIBE", Timestamp: day(6, 6)}},
				}},
				SMS: klaviyo.SMSChannel{Marketing: klaviyo.SMSMarketing{Consent: "UNSUBSCRIBED", Timestamp: day(7, 7), Method: "FORM", MethodDetail: "popup"}},
			},
		},
	}
	wireProfilePredicted = with(wireProfilePlain, func(p *klaviyo.Profile) {
		p.Attributes.PredictiveAnalytics = klaviyo.PredictiveAnalytics{
			HistoricCLV: 93.87, PredictedCLV: 27.24, TotalCLV: 121.11, HistoricNumberOfOrders: 2, PredictedNumberOfOrders: 0.54,
			AverageDaysBetweenOrders: 189.5, AverageOrderValue: 46.94, ChurnProbability: 0.89,
			ExpectedDateOfNextOrder: day(11, 8),
		}
		p.Relationships.Lists.Links = klaviyo.RelationshipLinks{Self: "l-self", Related: "l-related"}
		p.Relationships.Segments.Links = klaviyo.RelationshipLinks{Self: "s-self", Related: "s-related"}
	})
	wireProfileIncluding = with(wireProfilePredicted, func(p *klaviyo.Profile) {
		p.Relationships.Lists.Data = []klaviyo.ResourceIdentifier{{Type: "list", ID: "L"}}
		p.Relationships.Segments.Data = []klaviyo.ResourceIdentifier{{Type: "segment", ID: "S"}}
	})
)

const (
	wireListAttributesJSON = `"type":"list","id":"L","attributes":{"name":"Newsletter","created":"2022-01-01T00:00:00Z","updated":"2022-02-02T00:00:00Z"},"links":{"self":"self"}`

	wireListJSON       = `{` + wireListAttributesJSON + `}`
	wireListLinkedJSON = `{` + wireListAttributesJSON + `,"relationships":{
		"profiles":{"data":[{"type":"profile","id":"P"}],"links":{"self":"p-self","related":"p-related"}},
		"tags":{"data":[{"type":"tag","id":"T"}],"links":{"self":"t-self","related":"t-related"}}}}`

	wireSegmentJSON = `{"type":"segment","id":"S","attributes":{"name":"Buyers","created":"2022-03-03T00:00:00Z","updated":"2022-04-04T00:00:00Z"},"links":{"self":"self"}}`

	wireMetricJSON = `{"type":"metric","id":"M","attributes":{"name":"Placed Order","created":"2022-01-01 00:00:00","updated":"2022-02-02 00:00:00",
		"integration":{"id":"I","name":"API"}},"links":{"self":"self"}}`

	wirePageLinksJSON = `{"self":"self","first":"first","last":"last","prev":"prev","next":"next"}`
)

var (
	wireListPlain = klaviyo.List{
		Type: klaviyo.ListEnumList, ID: "L", Links: klaviyo.ObjectLinks{Self: "self"},
		Attributes: klaviyo.ListAttributes{Name: "Newsletter", Created: day(1, 1), Updated: day(2, 2)},
	}
	wireListLinked = with(wireListPlain, func(l *klaviyo.List) {
		l.Relationships.Profiles.Data = []klaviyo.ResourceIdentifier{{Type: "profile", ID: "P"}}
		l.Relationships.Tags.Data = []klaviyo.ResourceIdentifier{{Type: "tag", ID: "T"}}
		l.Relationships.Profiles.Links = klaviyo.RelationshipLinks{Self: "p-self", Related: "p-related"}
		l.Relationships.Tags.Links = klaviyo.RelationshipLinks{Self: "t-self", Related: "t-related"}
	})
	wireSegment = klaviyo.Segment{
		Type: klaviyo.SegmentEnumSegment, ID: "S", Links: klaviyo.ObjectLinks{Self: "self"},
		Attributes: klaviyo.SegmentAttributes{Name: "Buyers", Created: day(3, 3), Updated: day(4, 4)},
	}
	wireMetric = klaviyo.Metric{
		Type: klaviyo.MetricEnumMetric, ID: "M", Links: klaviyo.ObjectLinks{Self: "self"},
		Attributes: klaviyo.MetricAttributes{
			Name: "Placed Order", Created: "2022-01-01 00:00:00", Updated: "2022-02-02 00:00:00", Integration: json.RawMessage(`{"id":"I","name":"API"}`),
		},
	}
	wirePageLinks = klaviyo.CollectionLinks{Self: "self", First: "first", Last: "last", Prev: "prev", Next: "next"}
)

func day(month time.Month, day int) klaviyo.Timestamp {
	return klaviyo.NewTimestamp(time.Date(2022, month, day, 0, 0, 0, 0, time.UTC))
}

// with is a changed copy.
func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

// unionOf is a union that holds v.
func unionOf[U, T any](from func(*U, T) error, v T) U {
	var u U
	if err := from(&u, v); err != nil {
		panic(err)
	}
	return u
}
