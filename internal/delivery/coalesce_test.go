package delivery

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// The first event of each keeps the person busy, so that the others wait.
func TestCoalesce(t *testing.T) {
	const a = "a@x"
	first := of(1, a, track(a, "1"))
	large := `{"%s":"` + strings.Repeat("x", 60_000) + `"}`
	withPhone := profileOf(klaviyo.ProfileCreateAttributes{Email: a, PhoneNumber: "+1", Properties: []byte(`{"n":2}`)})
	tests := []struct {
		name   string
		events []Event
		want   []string
	}{
		{"neighbours", []Event{of(2, a, profile(a, `{"n":1,"m":1}`)), of(3, a, profile(a, `{"n":2}`)), of(4, a, profile(a, `{"n":3}`))},
			[]string{`profile a@x{"n":3,"m":1}`}},
		{"an event between", []Event{of(2, a, profile(a, `{"n":1}`)), of(3, a, track(a, "2")), of(4, a, profile(a, `{"n":2}`))},
			[]string{`profile a@x{"n":1}`, "event 2", `profile a@x{"n":2}`}},
		{"another's between", []Event{of(2, a, profile(a, `{"n":1}`)), of(3, "b@x", track("b@x", "2")), of(4, a, profile(a, `{"n":2}`))},
			[]string{"event 2", `profile a@x{"n":2}`}},
		{"the last subscribes", []Event{of(2, a, profile(a, `{"n":1}`)), of(3, a, profile(a, `{"n":2}`), subscribe("L", a))},
			[]string{`profile a@x{"n":2}`, "subscribe L: a@x"}},
		{"one in the middle subscribes", []Event{of(2, a, profile(a, `{"n":1}`)), of(3, a, profile(a, `{"n":2}`), subscribe("L", a)), of(4, a, profile(a, `{"n":3}`))},
			[]string{`profile a@x{"n":2}`, "subscribe L: a@x", `profile a@x{"n":3}`}},
		{"other identifiers", []Event{of(2, a, profile(a, `{"n":1}`)), of(3, a, withPhone), of(4, a, withPhone)},
			[]string{`profile a@x{"n":1}`, `profile a@x{"n":2}`}},
		{"one that two people wait for", []Event{
			{Identity: mapper.Identity{ExternalID: "1"}, Requests: []mapper.Request{track("b@x", "2"), track("b@x", "3")}},
			of(3, a, profile(a, `{"n":1}`)),
			{Identity: mapper.Identity{Email: a, ExternalID: "1"}, Requests: []mapper.Request{profile(a, `{"n":2}`)}},
			of(5, a, profile(a, `{"n":3}`))},
			[]string{"event 2", "event 3", `profile a@x{"n":1}`, `profile a@x{"n":3}`}},
		{"too large together", []Event{of(2, a, profile(a, fmt.Sprintf(large, "m"))), of(3, a, profile(a, fmt.Sprintf(large, "n"))), of(4, a, profile(a, `{"o":1}`))},
			[]string{"profile a@x" + fmt.Sprintf(large, "m"), "profile a@x" + strings.TrimSuffix(fmt.Sprintf(large, "n"), "}") + `,"o":1}`}},
		{"large, but the same", []Event{of(2, a, profile(a, fmt.Sprintf(large, "m"))), of(3, a, profile(a, fmt.Sprintf(large, "m")))},
			[]string{"profile a@x" + fmt.Sprintf(large, "m")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{delay: time.Second}
				if dead := run(t, s, append([]Event{first}, tt.events...)...); dead != nil {
					t.Errorf("dead letters %v", dead)
				}
				wantRequests(t, s, append([]string{"event 1"}, tt.want...)...)
			})
		})
	}
}

func TestCoalescedAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Second}
		events := []Event{of(1, "a@x", track("a@x", "1"))}
		for line := range 2*maxCoalesced + 1 {
			events = append(events, of(line+2, "a@x", profile("a@x", "")))
		}
		run(t, s, events...)
		if got := s.count("profile"); got != 3 {
			t.Errorf("%d requests", got)
		}
	})
}

// Of the events of a request that is refused only the one at fault is a dead
// letter, and the others arrive in their order.
func TestCoalescedThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Second, answer: func(_ client.Request, words string) error {
			if strings.Contains(words, "bad") {
				return refusal("/data/attributes/properties")
			}
			return nil
		}}
		const a = "a@x"
		dead := run(t, s, of(1, a, track(a, "1")), of(2, a, profile(a, `{"n":2}`)), of(3, a, profile(a, `{"bad":3}`)),
			of(4, a, profile(a, `{"n":4}`)), of(5, a, profile(a, `{"n":5}`), subscribe("L", a)), of(6, a, track(a, "6")))
		if fmt.Sprint(dead) != "[3]" {
			t.Errorf("dead letters %v", dead)
		}
		wantRequests(t, s, "event 1", `profile a@x{"n":5,"bad":3}`, `profile a@x{"n":2}`, `profile a@x{"bad":3}`,
			`profile a@x{"n":4}`, `profile a@x{"n":5}`, "subscribe L: a@x", "event 6")
	})
}
