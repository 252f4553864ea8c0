package client_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// owners says which of three profiles has the email, the phone number and the
// external id; 0 is none.
type owners [3]int

// everyOwners are all that differ in more than the profiles' names.
func everyOwners() []owners {
	var all []owners
	for email := range 2 {
		for phone := range email + 2 {
			for externalID := range max(email, phone) + 2 {
				all = append(all, owners{email, phone, externalID})
			}
		}
	}
	return all
}

// target is the profile that a request is about: that of the strongest identifier
// which any profile has, or 0.
func (o owners) target() int {
	for _, profile := range o {
		if profile > 0 {
			return profile
		}
	}
	return 0
}

// kept tells which identifiers the target is given: its own and nobody's.
func (o owners) kept() (kept [3]bool) {
	for i, profile := range o {
		kept[i] = profile == 0 || profile == o.target()
	}
	return kept
}

func attributesOf(has [3]bool, suffix string) klaviyo.ProfileCreateAttributes {
	var a klaviyo.ProfileCreateAttributes
	if has[0] {
		a.Email = suffix + email
	}
	if has[1] {
		a.PhoneNumber = phone[:len(phone)-len(suffix)] + strings.Repeat("9", len(suffix))
	}
	if has[2] {
		a.ExternalID = suffix + externalID
	}
	return a
}

// What becomes of a request is decided by who has its identifiers, and not by what the
// client remembers, by which of several profiles a 409 names, or by chance.
func TestConflictResolution(t *testing.T) {
	worst := map[string]int{}
	for _, o := range everyOwners() {
		for _, memory := range []string{"cold", "warm", "knows profile 1", "knows profile 2", "knows profile 3", "stale", "deleted"} {
			if memory == "stale" && o[0] == 0 {
				continue // the memory is believed until a response contradicts it
			}
			for _, points := range []bool{true, false} {
				for _, weakest := range []bool{false, true} {
					name := fmt.Sprintf("%v/%s/points=%v/names weakest=%v", o, memory, points, weakest)
					t.Run(name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							calls := settlement(t, o, memory, points, weakest)
							worst[memory] = max(worst[memory], calls)
							if want := leastCalls(o, memory); (memory == "cold" || memory == "warm") && points && !weakest && calls != want {
								t.Errorf("%d calls, want %d", calls, want)
							}
						})
					})
				}
			}
		}
	}
	t.Log("the most calls: ", worst)
	for memory, calls := range worst {
		if calls > 10 {
			t.Errorf("%s: %d calls", memory, calls)
		}
	}
}

// leastCalls is one for each 409 and one that is answered 2XX, where the responses point
// and the client remembers all profiles or none.
func leastCalls(o owners, memory string) int {
	calls := 1
	for _, kept := range o.kept() {
		if !kept {
			calls++
		}
	}
	if memory == "cold" && o.target() > 0 {
		calls++
	}
	return calls
}

func settlement(t *testing.T, o owners, memory string, points, weakest bool) (calls int) {
	all := [3]bool{true, true, true}
	k := klaviyotest.New()
	var ids [4]string // of the profiles
	naming := &http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		resp, err := k.Transport().RoundTrip(req)
		if err != nil || resp.StatusCode != http.StatusConflict {
			return resp, err
		}
		sent, _ := req.GetBody()
		var q klaviyo.ProfileCreateQuery // which has an update's identifiers, too
		if err := json.NewDecoder(sent).Decode(&q); err != nil {
			t.Error(err)
		}
		a := q.Data.Attributes
		given := []string{a.Email, a.PhoneNumber, a.ExternalID}
		named := -1 // the strongest of another profile's or, if asked for, a new one's weakest
		for i := range given {
			owned := given[i] != "" && o[i] > 0 && !strings.Contains(req.URL.Path, "/"+ids[o[i]]+"/")
			if owned && (named < 0 || weakest && req.Method == http.MethodPost) {
				named = i
			}
		}
		if named < 0 {
			return resp, nil // one that isn't asked about
		}
		pointer := "/data/attributes"
		if points {
			pointer += "/" + []string{"email", "phone_number", "external_id"}[named]
		}
		body := fmt.Sprintf(`{"errors":[{"id":"1","code":"duplicate_profile","title":"","detail":"","source":{"pointer":%q},"meta":{"duplicate_profile_id":%q}}]}`, pointer, ids[o[named]])
		resp.Body = io.NopCloser(strings.NewReader(body))
		return resp, nil
	})}
	c := newClient(t, client.WithHTTPClient(naming), client.WithExternalIDOnly())
	other := newClient(t, over(k), client.WithExternalIDOnly())
	switch memory {
	case "stale":
		old := send(t, c, attributesOf(all, "")).ProfileID
		moved := attributesOf(all, "old")
		_, err := klaviyo.NewAPI(other).UpdateProfile(t.Context(), old, klaviyo.ProfileUpdateAttributes{
			Email: klaviyo.Set(moved.Email), PhoneNumber: klaviyo.Set(moved.PhoneNumber), ExternalID: klaviyo.Set(moved.ExternalID),
		})
		if err != nil {
			t.Fatal(err)
		}
	case "deleted":
		k.DeleteProfile(send(t, c, attributesOf(all, "")).ProfileID)
	}
	for profile := 1; profile <= 3; profile++ {
		var has [3]bool
		for i := range o {
			has[i] = o[i] == profile
		}
		if has == ([3]bool{}) {
			continue
		}
		by := other
		if memory == "warm" || memory == fmt.Sprintf("knows profile %d", profile) {
			by = c
		}
		ids[profile] = send(t, by, attributesOf(has, "")).ProfileID
	}

	before := len(k.Requests())
	sent := send(t, c, attributesOf(all, ""))
	calls = len(k.Requests()) - before
	if target := o.target(); target > 0 && sent.ProfileID != ids[target] {
		t.Errorf("%s has it, want profile %d of %v", sent.ProfileID, target, ids)
	}
	p, _ := k.Profile(sent.ProfileID)
	var properties map[string]string
	if err := json.Unmarshal(p.Attributes.Properties, &properties); err != nil {
		t.Fatal(err)
	}
	kept := o.kept()
	got := [3]bool{p.Attributes.Email == email, p.Attributes.PhoneNumber == phone, p.Attributes.ExternalID == externalID}
	has := kept
	for i, profile := range o {
		has[i] = has[i] || profile == o.target() // what it had, it has
	}
	if got != has || (properties["phone"] == phone) == kept[1] || (properties["external_id"] == externalID) == kept[2] {
		t.Errorf("the profile has %v and the properties %v; want %v, and as properties those not in %v", got, properties, has, kept)
	}
	if sent.Attempts != calls {
		t.Errorf("the Response tells %d attempts of %d", sent.Attempts, calls)
	}
	warned := 0
	for _, k := range kept {
		if !k {
			warned++
		}
	}
	if len(sent.Warnings) != warned {
		t.Errorf("warnings %v, want %d", sent.Warnings, warned)
	}
	return calls
}
