package klaviyotest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestCreateEvent(t *testing.T) {
	k := New()
	r := mustSend(t, k, "POST", "/api/events/", eventWith(
		`"metric":{"name":"Placed Order","service":"shop"},"time":"2023-02-22T10:00:00.5+02:00","value":19.90,"unique_id":"u1",
		"properties":{"big":12345678901234567890,"price":1.10,"nothing":null}`))
	if r.status != 202 || r.body != "" {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	events := k.Events()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	e := events[0]
	if e.Metric != "Placed Order" || e.Service != "shop" || e.Value != "19.90" || e.UniqueID != "u1" || e.ProfileID != find(t, k, "ada@example.com").ID {
		t.Errorf("recorded %+v", e)
	}
	if want := time.Date(2023, 2, 22, 8, 0, 0, 5e8, time.UTC); !e.Time.Equal(want) {
		t.Errorf("time %v, want %v", e.Time, want)
	}
	if got, want := string(e.Properties), `{"big":12345678901234567890,"nothing":null,"price":1.10}`; got != want {
		t.Errorf("properties %s, want %s", got, want)
	}
	e.Properties[1] = 'x'
	if string(k.Events()[0].Properties) == string(e.Properties) {
		t.Error("the recorded event is no copy")
	}
}

func TestEventsOfTheClient(t *testing.T) {
	k := New()
	mustSend(t, k, "POST", "/client/events/?company_id=C", eventWith(`"unique_id":"u"`))
	if e := k.Events(); len(e) != 1 || e[0].Service != "api" {
		t.Errorf("events %+v", e)
	}
}

func TestEventUpsertsItsProfile(t *testing.T) {
	k := New()
	id := createProfile(t, k, `"external_id":"1","first_name":"Ada","last_name":"L","location":{"zip":"1"},"properties":{"plan":"free","kept":1}`)
	mustSend(t, k, "POST", "/api/events/", eventWith(
		`"profile":{"$id":"1","$email":"ada@example.com","$first_name":"Augusta","$last_name":null,"$city":"London","$title":7,"$consent":["email"],"plan":"pro","_id":"x"}`))
	p := find(t, k, "ada@example.com")
	if p.ID != id || len(k.Profiles()) != 1 {
		t.Fatalf("profiles %+v", k.Profiles())
	}
	a := p.Attributes
	if a.FirstName != "Augusta" || a.LastName != "" || a.Title != "" || a.Location.City != "London" || a.Location.Zip != "1" {
		t.Errorf("attributes %+v", a)
	}
	if got, want := string(a.Properties), `{"$consent":["email"],"$title":7,"_id":"x","kept":1,"plan":"pro"}`; got != want {
		t.Errorf("properties %s, want %s", got, want)
	}
}

func TestEventOfTwoProfiles(t *testing.T) {
	k := New()
	ada := createProfile(t, k, `"email":"ada@example.com"`)
	bo := createProfile(t, k, `"phone_number":"+12025550147","external_id":"2"`)
	mustSend(t, k, "POST", "/api/events/", eventWith(`"profile":{"$email":"ada@example.com","$phone_number":"+12025550147","$id":"2"}`))
	if got := k.Events()[0].ProfileID; got != ada {
		t.Errorf("the event is %s's, want %s's", got, ada)
	}
	if find(t, k, "+12025550147").ID != bo || find(t, k, "2").ID != bo {
		t.Error("the other profile lost an identifier")
	}
}

func TestRepeatedEvents(t *testing.T) {
	event := func(profile, metric, rest string) string {
		return eventWith(fmt.Sprintf(`"profile":{"$id":%q},"metric":{"name":%q},"time":"2023-02-22T10:00:00Z"`+rest, profile, metric))
	}
	first := event("1", "M", `,"unique_id":"u"`)
	tests := []struct {
		name   string
		first  string
		second string
		counts int
	}{
		{"unique id", first, event("1", "M", `,"unique_id":"u"`), 1},
		{"unique id at another time", first, event("1", "M", `,"unique_id":"u","time":"2023-02-23T10:00:00Z"`), 1},
		{"another unique id in the same second", first, event("1", "M", `,"unique_id":"v"`), 2},
		{"another metric", first, event("1", "N", `,"unique_id":"u"`), 2},
		{"another service", first, event("1", "M", `,"unique_id":"u","metric":{"name":"M","service":"s"}`), 2},
		{"another profile", first, event("2", "M", `,"unique_id":"u"`), 2},
		{"no unique id", event("1", "M", ""), event("1", "M", `,"time":"2023-02-22T11:00:00.9+01:00"`), 1},
		{"no unique id in another second", event("1", "M", ""), event("1", "M", `,"time":"2023-02-22T10:00:01Z"`), 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := New()
			mustSend(t, k, "POST", "/api/events/", test.first)
			mustSend(t, k, "POST", "/api/events/", test.second)
			if n := len(k.Events()); n != test.counts {
				t.Errorf("%d events count, want %d", n, test.counts)
			}
		})
	}
}

func TestEventWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		for range 3 {
			mustSend(t, k, "POST", "/api/events/", eventWith(`"value":0`))
			time.Sleep(500 * time.Millisecond)
		}
		events := k.Events()
		if len(events) != 2 {
			t.Fatalf("%d events in two seconds", len(events))
		}
		if d := events[1].Time.Sub(events[0].Time); d != time.Second {
			t.Errorf("the times are %v apart", d)
		}
		if events[0].Value != "0" {
			t.Errorf("value %q", events[0].Value)
		}
	})
}

func TestLastEventDate(t *testing.T) {
	k := New()
	for _, day := range []string{"21", "23", "22"} {
		mustSend(t, k, "POST", "/api/events/", eventWith(`"time":"2023-02-`+day+`T00:00:00Z"`))
	}
	if got := find(t, k, "ada@example.com").Attributes.LastEventDate; !isAt(got, time.Date(2023, 2, 23, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("last event on %v", got)
	}
}

func TestGetEvents(t *testing.T) {
	k := New()
	for i, day := range []string{"23", "21", "22"} {
		mustSend(t, k, "POST", "/api/events/", eventWith(fmt.Sprintf(
			`"profile":{"$id":"%d"},"metric":{"name":"M%d"},"time":"2023-02-%sT00:00:00Z","value":%d.50,"unique_id":"u%s"`, i%2, i%2, day, i, day)))
	}
	metrics := decode[klaviyo.MetricPage](t, mustSend(t, k, "GET", "/api/metrics/", "")).Data
	if len(metrics) != 2 || metrics[0].Attributes.Name != "M0" {
		t.Fatalf("metrics %+v", metrics)
	}
	tests := []struct{ name, query, want string }{
		{"all", "", "u23 u21 u22"},
		{"by time", "sort=datetime", "u21 u22 u23"},
		{"last first", "sort=-timestamp", "u23 u22 u21"},
		{"of a profile", `filter=equals(profile_id,"` + find(t, k, "1").ID + `")`, "u21"},
		{"of a metric", `filter=equals(metric_id,"` + metrics[0].ID + `")&sort=datetime`, "u22 u23"},
		{"since", `filter=greater-or-equal(datetime,2023-02-22T00:00:00Z)`, "u23 u22"},
		{"after", `filter=greater-than(timestamp,1677024000)`, "u23"},
		{"between", `filter=greater-than(datetime,2023-02-21T00:00:00Z),less-than(datetime,2023-02-23T00:00:00Z)`, "u22"},
		{"of nobody", `filter=equals(profile_id,"x")`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := mustSend(t, k, "GET", "/api/events/?"+test.query, "")
			var ids []string
			for _, e := range decode[klaviyo.EventPage](t, r).Data {
				properties := string(e.Attributes.EventProperties)
				_, id, _ := strings.Cut(properties, `"$event_id":"`)
				ids = append(ids, id[:3])
				if !strings.Contains(properties, ".50") {
					t.Errorf("the value lost its digits: %s", properties)
				}
			}
			if got := strings.Join(ids, " "); got != test.want {
				t.Errorf("events %s, want %s", got, test.want)
			}
		})
	}
}
