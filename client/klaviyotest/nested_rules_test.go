package klaviyotest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	subscribeKind   = "profile-subscription-bulk-create-job"
	unsubscribeKind = "profile-subscription-bulk-delete-job"
	subscribesPath  = "/api/" + subscribeKind + "s"
	endsPath        = "/api/" + unsubscribeKind + "s"
)

// subscribed are attributes of a profile that subscribes to channels.
func subscribed(identifiers, subscriptions string) string {
	return identifiers + `,"subscriptions":{` + subscriptions + `}`
}

const (
	toEmail     = `"email":{"marketing":{"consent":"SUBSCRIBED"}}`
	toSMS       = `"sms":{"marketing":{"consent":"SUBSCRIBED"}}`
	fromEmail   = `"email":{"marketing":{"consent":"UNSUBSCRIBED"}}`
	longAgo     = `"email":{"marketing":{"consent":"SUBSCRIBED","consented_at":"2023-01-31T10:00:00Z"}}`
	inTheFuture = `"email":{"marketing":{"consent":"SUBSCRIBED","consented_at":"2999-01-31T10:00:00Z"}}`
	adasEmail   = `"email":"ada@example.com"`
	adasNumber  = `"phone_number":"+12025550147"`
)

// times gives n copies that differ by a number.
func times(n int, format string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, i)
	}
	return all
}

