package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

const key = "pk_test"

// request is a request of a caller's own.
type request struct {
	operation *klaviyo.Operation
	body      any
}

func (r request) Operation() *klaviyo.Operation { return r.operation }
func (r request) Body() any                     { return r.body }

func profile(a klaviyo.ProfileCreateAttributes) request {
	return request{klaviyo.OperationCreateProfile, klaviyo.NewCreateProfileBody(a)}
}

func event(email, uniqueID string) request {
	return request{klaviyo.OperationCreateEvent, klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
		Metric:     klaviyo.MetricCreateQuery{Name: "Signed Up"},
		Profile:    klaviyo.EventProfile{Email: email},
		Properties: json.RawMessage(`{"plan":"pro"}`),
		UniqueID:   uniqueID,
	})}
}

func subscribe(email string) request {
	return request{klaviyo.OperationSubscribeProfiles, klaviyo.NewSubscribeProfilesBody(klaviyo.SubscriptionJobAttributes{
		ListID: "LIST",
		Subscriptions: []klaviyo.Subscription{{
			Email:    email,
			Channels: klaviyo.SubscriptionChannels{Email: []klaviyo.Consent{klaviyo.ConsentMarketing}},
		}},
	})}
}

func unsubscribe(email string) request {
	return request{klaviyo.OperationUnsubscribeProfiles, klaviyo.NewUnsubscribeProfilesBody(klaviyo.UnsubscriptionJobAttributes{
		ListID: "LIST", Emails: []string{email},
	})}
}

func newClient(t *testing.T, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(key, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func over(k *klaviyotest.Klaviyo) client.Option {
	return client.WithHTTPClient(&http.Client{Transport: k.Transport()})
}

// The same conversation by both ways to a Klaviyo.
func TestContract(t *testing.T) {
	t.Run("transport", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithKey(key))
			converse(t, k, newClient(t, over(k)))
		})
	})
	t.Run("socket", func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithKey(key))
		server := httptest.NewServer(k)
		defer server.Close()
		converse(t, k, newClient(t, client.WithBaseURL(server.URL), client.WithHTTPClient(server.Client())))
	})
}

func converse(t *testing.T, k *klaviyotest.Klaviyo, c *client.Client) {
	ctx := t.Context()
	const email = "ada@example.com"

	created, err := c.Send(ctx, profile(klaviyo.ProfileCreateAttributes{
		Email:     email,
		FirstName: klaviyo.Set("Ada"),
		Title:     klaviyo.Set("Countess"),
	}))
	if err != nil || created.Operation != klaviyo.OperationCreateProfile || created.ProfileID == "" {
		t.Fatalf("first create_profile: %+v, %v", created, err)
	}
	updated, err := c.Send(ctx, profile(klaviyo.ProfileCreateAttributes{
		Email: email,
		Title: klaviyo.Null[string](),
	}))
	if err != nil || updated.Operation != klaviyo.OperationUpdateProfile || updated.ProfileID != created.ProfileID || updated.Attempts != 1 {
		t.Fatalf("second create_profile: %+v, %v", updated, err)
	}
	for _, r := range []request{event(email, "1"), subscribe(email), unsubscribe(email)} {
		if sent, err := c.Send(ctx, r); err != nil || sent.StatusCode != http.StatusAccepted {
			t.Errorf("%s: %+v, %v", r.operation, sent, err)
		}
	}

	read, err := klaviyo.NewAPI(c).GetProfile(ctx, created.ProfileID, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := read.Data.Attributes
	if a.Email != email || a.FirstName != "Ada" || a.Title != "" {
		t.Errorf("%s, %s, %s: want the first name kept and the title cleared", a.Email, a.FirstName, a.Title)
	}
	if got := k.Events(); len(got) != 1 || got[0].ProfileID != created.ProfileID || got[0].UniqueID != "1" {
		t.Errorf("events: %+v", got)
	}
	if got := k.Subscriptions(); len(got) != 1 || got[0].ProfileID != created.ProfileID {
		t.Errorf("subscriptions: %+v", got)
	}
	if p, _ := k.Profile(email); len(p.Lists) != 0 {
		t.Errorf("lists: %v, want none after the unsubscription", p.Lists)
	}
	if _, err := klaviyo.NewAPI(c).GetProfile(ctx, "01NOBODY", nil); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("err = %v, want ErrNotFound", err)
	}
}

