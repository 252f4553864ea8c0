package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestBatches(t *testing.T) {
	withSource := subscriptionOf(klaviyo.SubscriptionJobAttributes{
		ListID: "L", CustomSource: "shop", Subscriptions: []klaviyo.Subscription{{Email: "c@x"}},
	})
	several := subscriptionOf(klaviyo.SubscriptionJobAttributes{
		ListID: "L", Subscriptions: []klaviyo.Subscription{{Email: "c@x"}, {Email: "d@x"}},
	})
	tests := []struct {
		name   string
		events []Event
		want   []string
	}{
		{"one list", []Event{of(1, "a@x", subscribe("L", "a@x")), of(2, "b@x", subscribe("L", "b@x"))},
			[]string{"subscribe L: a@x b@x"}},
		{"two lists", []Event{of(1, "a@x", subscribe("L", "a@x")), of(2, "b@x", subscribe("M", "b@x"))},
			[]string{"subscribe L: a@x", "subscribe M: b@x"}},
		{"another source", []Event{of(1, "a@x", subscribe("L", "a@x")), of(2, "b@x", subscribe("L", "b@x")), of(3, "c@x", withSource)},
			[]string{"subscribe L: a@x b@x", "subscribe Lshop: c@x"}},
		{"a request of several goes alone", []Event{of(1, "a@x", subscribe("L", "a@x")), of(2, "c@x", several), of(3, "b@x", subscribe("L", "b@x"))},
			[]string{"subscribe L: a@x b@x", "subscribe L: c@x d@x"}},
		{"unsubscriptions", []Event{of(1, "a@x", unsubscribe("L", "a@x", "+1")), of(2, "b@x", unsubscribe("L", "+2")), of(3, "c@x", unsubscribe("L", "c@x"))},
			[]string{"unsubscribe L: a@x c@x +1 +2"}},
		{"unsubscriptions from no list", []Event{of(1, "a@x", unsubscribe("", "a@x")), of(2, "b@x", unsubscribe("L", "b@x")), of(3, "c@x", unsubscribe("", "c@x"))},
			[]string{"unsubscribe : a@x c@x", "unsubscribe L: b@x"}},
		{"of different kinds", []Event{of(1, "a@x", subscribe("L", "a@x")), of(2, "b@x", unsubscribe("L", "b@x"))},
			[]string{"subscribe L: a@x", "unsubscribe L: b@x"}},
		{"a person twice", []Event{of(1, "a@x", subscribe("L", "a@x")), of(2, "a@x", subscribe("L", "a@x")), of(3, "b@x", subscribe("L", "b@x"))},
			[]string{"subscribe L: a@x b@x", "subscribe L: a@x"}},
		{"after the profile, before what follows", []Event{of(1, "a@x", profile("a@x", ""), subscribe("L", "a@x")), of(2, "a@x", track("a@x", "2")), of(3, "b@x", track("b@x", "3"), track("b@x", "4"), subscribe("L", "b@x"))},
			[]string{"event 3", "profile a@x", "event 4", "subscribe L: a@x b@x", "event 2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{delay: 100 * time.Millisecond}
				if dead := run(t, s, tt.events...); dead != nil {
					t.Errorf("dead letters %v", dead)
				}
				wantRequests(t, s, tt.want...)
			})
		})
	}
}

func TestFullBatchGoesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		q := Start(t.Context(), Config{Sender: s})
		for line := range hundred {
			email := fmt.Sprintf("p%d@x", line)
			if err := q.Add(of(line+1, email, subscribe("L", email))); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if len(s.got) != 1 || strings.Count(s.got[0].words, "@") != hundred {
			t.Errorf("requests %v", s.got)
		}
		q.Wait()
	})
}

// How long a batch waits.
func TestBatchWait(t *testing.T) {
	type at struct {
		after time.Duration
		event Event
	}
	sub := func(line int, email string) Event { return of(line, email, subscribe("L", email)) }
	tests := []struct {
		name   string
		config time.Duration
		events []at
		ends   time.Duration // of the input
		want   map[time.Duration]string
	}{
		{"the default, from the first on", 0, []at{{0, sub(1, "a@x")}, {900 * time.Millisecond, sub(2, "b@x")}, {1100 * time.Millisecond, sub(3, "c@x")}}, time.Minute,
			map[time.Duration]string{time.Second: "subscribe L: a@x b@x", 2100 * time.Millisecond: "subscribe L: c@x"}},
		{"a set time", 3 * time.Second, []at{{0, sub(1, "a@x")}}, time.Minute,
			map[time.Duration]string{3 * time.Second: "subscribe L: a@x"}},
		{"no more than the input", time.Hour, []at{{0, sub(1, "a@x")}, {time.Second, sub(2, "b@x")}}, 2 * time.Second,
			map[time.Duration]string{2 * time.Second: "subscribe L: a@x b@x"}},
		{"the input's last is still to join", time.Hour, []at{{0, sub(1, "a@x")}, {0, of(2, "b@x", track("b@x", "2"), subscribe("L", "b@x"))}}, 0,
			map[time.Duration]string{0: "event 2", 100 * time.Millisecond: "subscribe L: a@x b@x"}},
		{"what would join is a dead letter", time.Hour, []at{{0, sub(1, "a@x")}, {0, of(2, "b@x", track("b@x", "bad"), subscribe("L", "b@x"))}, {0, of(3, "c@x", track("c@x", "3"), track("c@x", "4"))}}, 0,
			map[time.Duration]string{0: "event 3 event bad", 100 * time.Millisecond: "event 4 subscribe L: a@x"}},
		{"what would join waits for it", time.Hour, []at{{0, sub(1, "a@x")}, {0, sub(2, "a@x")}}, 0,
			map[time.Duration]string{0: "subscribe L: a@x", 100 * time.Millisecond: "subscribe L: a@x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{delay: 100 * time.Millisecond, answer: func(_ client.Request, words string) error {
					if words == "event bad" {
						return refusal("")
					}
					return nil
				}}
				start := time.Now()
				q := Start(t.Context(), Config{Sender: s, BatchWait: tt.config, Reject: func([]Rejection) error { return nil }})
				for _, e := range tt.events {
					time.Sleep(time.Until(start.Add(e.after)))
					if err := q.Add(e.event); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Until(start.Add(tt.ends)))
				q.Wait()
				got := map[time.Duration]string{}
				for _, r := range s.sorted() {
					d := r.at.Sub(start)
					got[d] = strings.TrimSpace(got[d] + " " + r.words)
				}
				if fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("requests %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// A person whose events fill the intake would wait for a batch that nothing can
// join.
func TestBatchesWaitForNobodyWhenThereIsNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		var events []Event
		for line := range maxBytes/taskBytes + 100 {
			events = append(events, of(line+1, "a@x", subscribe("L", "a@x")))
		}
		start := time.Now()
		run(t, s, events...)
		if took := time.Since(start); took > 0 {
			t.Errorf("took %v", took)
		}
	})
}

func TestStopSendsNoBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		s := &server{}
		q := Start(ctx, Config{Sender: s})
		if err := q.Add(of(7, "a@x", subscribe("L", "a@x"))); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		report := q.Wait()
		if len(s.got) > 0 || report.Undone == nil || report.Undone.Line != 7 || !errors.Is(report.Err, context.Canceled) {
			t.Errorf("%+v, requests %v", report, s.got)
		}
		time.Sleep(time.Hour) // no timer is left to send it
		if len(s.got) > 0 {
			t.Errorf("requests %v", s.got)
		}
	})
}
