package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// signedUp is a request: an operation and its body. The requests of package
// mapper are such, too.
type signedUp struct{ email string }

func (signedUp) Operation() *klaviyo.Operation { return klaviyo.OperationCreateEvent }

func (s signedUp) Body() any {
	return klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
		Profile:    klaviyo.EventProfile{Email: s.email},
		Metric:     klaviyo.MetricCreateQuery{Name: "Signed Up"},
		Properties: klaviyo.Properties(map[string]any{"plan": "pro"}),
		Value:      klaviyo.Number(9.99),
	})
}

func ExampleClient_Send() {
	// A Klaviyo for tests; leave WithHTTPClient out for the real one.
	k := klaviyotest.New()
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		log.Fatal(err)
	}

	rsp, err := c.Send(context.Background(), signedUp{"ada@example.com"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rsp.Operation, rsp.StatusCode, k.Events()[0].Metric)

	// Nothing is sent that doesn't say whom it is about.
	_, err = c.Send(context.Background(), signedUp{})
	fmt.Println(err)
	// Output:
	// create_event 202 Signed Up
	// klaviyo: create_event: missing identifier (at /data/attributes/profile/$email, at /data/attributes/profile/$phone_number): add an email or a phone number
}

// Send what RudderStack's events become, in their order.
func Example() {
	k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter")) // leave it and WithHTTPClient out for the real one
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		log.Fatal(err)
	}
	rudder, err := mapper.New(mapper.Config{ListID: "LIST", Consent: []mapper.Channel{mapper.ChannelEmail}})
	if err != nil {
		log.Fatal(err)
	}
	for _, event := range []string{
		`{"type":"identify","traits":{"email":"ada@example.com","firstName":"Ada","properties":{"subscribe":true}}}`,
		`{"type":"track","event":"Signed Up","context":{"traits":{"email":"ada@example.com"}},"properties":{"plan":"pro"}}`,
		`{"type":"track","event":"Signed Up","userId":"u-1"}`,
	} {
		result, err := rudder.Map([]byte(event))
		if err != nil {
			fmt.Println(err)
			continue
		}
		for _, request := range result.Requests {
			response, err := c.Send(context.Background(), request)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(response.Operation, response.StatusCode)
		}
	}
	// Output:
	// create_profile 201
	// subscribe_profiles 202
	// create_event 202
	// missing_identifier: no email and no phone number in traits, context.traits or properties; set allowExternalIdOnly to send it by user id
}

// Typed calls keep to the limits, retry and fail as Send does. Of an update only what is
// mentioned changes: Null clears a field, Set with "" makes it empty.
func ExampleClient_typedCalls() {
	k := klaviyotest.New()
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	api := klaviyo.NewAPI(c)
	ada, err := api.CreateProfile(ctx, klaviyo.ProfileCreateAttributes{
		Email:     "ada@example.com",
		FirstName: klaviyo.Set("Ada"),
		Title:     klaviyo.Set("Countess"),
	})
	if err != nil {
		log.Fatal(err)
	}
	ada, err = api.UpdateProfile(ctx, ada.Data.ID, klaviyo.ProfileUpdateAttributes{
		Title:      klaviyo.Null[string](),
		Properties: klaviyo.Properties(map[string]any{"plan": "pro"}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q %q %s\n", ada.Data.Attributes.FirstName, ada.Data.Attributes.Title, ada.Data.Attributes.Properties)
	// Output: "Ada" "" {"plan":"pro"}
}

// A loop over all profiles that pass a filter, with the fields that are needed.
func ExampleClient_allProfiles() {
	k := klaviyotest.New()
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, email := range []string{"ada@example.com", "bo@example.com", "cy@example.com"} {
		if _, err := klaviyo.NewAPI(c).CreateProfile(ctx, klaviyo.ProfileCreateAttributes{Email: email}); err != nil {
			log.Fatal(err)
		}
	}

	params := &klaviyo.GetProfilesParams{
		Filter:        klaviyo.ProfileEmailAny("ada@example.com", "cy@example.com").And(klaviyo.ProfileCreatedGreaterThan(time.Now().AddDate(0, 0, -1))),
		FieldsProfile: []klaviyo.ProfileField{klaviyo.ProfileFieldEmail},
		Sort:          klaviyo.ProfileSortMinusEmail,
	}
	for profile, err := range klaviyo.NewAPI(c).AllProfiles(ctx, params) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(profile.Attributes.Email)
	}
	// Output:
	// cy@example.com
	// ada@example.com
}

// An endpoint that no package describes takes the same way as the others. WithResponseInfo
// tells what came with the response.
func ExampleClient_Do() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("RateLimit-Limit", "150")
		w.Header().Set("RateLimit-Remaining", "149")
		w.Header().Set("RateLimit-Reset", "60")
		fmt.Fprint(w, `{"data":[{"type":"segment","id":"S","attributes":{"name":"Buyers"}}]}`)
	}))
	defer server.Close()
	c, err := client.New("pk_test", client.WithBaseURL(server.URL)) // leave WithBaseURL out for the real one
	if err != nil {
		log.Fatal(err)
	}

	var segments struct {
		Data []struct {
			ID         string
			Attributes struct{ Name string }
		}
	}
	var answered klaviyo.ResponseInfo
	err = c.Do(context.Background(), "GET", "/api/segments", url.Values{"sort": {"name"}}, nil, &segments, klaviyo.WithResponseInfo(&answered))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(segments.Data[0].Attributes.Name, answered.StatusCode, answered.Remaining)
	// Output: Buyers 200 149
}

// A program in the hands of others has the company id and no key.
func ExampleNewPublic() {
	k := klaviyotest.New(klaviyotest.WithCompanyID("AbC123"))
	c, err := client.NewPublic("AbC123", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = klaviyo.NewAPI(c).CreateClientEvent(ctx, klaviyo.EventCreateAttributes{
		Metric:  klaviyo.MetricCreateQuery{Name: "Viewed Product"},
		Profile: klaviyo.EventProfile{Email: "ada@example.com"},
	})
	fmt.Println(err, k.Events()[0].Metric)

	_, err = klaviyo.NewAPI(c).GetLists(ctx, nil)
	fmt.Println(errors.Is(err, client.ErrMissingCredentials))
	// Output:
	// <nil> Viewed Product
	// true
}

// An error says what it is to errors.Is, and the rest to errors.As.
func ExampleError() {
	k := klaviyotest.New(klaviyotest.WithKey("pk_other"))
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		log.Fatal(err)
	}

	_, err = c.Send(context.Background(), signedUp{"ada@example.com"})
	switch {
	case err == nil:
		fmt.Println("delivered")
	case client.BlameOf(err) == client.BlameRequest:
		fmt.Println("set the request aside: it can't pass")
	case client.BlameOf(err) == client.BlameTemporary:
		fmt.Println("keep the request, and send it later")
	default:
		fmt.Println("stop: no other request would pass")
	}
	var e *client.Error
	if errors.As(err, &e) {
		fmt.Println(e.StatusCode, e.Code)
	}
	// Output:
	// stop: no other request would pass
	// 401 authentication_failed
}