// Whatever happens to the first attempt, the second one does it, once.
func TestContractFaults(t *testing.T) {
	for name, fault := range map[string]klaviyotest.Fault{
		"429":               klaviyotest.RateLimited(3 * time.Second),
		"500":               klaviyotest.ServerError(),
		"challenge":         klaviyotest.Challenge(),
		"reset":             klaviyotest.ConnectionReset(),
		"slow":              klaviyotest.Slow(time.Hour),
		"answer lost":       {AfterAccept: true, Reset: true},
		"error after event": {AfterAccept: true, Status: http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New(klaviyotest.WithKey(key))
				k.Inject(fault)
				c := newClient(t, over(k))
				if sent, err := c.Send(t.Context(), event("ada@example.com", "1")); err != nil || sent.Attempts != 2 {
					t.Errorf("%+v, %v; want success at the second attempt", sent, err)
				}
				if got := k.Events(); len(got) != 1 {
					t.Errorf("%d events, want 1", len(got))
				}
			})
		})
	}
}

// An upsert whose first response is lost finds its own profile.
func TestContractLostUpsert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithKey(key))
		k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationCreateProfile, AfterAccept: true, CutOff: true})
		sent, err := newClient(t, over(k)).Send(t.Context(), profile(klaviyo.ProfileCreateAttributes{Email: "ada@example.com"}))
		if err != nil || sent.Attempts != 3 || len(k.Profiles()) != 1 || sent.ProfileID != k.Profiles()[0].ID {
			t.Errorf("%+v, %v; want the one profile after 3 attempts", sent, err)
		}
	})
}

func TestContractAccountFaults(t *testing.T) {
	for name, fault := range map[string]klaviyotest.Fault{
		"revoked key":   klaviyotest.Unauthorized(),
		"missing scope": klaviyotest.MissingScope(),
	} {
		t.Run(name, func(t *testing.T) {
			k := klaviyotest.New(klaviyotest.WithKey(key))
			k.Inject(fault)
			c := newClient(t, over(k))
			if _, err := c.Send(t.Context(), event("ada@example.com", "1")); !errors.Is(err, client.ErrUnauthorized) {
				t.Errorf("err = %v, want ErrUnauthorized", err)
			}
			if got := c.Stats().Requests; got != 1 {
				t.Errorf("%d attempts, want 1", got)
			}
		})
	}
}

// Klaviyo's windows begin when they like; none of them overflows.
func TestContractLimits(t *testing.T) {
	for _, into := range []time.Duration{0, 10 * time.Second, 59500 * time.Millisecond} {
		t.Run(into.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithKey(key), klaviyotest.WithWindowsFrom(time.Now().Add(-into)))
				c := newClient(t, over(k))
				op := klaviyo.OperationSubscribeProfiles
				for i := range op.Steady.Calls + 10 {
					if _, err := c.Send(t.Context(), subscribe(strconv.Itoa(i)+"@example.com")); err != nil {
						t.Fatal(err)
					}
				}
				if got := c.Stats().RateLimited; got > 0 {
					t.Errorf("%d responses were 429", got)
				}
			})
		})
	}
}

func TestContractRateLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithKey(key))
		c := newClient(t, over(k))
		k.Spend(klaviyo.OperationGetProfileLists, 60)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := klaviyo.NewAPI(c).GetProfileLists(ctx, "01A", nil)
		var e *client.Error
		if !errors.As(err, &e) || !errors.Is(err, client.ErrRateLimited) || e.RetryAfter < 50*time.Second {
			t.Errorf("err = %v, want ErrRateLimited with RetryAfter", err)
		}
	})
}
