package klaviyotest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// createProfile returns the id of a new profile.
func createProfile(t *testing.T, k *Klaviyo, attributes string) string {
	t.Helper()
	r := mustSend(t, k, "POST", "/api/profiles/", profileWith(attributes))
	return decode[klaviyo.ProfileDocument](t, r).Data.ID
}

func update(t *testing.T, k *Klaviyo, id, attributes string) reply {
	t.Helper()
	return send(t, k, "PATCH", "/api/profiles/"+id+"/", `{"data":{"type":"profile","id":"`+id+`","attributes":{`+attributes+`}}}`)
}

// find returns a profile that has to be there.
func find(t *testing.T, k *Klaviyo, identifier string) Profile {
	t.Helper()
	p, ok := k.Profile(identifier)
	if !ok {
		t.Fatalf("no profile %s", identifier)
	}
	return p
}

func TestCreateProfile(t *testing.T) {
	k := New()
	r := send(t, k, "POST", "/api/profiles/", profileWith(
		`"email":"ada@example.com","phone_number":"+12025550147","external_id":"1","first_name":"Ada",
		"location":{"city":"London","latitude":51.50},"properties":{"big":12345678901234567890,"price":1.10,"gone":null}`))
	if r.status != 201 {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	created := decode[klaviyo.ProfileDocument](t, r).Data
	if created.Type != "profile" || created.ID == "" || created.Links.Self != "https://a.klaviyo.com/api/profiles/"+created.ID+"/" {
		t.Errorf("answered %s", r.body)
	}
	for _, identifier := range []string{"ada@example.com", "ADA@example.com", "+12025550147", "1", created.ID} {
		p := find(t, k, identifier)
		if p.ID != created.ID || p.Attributes.FirstName != "Ada" || p.Attributes.Location.City != "London" {
			t.Errorf("%s: %+v", identifier, p)
		}
		if got, want := string(p.Attributes.Properties), `{"big":12345678901234567890,"price":1.10}`; got != want {
			t.Errorf("properties %s, want %s", got, want)
		}
	}
	if _, ok := k.Profile("2"); ok {
		t.Error("found a profile that isn't there")
	}
}

func TestCreateProfileTwice(t *testing.T) {
	k := New()
	ada := createProfile(t, k, `"email":"ada@example.com","phone_number":"+12025550147","external_id":"1"`)
	bo := createProfile(t, k, `"email":"bo@example.com"`)
	for attributes, id := range map[string]string{
		`"email":"Ada@example.com"`:                              ada,
		`"phone_number":"+12025550147"`:                          ada,
		`"external_id":"1"`:                                      ada,
		`"email":"new@example.com","external_id":"1"`:            ada,
		`"email":"bo@example.com","phone_number":"+12025550147"`: bo, // the email decides
	} {
		r := send(t, k, "POST", "/api/profiles/", profileWith(attributes))
		if r.status != 409 {
			t.Fatalf("%s: status %d", attributes, r.status)
		}
		e := r.errors(t)[0]
		if e.Meta.DuplicateProfileID != id || e.Code != "duplicate_profile" || e.Status != 409 || string(e.Links) != "{}" {
			t.Errorf("%s: %s", attributes, r.body)
		}
	}
	if n := len(k.Profiles()); n != 2 {
		t.Errorf("%d profiles", n)
	}
}

func TestUpdateProfile(t *testing.T) {
	k := New()
	id := createProfile(t, k, `"email":"ada@example.com","first_name":"Ada","last_name":"L","location":{"city":"London","zip":"1"},"properties":{"a":1,"b":{"c":1},"d":1}`)
	r := update(t, k, id, `"first_name":null,"phone_number":"+12025550147","location":{"city":null,"region":"R"},"properties":{"b":{"e":2},"d":null,"f":3.0}`)
	if r.status != 200 {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	if p := decode[klaviyo.ProfileDocument](t, r).Data; p.ID != id || p.Attributes.PhoneNumber != "+12025550147" {
		t.Errorf("answered %s", r.body)
	}
	p := find(t, k, "+12025550147").Attributes
	if p.FirstName != "" || p.LastName != "L" || p.Email != "ada@example.com" {
		t.Errorf("fields %+v", p)
	}
	if p.Location.City != "" || p.Location.Zip != "1" || p.Location.Region != "R" {
		t.Errorf("location %+v", p.Location)
	}
	if got, want := string(p.Properties), `{"a":1,"b":{"e":2},"f":3.0}`; got != want {
		t.Errorf("properties %s, want %s", got, want)
	}
}

func TestUpdateOfIdentifiers(t *testing.T) {
	k := New()
	id := createProfile(t, k, `"email":"ada@example.com","external_id":"1"`)
	if r := update(t, k, id, `"email":"Ada@example.com","external_id":"1"`); r.status != 200 {
		t.Fatalf("its own identifiers: status %d: %s", r.status, r.body)
	}
	if r := update(t, k, id, `"email":"new@example.com","external_id":null`); r.status != 200 {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	for _, old := range []string{"ada@example.com", "1"} {
		if _, ok := k.Profile(old); ok {
			t.Errorf("%s still finds the profile", old)
		}
	}
	find(t, k, "new@example.com")
	// The identifiers that were given up are free again.
	createProfile(t, k, `"email":"ada@example.com"`)
	createProfile(t, k, `"external_id":"1"`)
}

func TestRejectedUpdates(t *testing.T) {
	k := New()
	ada := createProfile(t, k, `"email":"ada@example.com"`)
	bo := createProfile(t, k, `"phone_number":"+12025550147"`)
	if r := update(t, k, ada, `"phone_number":"+12025550147","first_name":"Ada"`); r.status != 409 ||
		r.errors(t)[0].Meta.DuplicateProfileID != bo || r.pointers(t) != "/data/attributes" {
		t.Errorf("another's phone: status %d: %s", r.status, r.body)
	}
	if find(t, k, ada).Attributes.FirstName != "" {
		t.Error("a refused update changed the profile")
	}
	if r := update(t, k, "nobody", ""); r.status != 404 || r.errors(t)[0].Code != "not_found" {
		t.Errorf("unknown id: status %d: %s", r.status, r.body)
	}
	r := send(t, k, "PATCH", "/api/profiles/"+ada+"/", `{"data":{"type":"profile","id":"`+bo+`","attributes":{}}}`)
	if r.status != 400 || r.pointers(t) != "/data/id" {
		t.Errorf("another id: status %d: %s", r.status, r.body)
	}
}

func TestDeleteProfile(t *testing.T) {
	k := New(WithList("L", "list"))
	id := createProfile(t, k, `"email":"ada@example.com"`)
	mustSend(t, k, "POST", "/api/lists/L/relationships/profiles/", `{"data":[{"type":"profile","id":"`+id+`"}]}`)
	if !k.DeleteProfile(id) {
		t.Error("the profile was missing")
	}
	if k.DeleteProfile(id) {
		t.Error("the profile still exists")
	}
	if r := update(t, k, id, ""); r.status != 404 {
		t.Errorf("update: status %d", r.status)
	}
	if n := len(k.Lists()[0].ProfileIDs); n != 0 {
		t.Errorf("the list has %d profiles", n)
	}
	if createProfile(t, k, `"email":"ada@example.com"`) == id {
		t.Error("the new profile has the old id")
	}
}

func TestRequestProfileDeletion(t *testing.T) {
	for _, field := range []string{"email", "phone_number", "profile_id", "unknown"} {
		t.Run(field, func(t *testing.T) {
			k := New()
			id := createProfile(t, k, `"email":"ada@example.com","phone_number":"+12025550147"`)
			job, left := map[string]string{
				"email":        `"email":"ada@example.com"`,
				"phone_number": `"phone_number":"+12025550147"`,
				"profile_id":   `"profile_id":"` + id + `"`,
				"unknown":      `"email":"bo@example.com"`,
			}[field], 0
			if field == "unknown" {
				left = 1
			}
			r := mustSend(t, k, "POST", "/api/data-privacy-deletion-jobs/", deletionOf(job))
			if r.status != 202 || len(k.Profiles()) != left {
				t.Errorf("status %d, %d profiles", r.status, len(k.Profiles()))
			}
		})
	}
}

func TestCreateClientProfile(t *testing.T) {
	k := New()
	const path = "/client/profiles/?company_id=C"
	mustSend(t, k, "POST", path, profileWith(`"anonymous_id":"v1","first_name":"Ada"`))
	r := mustSend(t, k, "POST", path, profileWith(`"anonymous_id":"v1","email":"ada@example.com"`))
	if r.status != 202 || r.body != "" {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	if p := find(t, k, "ada@example.com"); p.Attributes.FirstName != "Ada" || len(k.Profiles()) != 1 {
		t.Errorf("profiles %+v", k.Profiles())
	}
}

func TestGetProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		created := time.Now()
		id := createProfile(t, k, `"email":"ada@example.com","image":"https://example.com/a.png"`)
		time.Sleep(time.Hour)
		update(t, k, id, `"title":"Countess"`)
		r := mustSend(t, k, "GET", "/api/profiles/"+id+"/", "")
		got := decode[klaviyo.ProfileDocument](t, r).Data.Attributes
		if got.Title != "Countess" || !isAt(got.Created, created) || !isAt(got.Updated, created.Add(time.Hour)) {
			t.Errorf("answered %s", r.body)
		}
		if r := send(t, k, "GET", "/api/profiles/nobody/", ""); r.status != 404 {
			t.Errorf("nobody: status %d", r.status)
		}
		// An id is matched as it was escaped.
		if r := send(t, k, "GET", "/api/profiles/no%2Fbody/", ""); r.status != 404 || r.pointers(t) != "id" {
			t.Errorf("escaped: status %d: %s", r.status, r.body)
		}
	})
}

func TestRecordedProfilesAreCopies(t *testing.T) {
	k := New()
	createProfile(t, k, `"email":"ada@example.com","properties":{"a":1}`)
	p := find(t, k, "ada@example.com")
	p.Attributes.Properties[1] = 'x'
	if got := string(find(t, k, "ada@example.com").Attributes.Properties); got != `{"a":1}` {
		t.Errorf("properties %s", got)
	}
}
