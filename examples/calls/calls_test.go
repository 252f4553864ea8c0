package calls

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

func newClient(t *testing.T, k *klaviyotest.Klaviyo) *client.Client {
	t.Helper()
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func profile(email string) klaviyo.ProfileUpsertAttributes {
	return klaviyo.ProfileUpsertAttributes{Email: klaviyo.Set(email)}
}

func create(t *testing.T, api *klaviyo.API, email string) {
	t.Helper()
	if _, err := api.CreateOrUpdateProfile(t.Context(), nil, klaviyo.NewCreateOrUpdateProfileBody(profile(email))); err != nil {
		t.Fatal(err)
	}
}

func TestChangedCustomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		api := klaviyo.NewAPI(newClient(t, k))
		start := time.Now()
		for _, email := range []string{"early@example.com", "ana@example.com", "bo@example.com", "late@example.com"} {
			create(t, api, email)
			time.Sleep(time.Hour)
		}
		emails, err := changedCustomers(t.Context(), api, start.Add(time.Minute), start.Add(150*time.Minute))
		if err != nil || !slices.Equal(emails, []string{"bo@example.com", "ana@example.com"}) {
			t.Errorf("%q, %v", emails, err)
		}
		requests := k.Requests()
		if fields := requests[len(requests)-1].Query.Get("fields[profile]"); fields != "email" {
			t.Errorf("the fields are %q", fields)
		}
	})
}

func TestNextPage(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithoutLimits())
	api := klaviyo.NewAPI(newClient(t, k))
	var all []klaviyo.ProfileUpsertAttributes
	for i := range 101 {
		all = append(all, profile(strings.Repeat("a", i%60+1)+string(rune('a'+i/60))+"@example.com"))
	}
	if _, err := importProfiles(t.Context(), api, all...); err != nil {
		t.Fatal(err)
	}
	first, cursor, err := nextPage(t.Context(), api, "")
	if err != nil || len(first) != 100 || cursor == "" {
		t.Fatalf("%d profiles, %q, %v", len(first), cursor, err)
	}
	last, cursor, err := nextPage(t.Context(), api, cursor)
	if err != nil || len(last) != 1 || cursor != "" {
		t.Errorf("%d profiles, %q, %v", len(last), cursor, err)
	}
}

func TestImportProfiles(t *testing.T) {
	bad := func(profile json.RawMessage) bool { return strings.Contains(string(profile), "bad@") }
	for _, tt := range []struct {
		name     string
		plan     klaviyotest.JobPlan
		rejected int
		says     string
	}{
		{name: "complete", plan: klaviyotest.JobPlan{Queued: time.Minute, Processing: time.Hour}},
		{name: "rejected", plan: klaviyotest.JobPlan{Fail: bad}, rejected: 1},
		{name: "cancelled", plan: klaviyotest.JobPlan{Cancelled: true}, says: "was cancelled"},
		{name: "endless", plan: klaviyotest.JobPlan{Endless: true}, says: "deadline exceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan { return tt.plan }))
				rejected, err := importProfiles(ctx, klaviyo.NewAPI(newClient(t, k)), profile("ana@example.com"), profile("bad@example.com"))
				switch {
				case tt.says == "" && err != nil, tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
					t.Errorf("the error is %v", err)
				case len(rejected) != tt.rejected:
					t.Errorf("rejected: %+v", rejected)
				}
			})
		})
	}
}

func TestSubscribe(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"))
	if err := subscribe(t.Context(), klaviyo.NewAPI(newClient(t, k)), "LIST", "ana@example.com", "bo@example.com"); err != nil {
		t.Fatal(err)
	}
	bo, ok := k.Profile("bo@example.com")
	if !ok || !slices.Equal(bo.Lists, []string{"LIST"}) || bo.Attributes.Consents[klaviyotest.ChannelEmail].State != "SUBSCRIBED" {
		t.Errorf("profile: %+v", bo)
	}
}

func TestRecordOrder(t *testing.T) {
	k := klaviyotest.New()
	c := newClient(t, k)
	if err := recordOrder(t.Context(), c, "ana@example.com", "order-1"); err != nil {
		t.Fatal(err)
	}
	k.Retire("2023-02-22")
	if err := recordOrder(t.Context(), c, "ana@example.com", "order-2"); err != nil {
		t.Fatal(err)
	}
	var revisions []string
	for _, request := range k.Requests() {
		revisions = append(revisions, request.Header.Get("Revision"))
	}
	if !slices.Equal(revisions, []string{"2023-02-22", "2023-02-22", "2026-07-15"}) || len(k.Events()) != 2 {
		t.Errorf("revisions %q, %d events", revisions, len(k.Events()))
	}
	if err := recordOrder(t.Context(), c, "", "order-3"); !errors.Is(err, client.ErrMissingIdentifier) {
		t.Errorf("the error is %v", err)
	}
}
