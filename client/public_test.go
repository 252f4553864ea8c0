package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

const companyID = "AbC123"

// publicCalls are the typed calls with the public key, for a person with an email
// address, which may be empty.
var publicCalls = map[*klaviyo.Operation]func(*testing.T, *klaviyo.API, string) error{
	klaviyo.OperationCreateClientEvent: func(t *testing.T, api *klaviyo.API, email string) error {
		return api.CreateClientEvent(t.Context(), klaviyo.EventCreateAttributes{
			Metric:  klaviyo.MetricCreateQuery{Name: "Viewed Product"},
			Profile: klaviyo.EventProfile{Email: email},
		})
	},
	klaviyo.OperationCreateClientProfile: func(t *testing.T, api *klaviyo.API, email string) error {
		return api.CreateClientProfile(t.Context(), klaviyo.OnsiteProfileAttributes{Email: email})
	},
	klaviyo.OperationCreateClientSubscription: func(t *testing.T, api *klaviyo.API, email string) error {
		return api.CreateClientSubscription(t.Context(), klaviyo.OnsiteSubscriptionAttributes{Email: email, ListID: "LIST"})
	},
}

func TestPublicCalls(t *testing.T) {
	clients := map[string]func(client.Option) (*client.Client, error){
		"NewPublic": func(o client.Option) (*client.Client, error) { return client.NewPublic(companyID, o) },
		"WithCompanyID": func(o client.Option) (*client.Client, error) {
			return client.New(key, client.WithCompanyID(companyID), o)
		},
	}
	for name, newClient := range clients {
		for op := range klaviyo.Operations.All() {
			if !op.Public {
				continue
			}
			t.Run(name+" "+string(op.ID), func(t *testing.T) {
				k := klaviyotest.New(klaviyotest.WithKey(key), klaviyotest.WithCompanyID(companyID), klaviyotest.WithList("LIST", "Newsletter"))
				k.Inject(klaviyotest.ServerError())
				transport := k.Transport()
				c, err := newClient(client.WithHTTPClient(&http.Client{Transport: roundTripperFunc(func(req *http.Request) (*http.Response, error) {
					if got := req.Header.Values("Authorization"); len(got) > 0 {
						t.Error("a public call carries the header Authorization")
					}
					return transport.RoundTrip(req)
				})}))
				if err != nil {
					t.Fatal(err)
				}
				if err := publicCalls[op](t, klaviyo.NewAPI(c), ""); !errors.Is(err, client.ErrMissingIdentifier) {
					t.Errorf("without an identifier: %v, want ErrMissingIdentifier", err)
				}
				if err := publicCalls[op](t, klaviyo.NewAPI(c), "ada@example.com"); err != nil {
					t.Fatal(err)
				}
				requests := k.Requests()
				if len(requests) != 2 {
					t.Fatalf("%d requests, want one and its repetition", len(requests))
				}
				for _, r := range requests {
					if r.Operation != op || r.Query.Encode() != "company_id="+companyID {
						t.Errorf("%s %s?%s", r.Method, r.Path, r.Query.Encode())
					}
				}
			})
		}
	}
}

func TestSendOfAPublicCall(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithCompanyID(companyID))
	c, err := client.NewPublic(companyID, over(k))
	if err != nil {
		t.Fatal(err)
	}
	r := request{klaviyo.OperationCreateClientProfile, klaviyo.NewCreateClientProfileBody(klaviyo.OnsiteProfileAttributes{Email: "ada@example.com"})}
	if sent, err := c.Send(t.Context(), r); err != nil || sent.StatusCode != http.StatusAccepted {
		t.Errorf("%+v, %v", sent, err)
	}
}

// A call that the Client can't authenticate never leaves it.
func TestMissingCredentials(t *testing.T) {
	unused := client.WithHTTPClient(&http.Client{Transport: roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		t.Errorf("%s was sent", req.URL.Path)
		return nil, errors.New("unused")
	})})
	public, err := client.NewPublic(companyID, unused)
	if err != nil {
		t.Fatal(err)
	}
	private := newClient(t, unused)
	_, getErr := klaviyo.NewAPI(public).GetLists(t.Context(), nil)
	_, sendErr := public.Send(t.Context(), profile(klaviyo.ProfileCreateAttributes{Email: "ada@example.com"}))
	for _, err := range []error{getErr, sendErr, publicCalls[klaviyo.OperationCreateClientEvent](t, klaviyo.NewAPI(private), "ada@example.com")} {
		var e *client.Error
		if !errors.Is(err, client.ErrMissingCredentials) || !errors.As(err, &e) || e.Operation == nil || e.Attempts != 0 {
			t.Errorf("err = %v, want ErrMissingCredentials without an attempt", err)
		}
	}
}

func TestCompanyIDs(t *testing.T) {
	for _, id := range []string{"", "pk_0123456789", "AbC 123", "AbC123\n", "AbC123&x=y"} {
		_, publicErr := client.NewPublic(id)
		_, optionErr := client.New(key, client.WithCompanyID(id))
		for _, err := range []error{publicErr, optionErr} {
			if err == nil {
				t.Errorf("%q was taken", id)
			} else if id != "" && strings.Contains(err.Error(), id) {
				t.Errorf("the error shows the id: %v", err)
			}
		}
	}
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
