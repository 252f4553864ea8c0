package klaviyotest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// eventWith is a create_event of attributes that come after the required ones,
// and so replace them.
func eventWith(attributes string) string {
	return `{"data":{"type":"event","attributes":{"profile":{"$email":"ada@example.com"},"metric":{"name":"M"},"properties":{},` + attributes + `}}}`
}

func profileWith(attributes string) string {
	return `{"data":{"type":"profile","attributes":{` + attributes + `}}}`
}

func subscriptionsOf(subscriptions string) string {
	return `{"data":{"type":"profile-subscription-bulk-create-job","attributes":{"list_id":"L","subscriptions":[` + subscriptions + `]}}}`
}

func unsubscriptionOf(attributes string) string {
	return `{"data":{"type":"profile-unsubscription-bulk-create-job","attributes":{` + attributes + `}}}`
}

func suppressionsOf(suppressions string) string {
	return `{"data":{"type":"profile-suppression-bulk-create-job","attributes":{"suppressions":[` + suppressions + `]}}}`
}

func deletionOf(attributes string) string {
	return `{"data":{"type":"data-privacy-deletion-job","attributes":{` + attributes + `}}}`
}

// repeated joins n copies of element by commas.
func repeated(n int, element string) string {
	return strings.TrimSuffix(strings.Repeat(element+",", n), ",")
}

func numbered(n int, format string) string {
	var parts []string
	for i := range n {
		parts = append(parts, fmt.Sprintf(format, i))
	}
	return strings.Join(parts, ",")
}

