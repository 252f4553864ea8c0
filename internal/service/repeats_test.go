package service

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

func identify(name, id string) string {
	return fmt.Sprintf(`{"type":"identify","messageId":%q,"traits":{"email":"p1@example.com","firstName":%q}}`, id, name)
}

// TestRepeatDoesntBringOlderValuesBack has a sender repeat an event that was kept, behind a later
// one. What only looks like a repeat is delivered.
func TestRepeatDoesntBringOlderValuesBack(t *testing.T) {
	const changed, last = "Ada", "Grace"
	for name, tt := range map[string]struct {
		kind   inbox.Kind
		repeat string
		want   string
	}{
		"a repeat":                   {inbox.Webhook, identify(changed, "m1"), last},
		"a repeat of an SDK":         {inbox.Identify, identify(changed, "m1"), last},
		"another event":              {inbox.Webhook, identify(changed, "m3"), changed},
		"an id that was used before": {inbox.Webhook, identify(changed+"!", "m1"), changed + "!"},
		"a replay":                   {inbox.Event, identify(changed, "m1"), changed},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, t.TempDir(), testAccount("eu"))
			kind := tt.kind
			if kind == inbox.Event {
				kind = inbox.Webhook
			}
			for i, request := range []inbox.Request{
				{Kind: kind, Body: []byte(identify(changed, "m1"))}, {Kind: kind, Body: []byte(identify(last, "m2"))}, {Kind: tt.kind, Body: []byte(tt.repeat)},
			} {
				request.Received = time.Now()
				if err := s.Publish(t.Context(), "eu", inbox.Append(nil, request), 1, fmt.Sprint("message-", i)); err != nil {
					t.Fatal(err)
				}
				// A later identify may be merged into one that waits.
				eventually(t, "the event is done", func() bool { return s.statusOf(t, "eu").Counts.Events == i+1 })
			}
			if p, _ := s.klaviyo("eu").Profile("p1@example.com"); p.Attributes.FirstName != tt.want {
				t.Errorf("the profile has %q, want %q", p.Attributes.FirstName, tt.want)
			}
			want := 0
			if tt.want == last {
				want = 1
			}
			if got := s.statusOf(t, "eu").Counts.Skipped; got != want {
				t.Errorf("%d are skipped, want %d", got, want)
			}
		})
	}
}

// TestRepeatWithoutAnIDIsDelivered since nothing tells it from another event.
func TestRepeatWithoutAnIDIsDelivered(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	const change = `{"type":"identify","traits":{"email":"p1@example.com","firstName":"Ada"}}`
	for i, event := range []string{change, identify("Grace", "m2"), change} {
		s.send(t, "eu", event)
		eventually(t, "the event is done", func() bool { return s.statusOf(t, "eu").Counts.Events == i+1 })
	}
	if p, _ := s.klaviyo("eu").Profile("p1@example.com"); p.Attributes.FirstName != "Ada" {
		t.Errorf("the profile has %q", p.Attributes.FirstName)
	}
}

// TestRepeatOfADeadLetterIsTried once what was refused would be taken.
func TestRepeatOfADeadLetterIsTried(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	s.send(t, "eu", track(1, 1)) // else it might be the revision that is at fault
	eventually(t, "the event arrives", func() bool { return s.arrived("eu") == 1 })
	s.klaviyo("eu").Inject(klaviyotest.Fault{Status: http.StatusBadRequest})
	s.send(t, "eu", track(2, 2))
	eventually(t, "the event is a dead letter", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == 1 })
	s.send(t, "eu", track(2, 2))
	eventually(t, "the event arrives", func() bool { return s.arrived("eu") == 2 })
}

func TestRepeatsAreForgotten(t *testing.T) {
	var r repeats
	text := func(n int) []byte { return fmt.Append(nil, n) }
	at := func(n int) stream.Position { return stream.Position{Seq: uint64(n/3 + 1), Event: n%3 + 1} }
	const more = 100
	for n := range rememberedEvents + more {
		if r.add(at(n), text(n)) {
			t.Fatalf("event %d is taken for a repeat", n)
		}
	}
	end := rememberedEvents + more
	for n, want := range map[int]bool{more - 1: false, more + 10: true, end - 1: true} {
		if got := r.add(at(end), text(n)); got != want {
			t.Errorf("event %d is a repeat: %t, want %t", n, got, want)
		}
		end++
	}
	r.forget(at(more + 20))
	r.forget(at(10)) // is forgotten already
	r.forget(stream.Position{Seq: 1 << 40, Event: 1})
	if !r.add(at(end), text(more+1)) {
		t.Error("forgetting an event that isn't remembered forgets the oldest one")
	}
	if r.add(at(end), text(more+20)) || !r.add(at(end+1), text(more+21)) {
		t.Error("another event than the one is forgotten")
	}
	// The event that was forgotten came again. What makes room at its first place must not forget
	// the second.
	for n := range rememberedEvents - 200 {
		r.add(at(end+2+n), text(end+2+n))
	}
	if !r.add(at(2*end), text(more+20)) {
		t.Error("an event that was forgotten and came again is forgotten too early")
	}
	if len(r.known) > rememberedEvents || len(r.order) != rememberedEvents {
		t.Errorf("%d and %d are remembered", len(r.known), len(r.order))
	}
}
