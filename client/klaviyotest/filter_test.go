package klaviyotest

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New(WithoutLimits())
		createProfile(t, k, `"external_id":"1","email":"ada@example.com","phone_number":"+12025550147"`)
		time.Sleep(time.Hour)
		hour := time.Now().Format(time.RFC3339)
		createProfile(t, k, `"external_id":"2","email":"bo)\",\"@example.com"`)
		time.Sleep(time.Hour)
		createProfile(t, k, `"external_id":"3"`)
		tests := []struct{ filter, want string }{
			{`equals(email,"ada@example.com")`, "1"},
			{`equals(email,"ADA@example.com")`, "1"},
			{` equals( email , "ada@example.com" ) `, "1"},
			{`equals(email,"")`, ""},
			{`equals(email,"bo)\",\"@example.com")`, "2"},
			{`equals(phone_number,"+12025550147")`, "1"},
			{`equals(external_id,"3")`, "3"},
			{`any(external_id,["3","1","9"])`, "1 3"},
			{`any(external_id,[])`, ""},
			{`equals(id,"` + find(t, k, "2").ID + `")`, "2"},
			{`equals(_kx,"x")`, ""},
			{`greater-than(created,` + hour + `)`, "3"},
			{`less-than(updated,` + hour + `)`, "1"},
			{`any(external_id,["1","2"]),equals(phone_number,"+12025550147")`, "1"},

			{``, "refused"},
			{`email`, "refused"},
			{`equals(email)`, "refused"},
			{`equals(email,ada@example.com)`, "refused"},
			{`equals(email,'ada@example.com')`, "refused"},
			{`equals(email,"ada@example.com"`, "refused"},
			{`equals(email,"ada@example.com`, "refused"},
			{`equals(email,"ada@example.com"x)`, "refused"},
			{`equals(email,"ada@example.com")equals(email,"ada@example.com")`, "refused"},
			{`equals(email,"ada@example.com"),`, "refused"},
			{`equals(email,["ada@example.com"])`, "refused"},
			{`any(email,"ada@example.com")`, "refused"},
			{`any(email,[1])`, "refused"},
			{`contains(email,"ada")`, "refused"},
			{`equals(first_name,"Ada")`, "refused"},
			{`greater-than(email,"a")`, "refused"},
			{`greater-than(created,yesterday)`, "refused"},
			{`greater-than(created,1677024000)`, "refused"},
		}
		for _, test := range tests {
			r := send(t, k, "GET", "/api/profiles/?filter="+url.QueryEscape(test.filter), "")
			if test.want == "refused" {
				if r.status != 400 || r.pointers(t) != "filter" {
					t.Errorf("%s: status %d: %s", test.filter, r.status, r.body)
				}
				continue
			}
			if r.status != 200 {
				t.Errorf("%s: status %d: %s", test.filter, r.status, r.body)
				continue
			}
			var ids []string
			for _, p := range decode[klaviyo.ProfilePage](t, r).Data {
				ids = append(ids, p.Attributes.ExternalID)
			}
			if got := strings.Join(ids, " "); got != test.want {
				t.Errorf("%s: found %q, want %q", test.filter, got, test.want)
			}
		}
	})
}

func TestFiltersOfListsAndMetrics(t *testing.T) {
	k := New(WithList("L1", "one"), WithList("L2", "two"))
	mustSend(t, k, "POST", "/api/events/", eventWith(`"metric":{"name":"M","service":"shop"}`))
	for query, want := range map[string]int{
		`/api/lists/?filter=equals(name,"two")`:                         1,
		`/api/lists/?filter=any(id,["L1","L2"])`:                        2,
		`/api/lists/?filter=greater-than(created,2001-01-01T00:00:00Z)`: 2,
		`/api/lists/?filter=greater-than(updated,2999-01-01T00:00:00Z)`: 0,
		`/api/metrics/?filter=equals(integration.name,"shop")`:          1,
		`/api/metrics/?filter=equals(integration.name,"api")`:           0,
		`/api/metrics/?filter=equals(integration.category,"API")`:       1,
	} {
		found := decode[collectionDocument](t, mustSend(t, k, "GET", query, "")).Data
		if len(found) != want {
			t.Errorf("%s: found %d, want %d", query, len(found), want)
		}
	}
}