func TestNestedRules(t *testing.T) {
	const (
		attributes = "/data/attributes"
		profile    = attributes + "/profile/data"
		entries    = attributes + "/events-bulk-create/data"
		profiles   = attributes + "/profiles/data"
		events     = "/api/events"
		properties = attributes + "/properties"
		suppress   = "/api/profile-suppression-bulk-create-jobs"
	)
	event := func(attributes string) string { return nestedEventWith(adasEmail, attributes) }
	tests := []struct {
		name, path, body string
		pointers         string // empty if it is taken
	}{
		{"event of nobody", events, nestedEventWith(`"first_name":"Ada"`, ""), profile + "/attributes"},
		{"event of a visitor", events, nestedEventWith(`"anonymous_id":"1"`, ""), ""},
		{"event of a bad email", events, nestedEventWith(`"email":"ada"`, ""), profile + "/attributes/email"},
		{"event of a long email", events, nestedEventWith(`"email":"`+strings.Repeat("a", 89)+`@example.com"`, ""), profile + "/attributes/email"},
		{"event of a bad number", events, nestedEventWith(`"phone_number":"202"`, ""), profile + "/attributes/phone_number"},
		{"event of 95 KB of profile", events, nestedEventWith(adasEmail+`,"properties":{"s":"`+strings.Repeat("a", 94_900)+`"}`, ""), ""},
		{"event of more profile", events, nestedEventWith(adasEmail+`,"properties":{"s":"`+strings.Repeat("a", 95_000)+`"}`, ""), profile},
		{"400 properties", events, event(`,"properties":{` + numbered(400, `"p%d":1`) + `}`), ""},
		{"401 properties", events, event(`,"properties":{` + numbered(401, `"p%d":1`) + `}`), properties},
		{"in 1990", events, event(`,"time":"1990-12-31T23:59:59Z"`), attributes + "/time"},
		{"after 1990", events, event(`,"time":"1991-01-01T00:00:00Z"`), ""},
		{"unique id of 255", events, event(`,"unique_id":"` + strings.Repeat("é", 255) + `"`), ""},
		{"unique id of 256", events, event(`,"unique_id":"` + strings.Repeat("é", 256) + `"`), attributes + "/unique_id"},
		{"no unique id", events, event(`,"unique_id":""`), attributes + "/unique_id"},
		{"a currency", events, event(`,"value":1,"value_currency":"EUR"`), ""},
		{"no currency", events, event(`,"value":1,"value_currency":"euro"`), attributes + "/value_currency"},
		{"an event of an earlier revision", events, `{"data":{"type":"event","attributes":{"profile":{"$email":"ada@example.com"},"metric":{"name":"M"},"properties":{}}}}`,
			attributes + "/metric/data " + profile + " " + attributes + "/metric/name " + attributes + "/profile/$email"},

		{"1,000 events", bulkEventsPath, bulkOf(entryOf(adasEmail, times(500, nestedEvent(`,"unique_id":"%d"`))...), entryOf(adasNumber, times(500, nestedEvent(`,"unique_id":"%d"`))...)), ""},
		{"1,001 events", bulkEventsPath, bulkOf(entryOf(adasEmail, times(500, nestedEvent(`,"unique_id":"%d"`))...), entryOf(adasNumber, times(501, nestedEvent(`,"unique_id":"%d"`))...)), entries},
		{"the same unique id of another metric", bulkEventsPath, bulkOf(entryOf(adasEmail, nestedEvent(`,"unique_id":"1"`), nestedEvent(`,"unique_id":"1","metric":{"data":{"type":"metric","attributes":{"name":"N"}}}`))), ""},
		{"the same unique id twice", bulkEventsPath, bulkOf(entryOf(adasEmail, nestedEvent(`,"unique_id":"1"`)), entryOf(adasNumber, nestedEvent(`,"unique_id":"1"`)), entryOf(`"email":"ADA@example.com"`, nestedEvent(""), nestedEvent(`,"unique_id":"1"`))),
			entries + "/2/attributes/events/data/1/attributes/unique_id"},
		{"two bad entries of three", bulkEventsPath, bulkOf(entryOf(adasEmail, nestedEvent(`,"time":"soon"`)), entryOf(adasEmail, nestedEvent("")), entryOf(`"phone_number":"202"`, nestedEvent(""))),
			entries + "/0/attributes/events/data/0/attributes/time"},
		{"two bad entries by rules", bulkEventsPath, bulkOf(entryOf(adasEmail, nestedEvent(`,"time":"1980-01-01T00:00:00Z"`)), entryOf(adasEmail, nestedEvent("")), entryOf(`"phone_number":"202"`, nestedEvent(""))),
			entries + "/0/attributes/events/data/0/attributes/time " + entries + "/2/attributes/profile/data/attributes/phone_number"},

		{"profile by Klaviyo's id alone", upsertPath, `{"data":{"type":"profile","attributes":{}}}`, attributes},
		{"10,000 profiles", importsPath, importOf(times(10_000, `"external_id":"%d"`)...), ""},
		{"10,001 profiles", importsPath, importOf(times(10_001, `"external_id":"%d"`)...), profiles},
		{"one bad email", importsPath, importOf(adasEmail, `"email":"bo"`, `"external_id":"1"`), profiles + "/1/attributes/email"},
		{"profile of more than 100 KB", importsPath, importOf(adasEmail, adasNumber+`,"properties":{"s":"`+strings.Repeat("a", 100_000)+`"}`), profiles + "/1"},
		{"import of nobody", importsPath, importOf(`"first_name":"Ada"`), profiles + "/0/attributes"},
		{"import by anonymous id", importsPath, importOf(adasEmail + `,"anonymous_id":"1"`), profiles + "/0/attributes/anonymous_id"},

		{"1,000 subscriptions", subscribesPath, jobWith(subscribeKind, "", toListL, times(1_000, `"email":"a%d@example.com","subscriptions":{`+toEmail+`}`)...), ""},
		{"1,001 subscriptions", subscribesPath, jobWith(subscribeKind, "", toListL, times(1_001, `"email":"a%d@example.com","subscriptions":{`+toEmail+`}`)...), profiles},
		{"subscription to sms without a number", subscribesPath, jobWith(subscribeKind, "", toListL, subscribed(adasEmail, toEmail+","+toSMS)), profiles + "/0/attributes/phone_number"},
		{"subscription to nothing", subscribesPath, jobWith(subscribeKind, "", toListL, subscribed(adasEmail, "")), profiles + "/0/attributes/subscriptions"},
		{"subscription without subscriptions", subscribesPath, jobWith(subscribeKind, "", toListL, adasEmail), profiles + "/0/attributes/subscriptions"},
		{"historical consent", subscribesPath, jobWith(subscribeKind, `"historical_import":true,`, toListL, subscribed(adasEmail, longAgo)), ""},
		{"historical consent without a time", subscribesPath, jobWith(subscribeKind, `"historical_import":true,`, toListL, subscribed(adasEmail, toEmail)), profiles + "/0/attributes/subscriptions/email/marketing/consented_at"},
		{"historical consent to come", subscribesPath, jobWith(subscribeKind, `"historical_import":true,`, toListL, subscribed(adasEmail, inTheFuture)), profiles + "/0/attributes/subscriptions/email/marketing/consented_at"},
		{"a time without a historical import", subscribesPath, jobWith(subscribeKind, "", toListL, subscribed(adasEmail, longAgo)), profiles + "/0/attributes/subscriptions/email/marketing/consented_at"},

		{"100 unsubscriptions", endsPath, jobWith(unsubscribeKind, "", toListL, times(100, `"email":"a%d@example.com","subscriptions":{`+fromEmail+`}`)...), ""},
		{"101 unsubscriptions", endsPath, jobWith(unsubscribeKind, "", toListL, times(101, `"email":"a%d@example.com","subscriptions":{`+fromEmail+`}`)...), profiles},
		{"unsubscription that subscribes", endsPath, jobWith(unsubscribeKind, "", toListL, subscribed(adasEmail, toEmail)), profiles + "/0/attributes/subscriptions/email/marketing/consent"},

		{"101 suppressions", suppress, jobWith("profile-suppression-bulk-create-job", "", "", times(101, `"email":"a%d@example.com"`)...), profiles},
		{"suppression of people and of a list", suppress, jobWith("profile-suppression-bulk-create-job", "", toListL, adasEmail), "/data"},
		{"deletion by two", "/api/data-privacy-deletion-jobs", `{"data":{"type":"data-privacy-deletion-job","attributes":{"profile":{"data":` + people(adasEmail+","+adasNumber) + `}}}}`, profile},
	}
	for name, describe := range descriptions(t) {
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				checkRefusal(t, newKlaviyo(describe, []Option{WithList("L", "list")}), test.path, test.body, test.pointers)
			})
		}
	}
}

