package klaviyotest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// sparsest decodes resources of which only some attributes are shown.
type sparsest struct {
	Data     json.RawMessage
	Included []struct {
		Type, ID   string
		Attributes map[string]any
	}
}

func TestFields(t *testing.T) {
	k := New(WithList("L", "Newsletter"))
	mustSend(t, k, "POST", "/api/profiles/", profileWith(`"email":"ada@example.com","first_name":"Ada","location":{"city":"London","zip":"W1"},"properties":{"n":1.10}`))
	mustSend(t, k, "POST", subscribePath, subscriptionsOf(`{"email":"ada@example.com"}`))
	id := find(t, k, "ada@example.com").ID
	for _, tt := range []struct{ path, want string }{
		{"/api/profiles/" + id + "/?fields[profile]=email", `{"email":"ada@example.com"}`},
		{"/api/profiles/?fields[profile]=location.city,email", `{"email":"ada@example.com","location":{"city":"London"}}`},
		{"/api/lists/L/profiles/?fields[profile]=location.city,location.zip", `{"location":{"city":"London","zip":"W1"}}`},
		{"/api/profiles/?fields[profile]=properties,title", `{"properties":{"n":1.10},"title":null}`},
		{"/api/profiles/?fields[profile]=subscriptions.email.marketing.consent", `{"subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED"}}}}`},
		{"/api/lists/?fields[list]=name", `{"name":"Newsletter"}`},
		{"/api/lists/L/?fields[list]=name", `{"name":"Newsletter"}`},
		{"/api/profiles/" + id + "/lists/?fields[list]=name", `{"name":"Newsletter"}`},
	} {
		path := strings.NewReplacer("[", "%5B", "]", "%5D").Replace(tt.path)
		if got := mustSend(t, k, "GET", path, "").body; !strings.Contains(got, `"attributes":`+tt.want+`,`) {
			t.Errorf("%s: %s, want the attributes %s", tt.path, got, tt.want)
		}
	}
}

func TestInclude(t *testing.T) {
	k := New(WithList("L", "Newsletter"), WithList("M", "Others"), WithoutLimits())
	for _, email := range []string{"ada@example.com", "bo@example.com"} {
		mustSend(t, k, "POST", subscribePath, subscriptionsOf(`{"email":"`+email+`"}`))
		for _, metric := range []string{"Signed Up", "Paid"} {
			mustSend(t, k, "POST", "/api/events/", `{"data":{"type":"event","attributes":{"metric":{"name":"`+metric+`"},"profile":{"$email":"`+email+`"},"properties":{}}}}`)
		}
	}
	ada := find(t, k, "ada@example.com").ID
	for _, tt := range []struct {
		path string
		want []string
	}{
		{"/api/events/", nil},
		{"/api/events/?include=metrics", []string{"metric", "metric"}},
		{"/api/events/?include=metrics&include=profiles&fields%5Bprofile%5D=email", []string{"metric", "profile", "metric", "profile"}},
		{"/api/events/?include=metrics,profiles&fields%5Bprofile%5D=email", []string{"metric", "profile", "metric", "profile"}},
		{"/api/events/?include=metrics%2Cprofiles&fields%5Bprofile%5D=email&fields%5Bmetric%5D=name", []string{"metric", "profile", "metric", "profile"}},
		{"/api/profiles/" + ada + "/?include=lists&include=segments", []string{"list"}},
		{"/api/profiles/" + ada + "/?include=lists,segments", []string{"list"}},
	} {
		var got []string
		for _, r := range decode[sparsest](t, mustSend(t, k, "GET", tt.path, "")).Included {
			got = append(got, r.Type)
			if r.Type == "profile" && len(r.Attributes) != 1 {
				t.Errorf("%s: fields don't hold for what is included: %v", tt.path, r.Attributes)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: want -, got +:\n%s", tt.path, diff)
		}
	}

	// Each event names its own, by the types that callers have.
	page := decode[klaviyo.EventPage](t, mustSend(t, k, "GET", "/api/events/?include=metrics&include=profiles", ""))
	for _, e := range page.Data {
		if r := e.Relationships; len(r.Profiles.Data) != 1 || r.Profiles.Data[0].ID != e.Attributes.ProfileID || len(r.Metrics.Data) != 1 || r.Metrics.Data[0].ID != e.Attributes.MetricID {
			t.Errorf("event %s: %+v", e.ID, r)
		}
	}
	metrics, profiles := 0, 0
	for _, r := range page.Included {
		if _, err := r.AsMetric(); err == nil {
			metrics++
		}
		if _, err := r.AsProfile(); err == nil {
			profiles++
		}
	}
	if metrics != 2 || profiles != 2 {
		t.Errorf("%d metrics and %d profiles among %d", metrics, profiles, len(page.Included))
	}

	k.DeleteProfile(ada)
	page = decode[klaviyo.EventPage](t, mustSend(t, k, "GET", "/api/events/?include=profiles", ""))
	if len(page.Data) != 4 || len(page.Included) != 1 {
		t.Errorf("%d events with %d profiles, want 4 with the one that is left", len(page.Data), len(page.Included))
	}
}
