package delivery

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Each person's address is p and the line; those of the bad ones are refused.
func TestBatchThatIsRefused(t *testing.T) {
	notFound := errors.Join(&client.Error{StatusCode: http.StatusNotFound}, client.ErrNotFound)
	missing := errors.Join(&client.Error{Missing: []string{"/data/attributes/subscriptions/37"}}, client.ErrMissingIdentifier)
	tests := []struct {
		name   string
		people int
		bad    []int
		refuse func(r client.Request, first int) error // first: the index of the first bad one in the request
		calls  int
	}{
		{"the error names the first bad one", 100, []int{37}, func(_ client.Request, i int) error {
			return refusal(fmt.Sprintf("/data/attributes/subscriptions/%d/email", i))
		}, 3},
		{"and the next", 100, []int{1, 50, 100}, func(_ client.Request, i int) error {
			return refusal(fmt.Sprintf("/data/attributes/subscriptions/%d", i))
		}, 7},
		{"no pointer", 8, []int{5}, func(client.Request, int) error { return refusal("") }, 7},
		{"a pointer to a missing entry", 8, []int{5}, func(client.Request, int) error { return refusal("/data/attributes/subscriptions/8/email") }, 7},
		{"it names another list", 8, []int{5}, func(client.Request, int) error { return refusal("/data/attributes/emails/0") }, 7},
		{"an odd index", 8, []int{5}, func(client.Request, int) error { return refusal("/data/attributes/subscriptions/-1") }, 7},
		{"the client refuses", 100, []int{38}, func(client.Request, int) error { return missing }, 3},
		{"a pointer to the first each time", 40, []int{30}, func(client.Request, int) error { return refusal("/data/attributes/subscriptions/0") }, 15},
		{"it names something else of the batch", 8, []int{1, 2, 3, 4, 5, 6, 7, 8}, func(client.Request, int) error { return refusal("/data/type") }, 1},
		{"there is no such list", 100, upTo(100), func(client.Request, int) error { return notFound }, 1},
		{"it names the list that all have", 8, []int{1, 2, 3, 4, 5, 6, 7, 8}, func(client.Request, int) error { return refusal("/data/attributes/list_id") }, 1},
		{"all are bad", 4, []int{1, 2, 3, 4}, func(_ client.Request, i int) error {
			return refusal(fmt.Sprintf("/data/attributes/subscriptions/%d/email", i))
		}, 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var arrived []string
				s := &server{delay: time.Second}
				s.answer = func(r client.Request, _ string) error {
					subscriptions := subscriptionsOf(r)
					for i, p := range subscriptions {
						var line int
						fmt.Sscanf(p.Email, "p%d@x", &line)
						if slices.Contains(tt.bad, line) {
							return tt.refuse(r, i)
						}
					}
					s.mu.Lock()
					defer s.mu.Unlock()
					for _, p := range subscriptions {
						arrived = append(arrived, p.Email)
					}
					return nil
				}
				var events []Event
				for line := 1; line <= tt.people; line++ {
					email := fmt.Sprintf("p%d@x", line)
					events = append(events, of(line, email, subscribe("L", email)))
				}
				if dead := run(t, s, events...); !slices.Equal(dead, tt.bad) {
					t.Errorf("dead letters %v, want %v", dead, tt.bad)
				}
				slices.Sort(arrived)
				if len(slices.Compact(arrived)) != tt.people-len(tt.bad) {
					t.Errorf("arrived: %v", arrived)
				}
				if len(s.got) != tt.calls {
					t.Errorf("%d calls, want %d", len(s.got), tt.calls)
				}
			})
		})
	}
}

func upTo(n int) (numbers []int) {
	for i := range n {
		numbers = append(numbers, i+1)
	}
	return numbers
}

// A batch that is split doesn't lose what waits for its response when the one that was
// named can't be sent.
func TestRestOfABatchIsSentWhateverBecomesOfTheNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Second, answer: func(_ client.Request, words string) error {
			switch {
			case strings.Contains(words, "p1@x p2@x"):
				return refusal("/data/attributes/subscriptions/0")
			case strings.Contains(words, "p1@x"):
				return errorOf(client.ErrUnavailable)
			}
			return nil
		}}
		var events []Event
		for line := range 4 {
			email := fmt.Sprintf("p%d@x", line+1)
			events = append(events, of(line+1, email, subscribe("L", email)))
		}
		if dead := run(t, s, events...); !slices.Equal(dead, []int{1}) {
			t.Errorf("dead letters %v", dead)
		}
	})
}

// What is expected of a batch counts each event once, also one that is refused after
// it has joined: else the last batch of the input would wait for nobody.
func TestDeadLetterIsUnexpectedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{answer: func(_ client.Request, words string) error {
			switch {
			case strings.Contains(words, "bad@x"):
				return refusal("")
			case words == "event 2":
				time.Sleep(10 * time.Second)
			}
			return nil
		}}
		q := Start(t.Context(), Config{Sender: s, BatchWait: time.Hour, Reject: func([]Rejection) error { return nil }})
		for _, e := range []Event{
			of(1, "bad@x", subscribe("L", "bad@x")),
			of(2, "b@x", track("b@x", "2"), subscribe("L", "b@x")),
			of(3, "c@x", subscribe("L", "c@x")),
			of(4, "bad@x", subscribe("L", "bad@x")),
		} {
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		q.Wait()
		if len(q.batches.expected) > 0 {
			t.Errorf("expected at the end: %v", q.batches.expected)
		}
	})
}

// The lists of an unsubscription aren't parallel: not everybody has both.
func TestUnsubscriptionThatIsRefused(t *testing.T) {
	tests := []struct {
		pointer string
		bad     int
	}{
		{"/data/attributes/emails/0", 1},
		{"/data/attributes/emails/1", 3},
		{"/data/attributes/phone_numbers/0", 2},
		{"/data/attributes/phone_numbers/1", 3},
		{"/data/attributes/phone_numbers/2", 4},
	}
	for _, tt := range tests {
		t.Run(tt.pointer, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				s.answer = func(_ client.Request, words string) error {
					s.mu.Lock()
					defer s.mu.Unlock()
					if len(s.got) == 1 || strings.Contains(words, fmt.Sprint(tt.bad)) {
						return refusal(tt.pointer)
					}
					return nil
				}
				s.delay = time.Second
				dead := run(t, s, of(1, "1@x", unsubscribe("L", "1@x")), of(2, "2@x", unsubscribe("L", "+2")),
					of(3, "3@x", unsubscribe("L", "3@x", "+3")), of(4, "4@x", unsubscribe("L", "+4")))
				if !slices.Equal(dead, []int{tt.bad}) || len(s.got) != 3 {
					t.Errorf("dead letters %v after %v", dead, s.got)
				}
			})
		})
	}
}

// subscriptionsOf are those of a request of one event or of several.
func subscriptionsOf(r client.Request) []klaviyo.Subscription {
	if body, ok := r.Body().(*klaviyo.SubscriptionCreateJobCreateQuery); ok {
		return body.Data.Attributes.Subscriptions
	}
	return r.Body().(klaviyo.SubscriptionCreateJobCreateQuery).Data.Attributes.Subscriptions
}
