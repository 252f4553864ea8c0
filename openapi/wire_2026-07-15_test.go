package openapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// bodies2026 has a body of each operation that takes one, made as a caller makes it.
func bodies2026() map[*klaviyo.Operation]any {
	metric := klaviyo.NewEventMetric(klaviyo.MetricCreateAttributes{Name: "Order Completed"})
	event := klaviyo.EventCreateAttributes{
		Properties: json.RawMessage(`{"OrderId":"7"}`),
		Metric:     metric,
		Profile: klaviyo.NewEventProfile(klaviyo.EventProfileAttributes{
			Email: "ana@example.com", FirstName: klaviyo.Set("Ana"), LastName: klaviyo.Null[string](),
			Location: klaviyo.ProfileLocation{City: klaviyo.Set("Wien"), Latitude: klaviyo.Degrees(48.2)},
		}),
		Time:  klaviyo.NewTimestamp(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)),
		Value: "9.90", ValueCurrency: "EUR", UniqueID: "m1", Backfill: true,
	}
	upsert := klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{
		Email: klaviyo.Set("ana@example.com"), PhoneNumber: klaviyo.Null[string](), Title: klaviyo.Set(""),
	})
	upsert.Data.ID = "01H"
	upsert.Data.Meta.PatchProperties = klaviyo.ProfileMetaPatchProperties{
		Append: json.RawMessage(`{"sizes":["M"]}`), Unset: []string{"plan"},
	}
	imported := klaviyo.NewBulkImportProfilesBody(klaviyo.ImportJobCreateAttributes{
		Profiles: klaviyo.NewImportProfiles(klaviyo.ProfileUpsertAttributes{Email: klaviyo.Set("a@example.com")}, klaviyo.ProfileUpsertAttributes{ExternalID: klaviyo.Set("7")}),
	})
	imported.Data.Relationships.Lists = klaviyo.NewToLists("L1", "L2")
	given := klaviyo.SubscriptionParameters{Consent: klaviyo.ConsentSubscribed, ConsentedAt: "2026-03-14T09:26:53Z"}
	channels := klaviyo.SubscriptionChannels{Email: klaviyo.EmailSubscriptionParameters{Marketing: given}}
	subscribed := klaviyo.NewBulkSubscribeProfilesBody(klaviyo.SubscriptionJobAttributes{
		HistoricalImport: true, CustomSource: "shop",
		Profiles: klaviyo.NewSubscribedProfiles(klaviyo.SubscribedProfileAttributes{Email: "ana@example.com", Subscriptions: channels}),
	})
	subscribed.Data.Relationships.List = klaviyo.NewToList("L1")
	unsubscribed := klaviyo.NewBulkUnsubscribeProfilesBody(klaviyo.UnsubscriptionJobAttributes{
		Profiles: klaviyo.NewUnsubscribedProfiles(klaviyo.UnsubscribedProfileAttributes{
			PhoneNumber:   "+436641234567",
			Subscriptions: klaviyo.UnsubscriptionChannels{SMS: klaviyo.SMSUnsubscriptionParameters{Marketing: klaviyo.UnsubscriptionParameters{Consent: klaviyo.WithdrawalUnsubscribed}}},
		}),
	})
	suppressed := klaviyo.NewBulkSuppressProfilesBody(klaviyo.SuppressionCreateAttributes{
		Profiles: klaviyo.NewSuppressedProfiles(klaviyo.SuppressedProfileAttributes{Email: "ana@example.com"}),
	})
	unsuppressed := klaviyo.NewBulkUnsuppressProfilesBody(klaviyo.UnsuppressionCreateAttributes{})
	unsuppressed.Data.Relationships.Segment = klaviyo.NewToSegment("S1")
	return map[*klaviyo.Operation]any{
		klaviyo.OperationCreateEvent:       klaviyo.NewCreateEventBody(event),
		klaviyo.OperationCreateClientEvent: klaviyo.NewCreateClientEventBody(klaviyo.EventCreateAttributes{Metric: metric, Profile: event.Profile}),
		klaviyo.OperationBulkCreateEvents: klaviyo.NewBulkCreateEventsBody(klaviyo.EventBulkCreateAttributes{
			Entries: klaviyo.NewEventBulkEntries(klaviyo.EventBulkEntryAttributes{
				Profile: klaviyo.NewEventBulkProfile(klaviyo.OnsiteProfileAttributes{Email: "ana@example.com", AnonymousID: "a1"}),
				Events:  klaviyo.NewEventBulkEvents(klaviyo.EventBulkEventAttributes{Metric: metric, UniqueID: "m1"}),
			}),
		}),
		klaviyo.OperationCreateProfile:           klaviyo.NewCreateProfileBody(klaviyo.ProfileCreateAttributes{Email: "ana@example.com"}),
		klaviyo.OperationUpdateProfile:           klaviyo.NewUpdateProfileBody("01H", klaviyo.ProfileUpdateAttributes{Email: klaviyo.Null[string]()}),
		klaviyo.OperationCreateOrUpdateProfile:   upsert,
		klaviyo.OperationCreateClientProfile:     klaviyo.NewCreateClientProfileBody(klaviyo.OnsiteProfileAttributes{AnonymousID: "a1"}),
		klaviyo.OperationBulkImportProfiles:      imported,
		klaviyo.OperationMergeProfiles:           klaviyo.NewMergeProfilesBody("01H", klaviyo.MergeRelationships{Profiles: klaviyo.NewToProfiles("01J")}),
		klaviyo.OperationCreateList:              klaviyo.NewCreateListBody(klaviyo.ListCreateAttributes{Name: "News", OptInProcess: klaviyo.ListOptInProcessDouble}),
		klaviyo.OperationAddProfilesToList:       klaviyo.NewAddProfilesToListBody("01H"),
		klaviyo.OperationRemoveProfilesFromList:  klaviyo.NewRemoveProfilesFromListBody("01H", "01J"),
		klaviyo.OperationBulkSubscribeProfiles:   subscribed,
		klaviyo.OperationBulkUnsubscribeProfiles: unsubscribed,
		klaviyo.OperationBulkSuppressProfiles:    suppressed,
		klaviyo.OperationBulkUnsuppressProfiles:  unsuppressed,
		klaviyo.OperationRequestProfileDeletion: klaviyo.NewRequestProfileDeletionBody(klaviyo.DeletionJobAttributes{
			Profile: klaviyo.NewDeletedProfile(klaviyo.DeletedProfileAttributes{Email: "ana@example.com"}),
		}),
		klaviyo.OperationCreateClientSubscription: klaviyo.NewCreateClientSubscriptionBody(
			klaviyo.OnsiteSubscriptionAttributes{Profile: klaviyo.NewOnsiteSubscriber(klaviyo.OnsiteSubscriberAttributes{Email: "ana@example.com", Subscriptions: channels})},
			klaviyo.OnsiteSubscriptionRelationships{List: klaviyo.NewToList("L1")},
		),
	}
}

