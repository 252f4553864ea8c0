package klaviyotest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const subscribePath = "/api/profile-subscription-bulk-create-jobs/"

// consents returns what a profile says to email and to sms.
func consents(p Profile) [2]string {
	return [2]string{p.Attributes.Consents[ChannelEmail].State, p.Attributes.Consents[ChannelSMS].State}
}

func TestSubscribeProfiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New(WithList("L", "list"))
		id := createProfile(t, k, `"phone_number":"+12025550148"`)
		r := mustSend(t, k, "POST", subscribePath,
			`{"data":{"type":"profile-subscription-bulk-create-job","attributes":{"list_id":"L","custom_source":"shop","subscriptions":[
				{"email":"ada@example.com","phone_number":"+12025550147","channels":{"email":["MARKETING"]}},
				{"phone_number":"+12025550148","channels":{"sms":["MARKETING"]}},
				{"email":"cy@example.com","phone_number":"+12025550149"}]}}}`)
		if r.status != 202 || r.body != "" {
			t.Errorf("status %d: %s", r.status, r.body)
		}
		ada, cy := find(t, k, "ada@example.com"), find(t, k, "cy@example.com")
		want := []Subscription{
			{ListID: "L", ProfileID: ada.ID, Email: "ada@example.com", PhoneNumber: "+12025550147", Channels: []Channel{ChannelEmail}, CustomSource: "shop", Time: time.Now()},
			{ListID: "L", ProfileID: id, Email: "", PhoneNumber: "+12025550148", Channels: []Channel{ChannelSMS}, CustomSource: "shop", Time: time.Now()},
			{ListID: "L", ProfileID: cy.ID, Email: "cy@example.com", PhoneNumber: "+12025550149", Channels: []Channel{ChannelEmail, ChannelSMS}, CustomSource: "shop", Time: time.Now()},
		}
		if diff := cmp.Diff(want, k.Subscriptions()); diff != "" {
			t.Error(diff)
		}
		for identifier, want := range map[string][2]string{
			"ada@example.com": {"SUBSCRIBED", ""},
			"+12025550148":    {"", "SUBSCRIBED"},
			"cy@example.com":  {"SUBSCRIBED", "SUBSCRIBED"},
		} {
			if got := consents(find(t, k, identifier)); got != want {
				t.Errorf("%s consents to %v, want %v", identifier, got, want)
			}
		}
		if got := find(t, k, "+12025550147").ID; got != ada.ID {
			t.Error("the phone number was not kept")
		}
		if n := len(k.Lists()[0].ProfileIDs); n != 3 {
			t.Errorf("the list has %d profiles", n)
		}
		if got := ada.Attributes.Consents[ChannelEmail]; got.CustomSource != "shop" || !got.Time.Equal(time.Now()) {
			t.Errorf("marketing %+v", got)
		}
	})
}

func TestSubscribeByProfileID(t *testing.T) {
	k := New(WithList("L", "list"))
	id := createProfile(t, k, `"email":"ada@example.com"`)
	mustSend(t, k, "POST", subscribePath, subscriptionsOf(`{"profile_id":"`+id+`","email":"ada@example.com"}`))
	if s := k.Subscriptions(); len(s) != 1 || s[0].ProfileID != id {
		t.Errorf("subscriptions %+v", s)
	}
	r := send(t, k, "POST", subscribePath, subscriptionsOf(`{"email":"bo@example.com"},{"profile_id":"nobody"}`))
	if r.status != 404 || r.pointers(t) != "/data/attributes/subscriptions/1/profile_id" {
		t.Errorf("nobody: status %d: %s", r.status, r.body)
	}
	if _, ok := k.Profile("bo@example.com"); ok {
		t.Error("a refused call subscribed somebody")
	}
}

func TestUnknownLists(t *testing.T) {
	subscription := `{"data":{"type":"subscription","attributes":{"list_id":"L","email":"ada@example.com"}}}`
	calls := map[string]string{
		subscribePath:                                   subscriptionsOf(`{"email":"ada@example.com"}`),
		"/client/subscriptions/?company_id=C":           subscription,
		"/api/profile-unsubscription-bulk-create-jobs/": unsubscriptionOf(`"emails":["ada@example.com"],"list_id":"L"`),
	}
	for path, body := range calls {
		k := New(WithList("M", "another"))
		if r := send(t, k, "POST", path, body); r.status != 404 || r.pointers(t) != "/data/attributes/list_id" {
			t.Errorf("%s: status %d: %s", path, r.status, r.body)
		}
		if n := len(k.Profiles()); n != 0 {
			t.Errorf("%s: %d profiles", path, n)
		}
		k.AddList("L", "list")
		mustSend(t, k, "POST", path, body)
	}
}