func TestRules(t *testing.T) {
	const (
		profiles      = "/api/profiles/"
		events        = "/api/events/"
		subscribe     = "/api/profile-subscription-bulk-create-jobs/"
		unsubscribe   = "/api/profile-unsubscription-bulk-create-jobs/"
		suppress      = "/api/profile-suppression-bulk-create-jobs/"
		deletion      = "/api/data-privacy-deletion-jobs/"
		clientProfile = "/client/profiles/?company_id=C"
		attributes    = "/data/attributes"
		subscription0 = "/data/attributes/subscriptions/0"
	)
	tests := []struct {
		name     string
		path     string
		body     string
		pointers string // empty if it is taken
	}{
		{"profile without identifier", profiles, profileWith(`"first_name":"Ada"`), attributes},
		{"profile with empty identifiers", profiles, profileWith(`"external_id":""`), attributes},
		{"profile with an external id", profiles, profileWith(`"external_id":"1"`), ""},
		{"no email", profiles, profileWith(`"email":"ada"`), attributes + "/email"},
		{"email without a dot in the domain", profiles, profileWith(`"email":"ada@example"`), attributes + "/email"},
		{"email of 101 characters", profiles, profileWith(`"email":"` + strings.Repeat("a", 89) + `@example.com"`), attributes + "/email"},
		{"email of 100 characters", profiles, profileWith(`"email":"` + strings.Repeat("a", 88) + `@example.com"`), ""},
		{"email without domain", profiles, profileWith(`"email":"ada@"`), attributes + "/email"},
		{"email with two @", profiles, profileWith(`"email":"ada@example@com"`), attributes + "/email"},
		{"email with a space", profiles, profileWith(`"email":"ada @example.com"`), attributes + "/email"},
		{"national phone", profiles, profileWith(`"phone_number":"2025550147"`), attributes + "/phone_number"},
		{"phone with spaces", profiles, profileWith(`"phone_number":"+1 202 555 0147"`), attributes + "/phone_number"},
		{"phone of 16 digits", profiles, profileWith(`"phone_number":"+1202555014712345"`), attributes + "/phone_number"},
		{"E.164", profiles, profileWith(`"phone_number":"+12025550147"`), ""},
		{"both wrong", profiles, profileWith(`"email":"ada","phone_number":"1"`), attributes + "/email " + attributes + "/phone_number"},
		{"external id of 255", profiles, profileWith(`"external_id":"` + strings.Repeat("é", 255) + `"`), ""},
		{"external id of 256", profiles, profileWith(`"external_id":"` + strings.Repeat("é", 256) + `"`), attributes + "/external_id"},
		{"anonymous visitor", clientProfile, profileWith(`"anonymous_id":"1"`), ""},
		{"nobody", clientProfile, profileWith(`"first_name":"Ada"`), attributes},

		{"event of nobody", events, eventWith(`"profile":{"$first_name":"Ada"}`), attributes + "/profile"},
		{"event of a later revision's profile", events, eventWith(`"profile":{"email":"ada@example.com"}`), attributes + "/profile"},
		{"event by external id", events, eventWith(`"profile":{"$id":"1"}`), ""},
		{"event with a number as email", events, eventWith(`"profile":{"$email":42}`), attributes + "/profile/$email"},
		{"event with a number as id", events, eventWith(`"profile":{"$id":42}`), attributes + "/profile/$id"},
		{"event with a national phone", events, eventWith(`"profile":{"$phone_number":"202"}`), attributes + "/profile/$phone_number"},
		{"event with a null email", events, eventWith(`"profile":{"$email":null,"$id":"1"}`), ""},
		{"metric of 127", events, eventWith(`"metric":{"name":"` + strings.Repeat("é", 127) + `"}`), ""},
		{"metric of 128", events, eventWith(`"metric":{"name":"` + strings.Repeat("é", 128) + `"}`), attributes + "/metric/name"},
		{"metric without a name", events, eventWith(`"metric":{"name":""}`), attributes + "/metric/name"},
		{"time without a zone", events, eventWith(`"time":"2023-02-22T10:00:00"`), ""},
		{"date", events, eventWith(`"time":"2023-02-22"`), attributes + "/time"},
		{"time with a fraction and a zone", events, eventWith(`"time":"2023-02-22T10:00:00.123456+02:00"`), ""},
		{"day that isn't", events, eventWith(`"time":"2023-02-30T10:00:00Z"`), attributes + "/time"},
		{"in 2000", events, eventWith(`"time":"2000-12-31T23:59:59Z"`), attributes + "/time"},
		{"after 2000", events, eventWith(`"time":"2001-01-01T00:00:00Z"`), ""},
		{"300 properties", events, eventWith(`"properties":{` + numbered(300, `"p%d":1`) + `}`), ""},
		{"301 properties", events, eventWith(`"properties":{` + numbered(301, `"p%d":1`) + `}`), attributes + "/properties"},
		{"string of 100 KB", events, eventWith(`"properties":{"s":"` + strings.Repeat("é", 50_000) + `"}`), ""},
		{"longer string", events, eventWith(`"properties":{"o":{"s":["` + strings.Repeat("é", 50_000) + `x"]}}`), attributes + "/properties/o/s/0"},
		{"list of 4,000", events, eventWith(`"properties":{"l":[` + repeated(4_000, "1") + `]}`), ""},
		{"longer list", events, eventWith(`"properties":{"a/b":{"l":[` + repeated(4_001, "1") + `]}}`), attributes + "/properties/a~1b/l"},
		{"10 levels", events, eventWith(`"properties":` + strings.Repeat(`{"a":`, 10) + "1" + strings.Repeat("}", 10)), ""},
		{"11 levels", events, eventWith(`"properties":` + strings.Repeat(`{"a":`, 11) + "1" + strings.Repeat("}", 11)), attributes + "/properties" + strings.Repeat("/a", 10)},
		{"11 levels of lists", events, eventWith(`"properties":{"a":` + strings.Repeat("[", 10) + strings.Repeat("]", 10) + `}`), attributes + "/properties/a" + strings.Repeat("/0", 9)},

		{"100 subscriptions", subscribe, subscriptionsOf(numbered(100, `{"email":"a%d@example.com"}`)), ""},
		{"101 subscriptions", subscribe, subscriptionsOf(numbered(101, `{"email":"a%d@example.com"}`)), attributes + "/subscriptions"},
		{"no subscriptions", subscribe, subscriptionsOf(""), attributes + "/subscriptions"},
		{"subscription of nobody", subscribe, subscriptionsOf(`{"channels":{}}`), subscription0},
		{"channel email without email", subscribe, subscriptionsOf(`{"phone_number":"+12025550147","channels":{"email":["MARKETING"]}}`), subscription0 + "/email"},
		{"channel sms without phone", subscribe, subscriptionsOf(`{"email":"ada@example.com","channels":{"sms":["MARKETING"]}}`), subscription0 + "/phone_number"},
		{"no consent to sms", subscribe, subscriptionsOf(`{"email":"ada@example.com","channels":{"email":["MARKETING"],"sms":[]}}`), ""},
		{"subscription with a bad phone", subscribe, subscriptionsOf(`{"email":"ada@example.com"},{"phone_number":"202"}`), attributes + "/subscriptions/1/phone_number"},

		{"100 unsubscriptions of each", unsubscribe, unsubscriptionOf(`"emails":[` + numbered(100, `"a%d@example.com"`) + `],"phone_numbers":[` + numbered(100, `"+12025550%03d"`) + `]`), ""},
		{"101 unsubscriptions", unsubscribe, unsubscriptionOf(`"emails":[` + numbered(101, `"a%d@example.com"`) + `]`), attributes + "/emails"},
		{"unsubscription of nobody", unsubscribe, unsubscriptionOf(`"emails":[],"list_id":"L"`), attributes},
		{"unsubscription of no phone", unsubscribe, unsubscriptionOf(`"phone_numbers":["+12025550147","x"]`), attributes + "/phone_numbers/1"},

		{"101 suppressions", suppress, suppressionsOf(numbered(101, `{"email":"a%d@example.com"}`)), attributes + "/suppressions"},
		{"suppression of no email", suppress, suppressionsOf(`{"email":"a"}`), attributes + "/suppressions/0/email"},

		{"deletion", deletion, deletionOf(`"email":"ada@example.com"`), ""},
		{"deletion by two", deletion, deletionOf(`"email":"ada@example.com","profile_id":"1"`), attributes},
		{"deletion of nobody", deletion, deletionOf(""), attributes},

		{"1,001 members", "/api/lists/L/relationships/profiles/", `{"data":[` + repeated(1_001, `{"type":"profile","id":"1"}`) + `]}`, "/data"},
		{"list without a name", "/api/lists/", `{"data":{"type":"list","attributes":{"name":""}}}`, attributes + "/name"},
	}
	for name, d := range descriptions(t) {
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				checkRefusal(t, newKlaviyo(d, []Option{WithList("L", "list")}), test.path, test.body, test.pointers)
			})
		}
	}
}