func TestNestedBodySizes(t *testing.T) {
	for path, test := range map[string]struct {
		body  string
		limit int
	}{
		bulkEventsPath: {bulkOf(entryOf(adasEmail, nestedEvent(""))), 5_000_000},
		importsPath:    {importOf(adasEmail), 5_000_000},
		upsertPath:     {profileWith(adasEmail), 100_000},
	} {
		padded := test.body + strings.Repeat(" ", test.limit-len(test.body))
		if r := send(t, New(), "POST", path, padded); r.status >= 300 {
			t.Errorf("%s with %d bytes: status %d", path, len(padded), r.status)
		}
		if r := send(t, New(), "POST", path, padded+" "); r.status != 413 {
			t.Errorf("%s with one byte more: status %d, want 413", path, r.status)
		}
	}
}

// TestDailyLimit is a window beside the others.
func TestDailyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		create := func() reply {
			return send(t, k, "POST", "/api/lists", `{"data":{"type":"list","attributes":{"name":"N"}}}`)
		}
		taken := 0
		for range 151 {
			if create().status == 201 {
				taken++
			}
			time.Sleep(time.Minute)
		}
		r := create()
		if taken != 150 || r.status != 429 || r.header.Get("Retry-After") != fmt.Sprint((24*60-151)*60) {
			t.Errorf("%d were taken, then status %d, Retry-After %s", taken, r.status, r.header.Get("Retry-After"))
		}
		time.Sleep(24 * time.Hour)
		if r := create(); r.status != 201 {
			t.Errorf("a day later: status %d", r.status)
		}
	})
}

// TestRevisionsShareLimits of one endpoint.
func TestRevisionsShareLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New(WithLimit(revisionOf("2023-02-22").match("GET", "/api/lists/"), CallLimits{PerSecond: 2, PerMinute: 2}))
		for i, want := range []int{200, 200, 429, 429} {
			path := []string{"/api/lists/", "/api/lists"}[i%2]
			if r := send(t, k, "GET", path, ""); r.status != want {
				t.Errorf("call %d: status %d, want %d", i, r.status, want)
			}
		}
		if r := send(t, k, "GET", "/api/metrics", ""); r.status != 200 {
			t.Errorf("another endpoint: status %d", r.status)
		}
	})
}