func TestUnsubscribeProfiles(t *testing.T) {
	k := New(WithList("L", "list"), WithList("M", "another"))
	mustSend(t, k, "POST", subscribePath, subscriptionsOf(`{"email":"ada@example.com","phone_number":"+12025550147"}`))
	const path = "/api/profile-unsubscription-bulk-create-jobs/"
	mustSend(t, k, "POST", path, unsubscriptionOf(`"emails":["ada@example.com","bo@example.com"]`))
	ada := find(t, k, "ada@example.com")
	if got := consents(ada); got != [2]string{"UNSUBSCRIBED", "SUBSCRIBED"} {
		t.Errorf("ada consents to %v", got)
	}
	if len(ada.Lists) != 1 {
		t.Errorf("ada's lists %v", ada.Lists)
	}
	if got := consents(find(t, k, "bo@example.com")); got[0] != "UNSUBSCRIBED" {
		t.Errorf("bo, who was unknown, consents to %v", got)
	}
	mustSend(t, k, "POST", path, unsubscriptionOf(`"phone_numbers":["+12025550147"],"list_id":"M"`))
	if got := find(t, k, "ada@example.com").Lists; len(got) != 1 {
		t.Errorf("ada's lists %v", got)
	}
	mustSend(t, k, "POST", path, unsubscriptionOf(`"phone_numbers":["+12025550147"],"list_id":"L"`))
	ada = find(t, k, "ada@example.com")
	if got := consents(ada); got != [2]string{"UNSUBSCRIBED", "UNSUBSCRIBED"} || len(ada.Lists) != 0 {
		t.Errorf("ada consents to %v, on %v", got, ada.Lists)
	}
}

func TestSuppression(t *testing.T) {
	k := New(WithList("L", "list"))
	reason := func() string {
		return find(t, k, "ada@example.com").Attributes.Consents[ChannelEmail].Suppression
	}
	const path = "/api/profile-suppression-bulk-create-jobs/"
	mustSend(t, k, "POST", path, suppressionsOf(`{"email":"ada@example.com"}`))
	if got := reason(); got != "USER_SUPPRESSED" {
		t.Errorf("reason %q", got)
	}
	if got := consents(find(t, k, "ada@example.com"))[0]; got != "NEVER_SUBSCRIBED" {
		t.Errorf("consent %q", got)
	}
	mustSend(t, k, "POST", "/api/profile-unsuppression-bulk-create-jobs/",
		`{"data":{"type":"profile-unsuppression-bulk-create-job","attributes":{"suppressions":[{"email":"ada@example.com"},{"email":"bo@example.com"}]}}}`)
	if got := reason(); got != "" {
		t.Errorf("reason %q after the end", got)
	}
	if _, ok := k.Profile("bo@example.com"); ok {
		t.Error("the end of a suppression made a profile")
	}
	mustSend(t, k, "POST", path, suppressionsOf(`{"email":"ada@example.com"}`))
	mustSend(t, k, "POST", "/api/profile-unsubscription-bulk-create-jobs/", unsubscriptionOf(`"emails":["ada@example.com"]`))
	if got := reason(); got != "USER_SUPPRESSED" {
		t.Errorf("reason %q after an unsubscription", got)
	}
	mustSend(t, k, "POST", subscribePath, subscriptionsOf(`{"email":"ada@example.com"}`))
	if got := reason(); got != "" {
		t.Errorf("reason %q after a subscription", got)
	}
}

func TestCreateClientSubscription(t *testing.T) {
	k := New(WithList("L", "list"))
	mustSend(t, k, "POST", "/client/subscriptions/?company_id=C",
		`{"data":{"type":"subscription","attributes":{"list_id":"L","custom_source":"form","email":"ada@example.com","properties":{"$first_name":"Ada","plan":"pro"}}}}`)
	p := find(t, k, "ada@example.com")
	if consents(p) != [2]string{"SUBSCRIBED", ""} || p.Attributes.FirstName != "Ada" || string(p.Attributes.Properties) != `{"plan":"pro"}` {
		t.Errorf("profile %+v", p)
	}
	if s := k.Subscriptions(); len(s) != 1 || s[0].CustomSource != "form" {
		t.Errorf("subscriptions %+v", s)
	}
}

func TestWithAnyList(t *testing.T) {
	k := New(WithAnyList())
	mustSend(t, k, "POST", subscribePath, subscriptionsOf(`{"email":"ada@example.com"}`))
	if lists := k.Lists(); len(lists) != 1 || lists[0].ID != "L" || len(lists[0].ProfileIDs) != 1 {
		t.Errorf("lists %+v", lists)
	}
	mustSend(t, k, "POST", "/api/profile-unsubscription-bulk-create-jobs/", unsubscriptionOf(`"emails":["ada@example.com"],"list_id":"unknown"`))
}
