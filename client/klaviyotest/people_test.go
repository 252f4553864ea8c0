package klaviyotest

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	later "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

func TestUpsert(t *testing.T) {
	k := New()
	upsert := func(attributes, members string) reply {
		return send(t, k, "POST", upsertPath, `{"data":{"type":"profile","attributes":{`+attributes+`}`+members+`}}`)
	}
	r := upsert(adasEmail+`,"first_name":"Ada","title":"Dr","properties":{"sizes":["M"],"plan":"pro"}`, "")
	id := decode[later.ProfileDocument](t, r).Data.ID
	if r.status != 201 {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	r = upsert(adasEmail+","+adasNumber+`,"title":null`, `,"meta":{"patch_properties":{"append":{"sizes":"L"},"unset":["plan"]}}`)
	if got := decode[later.ProfileDocument](t, r).Data; r.status != 200 || got.ID != id || got.Attributes.Title != "" {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	if p := find(t, k, "+12025550147"); p.ID != id || p.Attributes.FirstName != "Ada" || p.Attributes.Title != "" || string(p.Attributes.Properties) != `{"sizes":["M","L"]}` {
		t.Errorf("profile %+v", p)
	}
	bo := decode[later.ProfileDocument](t, upsert(`"email":"bo@example.com"`, "")).Data.ID
	before := find(t, k, "bo@example.com")
	r = upsert(`"email":"bo@example.com",`+adasNumber+`,"first_name":"X"`, "")
	if r.status != 409 || r.errors(t)[0].Code != "duplicate_profile" || r.errors(t)[0].Meta.DuplicateProfileID != id {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	if after := find(t, k, "bo@example.com"); after.Attributes.FirstName != before.Attributes.FirstName || after.Attributes.PhoneNumber != "" {
		t.Errorf("a refused call changed %+v", after)
	}
	r = upsert(`"first_name":"Bo"`, `,"id":"`+bo+`"`)
	if r.status != 200 || find(t, k, "bo@example.com").Attributes.FirstName != "Bo" {
		t.Errorf("by id: status %d: %s", r.status, r.body)
	}
	if r := upsert(`"first_name":"Bo"`, `,"id":"nobody"`); r.status != 404 || r.pointers(t) != "/data/id" {
		t.Errorf("nobody: status %d: %s", r.status, r.body)
	}
}

// TestRefusedPhoneNumbers cost the number, not the profile, in either revision.
func TestRefusedPhoneNumbers(t *testing.T) {
	k := New(WithRefusedPhoneNumbers(func(number string) bool { return strings.HasPrefix(number, "+1202") }))
	for path, email := range map[string]string{"/api/profiles/": "ada", "/api/profiles": "bo", upsertPath: "cy"} {
		r := mustSend(t, k, "POST", path, profileWith(`"email":"`+email+`@example.com","phone_number":"+12025550147"`))
		if got := r.header.Get("X-Klaviyo-Partial-Failure"); got != "phone_number" {
			t.Errorf("%s: header %q", path, got)
		}
		if p := find(t, k, email+"@example.com"); p.Attributes.PhoneNumber != "" {
			t.Errorf("%s: profile %+v", path, p)
		}
	}
	r := mustSend(t, k, "POST", upsertPath, profileWith(`"email":"ada@example.com","phone_number":"+4930123456"`))
	if _, there := r.header["X-Klaviyo-Partial-Failure"]; there || find(t, k, "+4930123456").Attributes.Email != "ada@example.com" {
		t.Errorf("another number: %v", r.header)
	}
}

// TestRefusedPhoneNumbersElsewhere are the fault of the call, which names each.
func TestRefusedPhoneNumbersElsewhere(t *testing.T) {
	k := New(WithList("L", "list"), WithRefusedPhoneNumbers(func(number string) bool { return number == "+12025550147" }))
	other := strings.Replace(adasNumber, "147", "148", 1)
	for _, tt := range []struct {
		name, path, body, pointers string
	}{
		{"a flat event", "/api/events/", eventWith(`"profile":{"$email":"ada@example.com","$phone_number":"+12025550147"}`), "/data/attributes/profile/$phone_number"},
		{"an event", "/api/events", nestedEventWith(adasNumber, ""), "/data/attributes/profile/data/attributes/phone_number"},
		{"an import", importsPath, importOf(other, adasNumber), "/data/attributes/profiles/data/1/attributes/phone_number"},
		{"a subscription", subscribesPath, jobWith(subscribeKind, "", toListL, subscribed(adasNumber, toSMS)), "/data/attributes/profiles/data/0/attributes/phone_number"},
	} {
		r := send(t, k, "POST", tt.path, tt.body)
		if r.status != 400 || r.pointers(t) != tt.pointers {
			t.Errorf("%s: status %d: %s", tt.name, r.status, r.body)
		}
	}
	if len(k.Profiles())+len(k.Events())+len(k.Jobs())+len(k.Subscriptions()) > 0 {
		t.Error("a refused call changed something")
	}
	mustSend(t, k, "POST", "/api/events", nestedEventWith(other, ""))
}

// TestFurtherEmails identify their profile, whichever call adds them.
func TestFurtherEmails(t *testing.T) {
	patch := func(verb, emails string) string {
		return `,"meta":{"patch_identifiers":{"` + verb + `":{"email":` + emails + `}}}`
	}
	k := New()
	write := func(attributes, members string) reply {
		return send(t, k, "POST", upsertPath, `{"data":{"type":"profile","attributes":{`+attributes+`}`+members+`}}`)
	}
	mustSend(t, k, "POST", importsPath, strings.Replace(importOf(adasEmail), adasEmail+"}", adasEmail+"}"+patch("append", `["ada@work.example"]`), 1))
	write(adasEmail, patch("append", `"ADA@home.example"`))
	ada := find(t, k, "ada@home.example")
	if got := strings.Join(ada.FurtherEmails, " "); got != "ada@work.example ADA@home.example" || ada.Attributes.Email != "ada@example.com" {
		t.Errorf("profile %+v", ada)
	}
	if r := write(`"email":"Ada@Work.example","first_name":"Ada"`, ""); r.status != 200 || find(t, k, "ada@example.com").Attributes.FirstName != "Ada" {
		t.Errorf("by a further address: status %d: %s", r.status, r.body)
	}
	if r := write(`"email":"bo@example.com"`, patch("append", `["ada@work.example"]`)); r.status != 409 || r.errors(t)[0].Meta.DuplicateProfileID != ada.ID {
		t.Errorf("somebody else's: status %d: %s", r.status, r.body)
	}
	write(adasEmail, patch("unappend", `["ada@work.example","nobody@example.com"]`))
	if _, there := k.Profile("ada@work.example"); there {
		t.Error("the address is there still")
	}
	k.DeleteProfile(ada.ID)
	if _, there := k.Profile("ada@home.example"); there {
		t.Error("the address outlives its profile")
	}
}

// TestMergeProfiles moves what the one has to the other.
func TestMergeProfiles(t *testing.T) {
	k := New(WithList("L", "list"))
	ada := createProfile(t, k, adasEmail+`,"first_name":"Ada","properties":{"a":1}`)
	other := createProfile(t, k, adasNumber+`,"first_name":"X","last_name":"L","properties":{"a":2,"b":3}`)
	mustSend(t, k, "POST", "/api/events", nestedEventWith(adasNumber, `,"unique_id":"1"`))
	mustSend(t, k, "POST", subscribesPath, jobWith(subscribeKind, "", toListL, subscribed(adasNumber, toSMS)))
	merge := func(from, into string) reply {
		return send(t, k, "POST", "/api/profile-merge", `{"data":{"type":"profile-merge","id":"`+into+`","relationships":{"profiles":{"data":[{"type":"profile","id":"`+from+`"}]}}}}`)
	}
	for _, wrong := range [][2]string{{"nobody", ada}, {other, "nobody"}, {ada, ada}} {
		if r := merge(wrong[0], wrong[1]); r.status != 404 {
			t.Errorf("%v: status %d", wrong, r.status)
		}
	}
	if r := merge(other, ada); r.status != 201 || decode[sparse](t, r).Data.ID != ada {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	p := find(t, k, "+12025550147")
	if a := p.Attributes; p.ID != ada || len(k.Profiles()) != 1 || a.Email != "ada@example.com" || a.FirstName != "Ada" || a.LastName != "L" ||
		string(a.Properties) != `{"a":1,"b":3}` || a.Consents[ChannelSMS].State != "SUBSCRIBED" || len(p.Lists) != 1 {
		t.Errorf("profile %+v", p)
	}
	mustSend(t, k, "POST", "/api/events", nestedEventWith(adasEmail, `,"unique_id":"1"`))
	if events := k.Events(); len(events) != 1 || events[0].ProfileID != ada {
		t.Errorf("events %+v", events)
	}
}

// TestNestedSubscriptions go by the channels that are named.
func TestNestedSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)))
		k := New(WithList("L", "list"))
		mustSend(t, k, "POST", subscribesPath, jobWith(subscribeKind, `"custom_source":"shop",`, toListL,
			subscribed(adasEmail+","+adasNumber, toEmail+`,"sms":{"marketing":{"consent":"SUBSCRIBED"},"transactional":{"consent":"SUBSCRIBED"}}`)))
		mustSend(t, k, "POST", subscribesPath, jobWith(subscribeKind, `"historical_import":true,`, "", subscribed(`"email":"bo@example.com"`, longAgo)))
		s := k.Subscriptions()
		if len(s) != 2 || s[0].ListID != "L" || len(s[0].Channels) != 3 || s[0].CustomSource != "shop" || s[0].Historical || !s[0].ConsentedAt.IsZero() {
			t.Fatalf("subscriptions %+v", s)
		}
		ago := time.Date(2023, 1, 31, 10, 0, 0, 0, time.UTC)
		if s[1].ListID != "" || !s[1].Historical || !s[1].ConsentedAt.Equal(ago) {
			t.Errorf("subscription %+v", s[1])
		}
		if bo := find(t, k, "bo@example.com"); !bo.Attributes.Consents[ChannelEmail].Time.Equal(ago) || len(bo.Lists) != 0 {
			t.Errorf("profile %+v", bo)
		}
		shown := mustSend(t, k, "GET", "/api/lists/L/profiles?additional-fields[profile]=subscriptions", "")
		marketing := decode[later.ProfilePage](t, shown).Data[0].Attributes.Subscriptions
		if marketing.Email.Marketing.Consent != "SUBSCRIBED" || !marketing.SMS.Transactional.CanReceiveSMSTransactional {
			t.Errorf("subscriptions %+v", marketing)
		}

		end := func(members string) {
			mustSend(t, k, "POST", endsPath, jobWith(unsubscribeKind, "", members, subscribed(adasEmail, fromEmail)))
		}
		for i, want := range []struct {
			members, email string
			lists          int
		}{
			{toListL, "SUBSCRIBED", 0},   // who is on the list leaves it
			{toListL, "UNSUBSCRIBED", 0}, // who isn't on it is unsubscribed everywhere
		} {
			end(want.members)
			if ada := find(t, k, "ada@example.com"); consents(ada) != [2]string{want.email, "SUBSCRIBED"} || len(ada.Lists) != want.lists {
				t.Errorf("step %d: %+v", i, ada)
			}
		}
		for path, body := range map[string]string{
			subscribesPath: jobWith(subscribeKind, "", strings.Replace(toListL, `"L"`, `"M"`, 1), subscribed(`"email":"cy@example.com"`, toEmail)),
			endsPath:       jobWith(unsubscribeKind, "", strings.Replace(toListL, `"L"`, `"M"`, 1), subscribed(`"email":"cy@example.com"`, fromEmail)),
		} {
			if r := send(t, k, "POST", path, body); r.status != 404 || r.pointers(t) != "/data/relationships/list/data/id" {
				t.Errorf("%s of no list: status %d: %s", path, r.status, r.body)
			}
		}
	})
}

