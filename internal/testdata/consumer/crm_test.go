package consumer

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

const (
	identify = `{"type": "identify", "userId": "7", "traits": {
		"email": "ana@example.com", "title": "Captain", "organization": "Ferry", "city": "Turku", "plan": "gold",
		"properties": {"subscribe": true, "listId": "LIST"}}}`
	added = `{"type": "track", "event": "Product Added", "messageId": "1f6d",
		"context": {"traits": {"email": "ana@example.com"}}, "properties": {"sku": "G-32", "price": 18.90}}`
	nobody = `{"type": "track", "event": "Product Added", "userId": "7"}`
)

func newCRM(t *testing.T, options ...klaviyotest.Option) (*CRM, *klaviyotest.Klaviyo, *atomic.Int64) {
	t.Helper()
	k := klaviyotest.New(append([]klaviyotest.Option{klaviyotest.WithKey("pk_test"), klaviyotest.WithList("LIST", "Newsletter")}, options...)...)
	attempts := new(atomic.Int64)
	c, err := New("pk_test", &http.Client{Transport: k.Transport()}, func(_ context.Context, _ client.Attempt) { attempts.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	return c, k, attempts
}

func TestForward(t *testing.T) {
	c, k, attempts := newCRM(t)
	var sent []*klaviyo.Operation
	for _, event := range []string{identify, added} {
		operations, err := c.Forward(t.Context(), []byte(event))
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, operations...)
	}
	want := []*klaviyo.Operation{klaviyo.OperationCreateProfile, klaviyo.OperationSubscribeProfiles, klaviyo.OperationCreateEvent}
	if !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
	if attempts.Load() != int64(len(k.Requests())) {
		t.Errorf("the hook saw %d attempts of %d", attempts.Load(), len(k.Requests()))
	}
	ana, ok := k.Profile("ana@example.com")
	if !ok || ana.Attributes.Title != "Captain" || ana.Attributes.ExternalID != "7" {
		t.Errorf("the profile is %+v", ana)
	}
	if events := k.Events(); len(events) != 1 || events[0].Metric != "Added to Cart" {
		t.Errorf("the events are %+v", events)
	}

	addresses, err := c.Members(t.Context(), "LIST")
	if err != nil || !slices.Equal(addresses, []string{"ana@example.com"}) {
		t.Errorf("the members are %q, %v", addresses, err)
	}

	if err := c.Leave(t.Context(), ana.ID); err != nil {
		t.Fatal(err)
	}
	ana, _ = k.Profile("ana@example.com")
	if a := ana.Attributes; a.Organization != "" || a.Title != "retired" || a.Location.City != "Turku" {
		t.Errorf("after leaving: %+v", a)
	}
}

func TestErrors(t *testing.T) {
	unavailable := klaviyotest.ServerError()
	unavailable.Times = 3
	tests := []struct {
		name  string
		event string
		fault []klaviyotest.Fault
		want  error
	}{
		{"nobody", nobody, nil, ErrEvent},
		{"passing", added, []klaviyotest.Fault{klaviyotest.ServerError()}, nil},
		{"lasting", added, []klaviyotest.Fault{unavailable}, ErrLater},
		{"key", added, []klaviyotest.Fault{klaviyotest.Unauthorized()}, ErrStop},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, k, _ := newCRM(t)
			k.Inject(tt.fault...)
			if _, err := c.Forward(t.Context(), []byte(tt.event)); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSignUp(t *testing.T) {
	c, k, _ := newCRM(t)
	if err := c.SignUp(t.Context(), "ana@example.com", "gold"); err != nil {
		t.Fatal(err)
	}
	if events := k.Events(); len(events) != 1 || string(events[0].Properties) != `{"plan":"gold"}` {
		t.Errorf("the events are %+v", events)
	}
	err := c.SignUp(t.Context(), "", "gold")
	var e *client.Error
	if !errors.Is(err, client.ErrMissingIdentifier) || !errors.As(err, &e) || e.Operation != klaviyo.OperationCreateEvent {
		t.Errorf("without an address: %v", err)
	}
}

// lists answers every call with a page of its own: the generated calls go with any caller.
type lists struct{ calls []klaviyo.Call }

func (l *lists) Call(_ context.Context, call klaviyo.Call) error {
	l.calls = append(l.calls, call)
	return json.Unmarshal([]byte(`{"data": [{"type": "profile", "id": "1", "attributes": {"email": "bo@example.com"}}]}`), call.Response)
}

func TestOwnCaller(t *testing.T) {
	caller := new(lists)
	addresses, err := members(t.Context(), klaviyo.NewAPI(caller), "LIST")
	if err != nil || !slices.Equal(addresses, []string{"bo@example.com"}) {
		t.Errorf("the members are %q, %v", addresses, err)
	}
	path, err := caller.calls[0].Path()
	if err != nil || path != "/api/lists/LIST/profiles/" || caller.calls[0].Query.Get("fields[profile]") != "email" {
		t.Errorf("called %s?%s, %v", path, caller.calls[0].Query.Encode(), err)
	}
}

func TestPace(t *testing.T) {
	if got := Pace(); got != 350 {
		t.Errorf("%d events a second, want 350", got)
	}
}