// TestBodies2026 checks the bodies against the schemas of the description, which has a
// property for each of theirs.
func TestBodies2026(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(describe(t, klaviyo.Revision))
	if err != nil {
		t.Fatal(err)
	}
	bodies := bodies2026()
	for op := range klaviyo.Operations.All() {
		request := doc.Paths.Find(op.Path).GetOperation(op.Method).RequestBody
		body, made := bodies[op]
		if made != (request != nil) {
			t.Errorf("%s: a body is made: %v; the description has one: %v", op, made, request != nil)
			continue
		}
		if !made {
			continue
		}
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(data, &value); err != nil {
			t.Fatal(err)
		}
		schema := request.Value.Content[op.MediaType].Schema.Value
		if err := schema.VisitJSON(value); err != nil {
			t.Errorf("%s: %v\n%s", op, err, data)
		}
		if unknown := undescribed(schema, value, ""); unknown != "" {
			t.Errorf("%s: %s is not described\n%s", op, unknown, data)
		}
	}
}

// undescribed returns the first member of a value that its schema doesn't have. Objects
// without properties hold any.
func undescribed(schema *openapi3.Schema, value any, place string) string {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			property := schema.Properties[name]
			if property == nil && len(schema.Properties) > 0 {
				return place + "/" + name
			}
			if property != nil {
				if unknown := undescribed(property.Value, member, place+"/"+name); unknown != "" {
					return unknown
				}
			}
		}
	case []any:
		for _, item := range value {
			if schema.Items == nil {
				break
			}
			if unknown := undescribed(schema.Items.Value, item, place+"[]"); unknown != "" {
				return unknown
			}
		}
	}
	return ""
}

