package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Each filter as it is written.
func TestFilters(t *testing.T) {
	at := time.Date(2026, 3, 14, 9, 26, 53, 589_793_238, time.FixedZone("", 3600))
	const written = "2026-03-14T08:26:53.589793Z"
	for got, want := range map[string]string{
		string(klaviyo.ProfileIDAny("01A", "01B")):                            `any(id,["01A","01B"])`,
		string(klaviyo.ProfileIDAny()):                                        `any(id,[])`,
		string(klaviyo.ProfileEmailEquals(`a"b\c,)&<ü>@example.com`)):         `equals(email,"a\"b\\c,)&<ü>@example.com")`,
		string(klaviyo.ProfilePhoneNumberEquals("+12025550147")):              `equals(phone_number,"+12025550147")`,
		string(klaviyo.ProfileKxEquals("x")):                                  `equals(_kx,"x")`,
		string(klaviyo.ProfileCreatedGreaterThan(at)):                         `greater-than(created,` + written + `)`,
		string(klaviyo.EventTimestampLessOrEqual(at)):                         `less-or-equal(timestamp,` + written + `)`,
		string(klaviyo.EventDatetimeLessThan(at.Truncate(time.Second))):       `less-than(datetime,2026-03-14T08:26:53Z)`,
		string(klaviyo.MetricIntegrationNameEquals("API")):                    `equals(integration.name,"API")`,
		string(klaviyo.ListIDEquals("L").And(klaviyo.ListNameEquals("N"))):    `equals(id,"L"),equals(name,"N")`,
		string(klaviyo.ListFilter("").And("", klaviyo.ListNameEquals("N"))):   `equals(name,"N")`,
		string(klaviyo.ListIDEquals("L").And()):                               `equals(id,"L")`,
		string(klaviyo.ListProfileEmailAny("a@example.com", "b@example.com")): `any(email,["a@example.com","b@example.com"])`,
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// Each filter of each operation is one that Klaviyo takes.
func TestFiltersAreTaken(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithoutLimits(), klaviyotest.WithList("LIST", "Newsletter"))
	api := klaviyo.NewAPI(newClient(t, over(k)))
	now := time.Now()
	profiles := func(f klaviyo.ProfileFilter) error {
		return second(api.GetProfiles(t.Context(), &klaviyo.GetProfilesParams{Filter: f}))
	}
	listProfiles := func(f klaviyo.ListProfileFilter) error {
		return second(api.GetListProfiles(t.Context(), "LIST", &klaviyo.GetListProfilesParams{Filter: f}))
	}
	lists := func(f klaviyo.ListFilter) error {
		return second(api.GetLists(t.Context(), &klaviyo.GetListsParams{Filter: f}))
	}
	events := func(f klaviyo.EventFilter) error {
		return second(api.GetEvents(t.Context(), &klaviyo.GetEventsParams{Filter: f}))
	}
	metrics := func(f klaviyo.MetricFilter) error {
		return second(api.GetMetrics(t.Context(), &klaviyo.GetMetricsParams{Filter: f}))
	}
	const text = `a"b\c,)&<ü>+ x`
	for i, err := range []error{
		profiles(klaviyo.ProfileIDAny(text, text)), profiles(klaviyo.ProfileIDEquals(text)),
		profiles(klaviyo.ProfileEmailAny(text)), profiles(klaviyo.ProfileEmailEquals(text)),
		profiles(klaviyo.ProfilePhoneNumberAny(text)), profiles(klaviyo.ProfilePhoneNumberEquals(text)),
		profiles(klaviyo.ProfileExternalIDAny(text)), profiles(klaviyo.ProfileExternalIDEquals(text)),
		profiles(klaviyo.ProfileKxEquals(text)),
		profiles(klaviyo.ProfileCreatedGreaterThan(now).And(klaviyo.ProfileCreatedLessThan(now))),
		profiles(klaviyo.ProfileUpdatedGreaterThan(now).And(klaviyo.ProfileUpdatedLessThan(now))),
		listProfiles(klaviyo.ListProfileEmailAny(text)), listProfiles(klaviyo.ListProfilePhoneNumberAny(text)),
		listProfiles(klaviyo.ListProfilePushTokenAny(text)), listProfiles(klaviyo.ListProfileKxEquals(text)),
		lists(klaviyo.ListIDAny(text)), lists(klaviyo.ListIDEquals(text)),
		lists(klaviyo.ListNameAny(text)), lists(klaviyo.ListNameEquals(text)),
		lists(klaviyo.ListCreatedGreaterThan(now)), lists(klaviyo.ListUpdatedGreaterThan(now)),
		events(klaviyo.EventMetricIDEquals(text)), events(klaviyo.EventProfileIDEquals(text)),
		events(klaviyo.EventDatetimeGreaterThan(now).And(klaviyo.EventDatetimeLessThan(now))),
		events(klaviyo.EventDatetimeGreaterOrEqual(now).And(klaviyo.EventDatetimeLessOrEqual(now))),
		events(klaviyo.EventTimestampGreaterThan(now).And(klaviyo.EventTimestampLessThan(now))),
		events(klaviyo.EventTimestampGreaterOrEqual(now).And(klaviyo.EventTimestampLessOrEqual(now))),
		metrics(klaviyo.MetricIntegrationNameEquals(text)), metrics(klaviyo.MetricIntegrationCategoryEquals(text)),
	} {
		if err != nil {
			t.Errorf("filter %d: %v", i, err)
		}
	}
	if err := profiles("contains(email,\"x\")"); err == nil || !strings.Contains(err.Error(), "parameter filter") {
		t.Errorf("a filter of another kind: %v", err)
	}
}

// A filter's values find what has them, whatever characters they have.
func TestFilterFinds(t *testing.T) {
	k := klaviyotest.New()
	api := klaviyo.NewAPI(newClient(t, over(k)))
	for _, id := range []string{`7"8\,)`, "7"} {
		if _, err := api.CreateProfile(t.Context(), klaviyo.ProfileCreateAttributes{Email: "ada@example.com", ExternalID: id}); err == nil {
			continue
		}
		if _, err := api.CreateProfile(t.Context(), klaviyo.ProfileCreateAttributes{Email: "bob@example.com", ExternalID: id}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := api.GetProfiles(t.Context(), &klaviyo.GetProfilesParams{Filter: klaviyo.ProfileExternalIDEquals(`7"8\,)`)})
	if err != nil || len(found.Data) != 1 || found.Data[0].Attributes.Email != "ada@example.com" {
		t.Errorf("%+v, %v", found, err)
	}
}