// TestClientChangesNoIdentifiers of a profile that there is.
func TestClientChangesNoIdentifiers(t *testing.T) {
	k := New(WithList("L", "list"))
	createProfile(t, k, adasEmail)
	mustSend(t, k, "POST", "/client/profiles?company_id=C", profileWith(adasEmail+","+adasNumber+`,"first_name":"Ada"`))
	mustSend(t, k, "POST", "/client/events?company_id=C", nestedEventWith(adasEmail+`,"external_id":"1"`, ""))
	mustSend(t, k, "POST", "/client/subscriptions?company_id=C", `{"data":{"type":"subscription","attributes":{"profile":{"data":`+
		people(subscribed(adasEmail+`,"phone_number":"+12025550148"`, toEmail))+`}}`+toListL+`}}`)
	p := find(t, k, "ada@example.com")
	if a := p.Attributes; a.FirstName != "Ada" || a.PhoneNumber != "" || a.ExternalID != "" || consents(p)[0] != "SUBSCRIBED" || len(p.Lists) != 1 || len(k.Events()) != 1 {
		t.Errorf("profile %+v", p)
	}
	mustSend(t, k, "POST", "/api/data-privacy-deletion-jobs", `{"data":{"type":"data-privacy-deletion-job","attributes":{"profile":{"data":`+people(adasEmail)+`}}}}`)
	if n := len(k.Profiles()); n != 0 {
		t.Errorf("%d profiles", n)
	}
}