// TestNestedBody2026 holds one body to the letter: what is left out, null and zero.
func TestNestedBody2026(t *testing.T) {
	tests := map[*klaviyo.Operation]string{
		klaviyo.OperationCreateOrUpdateProfile: `{"data":{"attributes":{"email":"ana@example.com","phone_number":null,"title":""},"id":"01H",` +
			`"meta":{"patch_properties":{"append":{"sizes":["M"]},"unset":["plan"]}},"type":"profile"}}`,
		klaviyo.OperationBulkCreateEvents: `{"data":{"attributes":{"events-bulk-create":{"data":[{"attributes":{"events":{"data":[{"attributes":{` +
			`"metric":{"data":{"attributes":{"name":"Order Completed"},"type":"metric"}},"properties":{},"unique_id":"m1"},"type":"event"}]},` +
			`"profile":{"data":{"attributes":{"anonymous_id":"a1","email":"ana@example.com"},"type":"profile"}}},"type":"event-bulk-create"}]}},"type":"event-bulk-create-job"}}`,
		klaviyo.OperationBulkUnsubscribeProfiles: `{"data":{"attributes":{"profiles":{"data":[{"attributes":{"phone_number":"+436641234567",` +
			`"subscriptions":{"sms":{"marketing":{"consent":"UNSUBSCRIBED"}}}},"type":"profile"}]}},"type":"profile-subscription-bulk-delete-job"}}`,
	}
	bodies := bodies2026()
	for id, want := range tests {
		if got := string(bodies[id].(interface{ AppendJSON([]byte) []byte }).AppendJSON(nil)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", id, got, want)
		}
	}
}

// called is a Caller that keeps the last call, and answers from a text.
type called struct {
	call   klaviyo.Call
	answer string
}

func (c *called) Call(_ context.Context, call klaviyo.Call) error {
	c.call = call
	if call.Response == nil {
		return nil
	}
	return json.Unmarshal([]byte(c.answer), call.Response)
}