// checkRefusal sends a body and checks the pointers of the 400 that it gets, or that it is
// accepted if the pointers are empty. A rejected body must change nothing in the account.
func checkRefusal(t *testing.T, k *Klaviyo, path, body, pointers string) {
	t.Helper()
	r := send(t, k, "POST", path, body)
	if pointers == "" {
		if r.status >= 300 {
			t.Errorf("status %d: %.300s", r.status, r.body)
		}
		return
	}
	if r.status != 400 {
		t.Fatalf("status %d, want 400: %.300s", r.status, r.body)
	}
	if got := r.pointers(t); got != pointers {
		t.Errorf("pointers %q, want %q", got, pointers)
	}
	if n := len(k.Profiles()) + len(k.Events()) + len(k.Subscriptions()) + len(k.Jobs()); n > 0 {
		t.Errorf("a rejected body created %d objects", n)
	}
}

func TestTimeAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		ahead := func(d time.Duration) int {
			return send(t, k, "POST", "/api/events/", eventWith(`"time":"`+time.Now().AddDate(1, 0, 0).Add(d).Format(time.RFC3339)+`"`)).status
		}
		if got := ahead(0); got != 202 {
			t.Errorf("a year ahead: status %d", got)
		}
		if got := ahead(time.Second); got != 400 {
			t.Errorf("more than a year ahead: status %d", got)
		}
	})
}

func TestBodySizes(t *testing.T) {
	padded := func(body string, size int) string {
		return body + strings.Repeat(" ", size-len(body))
	}
	event, profile := eventWith(`"time":"2023-02-22T10:00:00Z"`), profileWith(`"email":"ada@example.com"`)
	tests := []struct {
		path, body string
		status     int
	}{
		{"/api/events/", padded(event, 5_000_000), 202},
		{"/api/events/", padded(event, 5_000_001), 413},
		{"/api/profiles/", padded(profile, 100_000), 201},
		{"/api/profiles/", padded(profile, 100_001), 413},
	}
	for _, test := range tests {
		if r := send(t, New(), "POST", test.path, test.body); r.status != test.status {
			t.Errorf("%s with %d bytes: status %d, want %d", test.path, len(test.body), r.status, test.status)
		}
	}
}

func TestMetricsOfAnAccount(t *testing.T) {
	k := New()
	for i := range 200 {
		mustSend(t, k, "POST", "/api/events/", eventWith(fmt.Sprintf(`"metric":{"name":"M%d"}`, i)))
	}
	if r := send(t, k, "POST", "/api/events/", eventWith(`"metric":{"name":"one more"}`)); r.status != 400 || r.pointers(t) != "/data/attributes/metric/name" {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	mustSend(t, k, "POST", "/api/events/", eventWith(`"metric":{"name":"M7"},"unique_id":"another"`))
	if n := len(k.Profiles()); n != 1 {
		t.Errorf("%d profiles", n)
	}
}
