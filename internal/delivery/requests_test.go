package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// server keeps the requests it gets, in words, and answers them.
type server struct {
	answer func(client.Request, string) error // nil: all are taken
	delay  time.Duration

	mu  sync.Mutex
	got []sent
}

// sent is a request in words, and when it came.
type sent struct {
	at    time.Time
	words string
}

func (s *server) Send(_ context.Context, r client.Request) (*client.Response, error) {
	words := inWords(r)
	s.mu.Lock()
	s.got = append(s.got, sent{time.Now(), words})
	s.mu.Unlock()
	time.Sleep(s.delay)
	if s.answer != nil {
		if err := s.answer(r, words); err != nil {
			return nil, err
		}
	}
	return &client.Response{}, nil
}

// inWords tells a request by what tells it from others here.
func inWords(r client.Request) string {
	body := r.Body()
	if v := reflect.ValueOf(body); v.Kind() == reflect.Pointer { // that of an event's own request
		body = v.Elem().Interface()
	}
	switch body := body.(type) {
	case klaviyo.ProfileCreateQuery:
		a := body.Data.Attributes
		return "profile " + a.Email + string(a.Properties)
	case klaviyo.EventCreateQuery:
		return "event " + body.Data.Attributes.UniqueID
	case klaviyo.SubscriptionCreateJobCreateQuery:
		a := body.Data.Attributes
		var emails []string
		for _, s := range a.Subscriptions {
			emails = append(emails, s.Email)
		}
		return fmt.Sprintf("subscribe %s%s: %s", a.ListID, a.CustomSource, strings.Join(emails, " "))
	case klaviyo.UnsubscriptionCreateJobCreateQuery:
		a := body.Data.Attributes
		return fmt.Sprintf("unsubscribe %s: %s", a.ListID, strings.Join(slices.Concat(a.Emails, a.PhoneNumbers), " "))
	}
	return fmt.Sprintf("%T", r)
}

// count counts the requests that begin with a word.
func (s *server) count(word string) (n int) {
	for _, r := range s.got {
		if strings.HasPrefix(r.words, word+" ") {
			n++
		}
	}
	return n
}

// of makes an event of a person of requests.
func of(line int, email string, requests ...mapper.Request) Event {
	return Event{Position: Position{Line: line, Number: line}, Text: []byte("{}"), Identity: mapper.Identity{Email: email}, Requests: requests}
}

// made is a request as the mapper makes it.
type made struct {
	kind      mapper.Kind
	operation *klaviyo.Operation
	body      any
}

func (m made) Kind() mapper.Kind             { return m.kind }
func (m made) Operation() *klaviyo.Operation { return m.operation }
func (m made) Body() any                     { return m.body }
func (m made) AppendBody(dst []byte) []byte  { return dst }
func (m made) Event() (key mapper.EventKey)  { return key }

func profileOf(a klaviyo.ProfileCreateAttributes) mapper.Request {
	body := klaviyo.NewCreateProfileBody(a)
	return made{mapper.KindProfile, klaviyo.OperationCreateProfile, &body}
}

func subscriptionOf(a klaviyo.SubscriptionJobAttributes) mapper.Request {
	body := klaviyo.NewSubscribeProfilesBody(a)
	return made{mapper.KindSubscription, klaviyo.OperationSubscribeProfiles, &body}
}

func profile(email, properties string) mapper.Request {
	a := klaviyo.ProfileCreateAttributes{Email: email}
	if properties != "" {
		a.Properties = []byte(properties)
	}
	return profileOf(a)
}

func track(email, id string) mapper.Request {
	body := klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{UniqueID: id, Profile: klaviyo.EventProfile{Email: email}})
	return made{mapper.KindEvent, klaviyo.OperationCreateEvent, &body}
}

func subscribe(list, email string) mapper.Request {
	return subscriptionOf(klaviyo.SubscriptionJobAttributes{ListID: list, Subscriptions: []klaviyo.Subscription{{Email: email}}})
}

func unsubscribe(list string, addresses ...string) mapper.Request {
	a := klaviyo.UnsubscriptionJobAttributes{ListID: list}
	for _, address := range addresses {
		if strings.HasPrefix(address, "+") {
			a.PhoneNumbers = append(a.PhoneNumbers, address)
		} else {
			a.Emails = append(a.Emails, address)
		}
	}
	body := klaviyo.NewUnsubscribeProfilesBody(a)
	return made{mapper.KindUnsubscription, klaviyo.OperationUnsubscribeProfiles, &body}
}

// refusal is a 400 that names a place in the body, or several.
func refusal(pointer string, faults ...client.Fault) error {
	return errors.Join(&client.Error{StatusCode: http.StatusBadRequest, Pointer: pointer, Faults: faults}, client.ErrInvalidRequest)
}

// run delivers events, and fails the test if delivery stops or leaves one undone.
func run(t *testing.T, s *server, events ...Event) (dead []int) {
	t.Helper()
	var letters rejected
	report := deliver(t.Context(), Config{Sender: s, Reject: letters.reject}, events...)
	if report.Err != nil || report.Undone != nil || report.Delivered+len(letters.lines) != len(events) {
		t.Errorf("%+v, dead letters %v, of %d events", report, letters.lines, len(events))
	}
	return letters.lines
}

// sorted returns the requests in the order in which they came; those of one moment
// are in that of their words.
func (s *server) sorted() []sent {
	slices.SortFunc(s.got, func(a, b sent) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.words, b.words))
	})
	return s.got
}

func wantRequests(t *testing.T, s *server, want ...string) {
	t.Helper()
	var got []string
	for _, r := range s.sorted() {
		got = append(got, r.words)
	}
	if !slices.Equal(got, want) {
		t.Errorf("requests\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// hundred is how many subscriptions a call of revision 2023-02-22 takes, and ends of them.
const hundred = 100