func TestCalls2026(t *testing.T) {
	caller := &called{answer: `{"data":{"type":"profile","id":null,"attributes":{"email":"ana@example.com","first_name":null,"created":null,
		"location":null,"properties":{"n":1.10},"subscriptions":{"email":{"marketing":{"can_receive_email_marketing":true,"consent":"SUBSCRIBED","list_suppressions":null}}},
		"predictive_analytics":{"total_clv":null}},"links":{"self":"x"}},
		"included":[{"type":"list","id":"L1","attributes":{"name":"News"}},{"type":"push-token","id":"P1","attributes":{}}]}`}
	api := klaviyo.NewAPI(caller)
	document, err := api.UpdateProfile(t.Context(), nil, klaviyo.NewUpdateProfileBody("01H", klaviyo.ProfileUpdateAttributes{}))
	if err != nil {
		t.Fatal(err)
	}
	if path, err := caller.call.Path(); err != nil || path != "/api/profiles/01H" {
		t.Errorf("the id of the body isn't that of the path: %s, %v", path, err)
	}
	attributes := document.Data.Attributes
	if attributes.FirstName != "" || attributes.Created != "" || string(attributes.Properties) != `{"n":1.10}` || !attributes.Subscriptions.Email.Marketing.CanReceiveEmailMarketing {
		t.Errorf("the profile: %+v", attributes)
	}
	if got := document.Included[1].Type(); got != "push-token" {
		t.Errorf("the second of what is included is %q", got)
	}
	if list, err := document.Included[0].AsList(); err != nil || list.Attributes.Name != "News" {
		t.Errorf("the list: %+v, %v", list, err)
	}
	if _, err := document.Included[0].AsPushToken(); err == nil {
		t.Error("a list is read as a push token")
	}
	if _, err := api.GetProfile(t.Context(), "01H", &klaviyo.GetProfileParams{Include: []klaviyo.ProfileInclude{klaviyo.ProfileIncludeLists, klaviyo.ProfileIncludePushTokens}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(url.Values{"include": {"lists,push-tokens"}}, caller.call.Query); diff != "" {
		t.Errorf("query, want -, got +:\n%s", diff)
	}
}

func TestPages2026(t *testing.T) {
	pages := map[string]string{
		"":    `{"data":[{"type":"import-error","id":"1","attributes":{"code":"invalid","title":"","detail":"","source":{"pointer":"/data/attributes/profiles/data/0/attributes/email"},"original_payload":{"email":"x"}}}],"links":{"self":"x","next":"https://a.klaviyo.com/x?page%5Bcursor%5D=two"}}`,
		"two": `{"data":[{"type":"import-error","id":"2","attributes":{"code":"invalid","title":"","detail":"","source":{}}}]}`,
	}
	api := klaviyo.NewAPI(callerFunc(func(call klaviyo.Call) error {
		if got := call.Query.Get("page[size]"); got != "100" {
			t.Errorf("page[size] is %q", got)
		}
		return json.Unmarshal([]byte(pages[call.Query.Get("page[cursor]")]), call.Response)
	}))
	var ids, pointers []string
	for e, err := range api.AllErrorsForBulkImportProfilesJob(t.Context(), "J1", nil) {
		if err != nil {
			t.Fatal(err)
		}
		ids, pointers = append(ids, e.ID), append(pointers, e.Attributes.Source.Pointer)
	}
	if diff := cmp.Diff([]string{"1", "2"}, ids); diff != "" {
		t.Error(diff)
	}
	if pointers[0] != "/data/attributes/profiles/data/0/attributes/email" {
		t.Errorf("the pointer is %q", pointers[0])
	}
	for _, err := range klaviyo.NewAPI(callerFunc(func(klaviyo.Call) error { return errors.ErrUnsupported })).AllBulkImportProfilesJobs(t.Context(), nil) {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("the error of a page is %v", err)
		}
	}
}

type callerFunc func(klaviyo.Call) error

func (f callerFunc) Call(_ context.Context, call klaviyo.Call) error { return f(call) }

func TestFilters2026(t *testing.T) {
	moment := time.Date(2026, 3, 14, 9, 26, 53, 0, time.FixedZone("", 3600))
	tests := []struct{ got, want string }{
		{string(klaviyo.EventHasMetric()), `has(metric)`},
		{string(klaviyo.EventTimestampGreaterThan(moment)), `greater-than(timestamp,1773476813)`},
		{string(klaviyo.EventDatetimeLessOrEqual(moment)), `less-or-equal(datetime,2026-03-14T08:26:53Z)`},
		{string(klaviyo.ListNameEquals("News")), `equals(name,["News"])`},
		{string(klaviyo.ListIDEquals("L1")), `equals(id,"L1")`},
		{string(klaviyo.ImportJobStatusAny(klaviyo.JobStatusQueued, klaviyo.JobStatusProcessing)), `any(status,["queued","processing"])`},
		{string(klaviyo.ProfileEmailEquals("a@example.com").And(klaviyo.ProfileListSuppressionListIDEquals("L1"))), `equals(email,"a@example.com"),equals(subscriptions.email.marketing.list_suppressions.list_id,"L1")`},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}
