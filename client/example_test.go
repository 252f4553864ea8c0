package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// signedUp is a request: an operation and its body. The requests of package
// mapper are such, too.
type signedUp struct{ email string }

func (signedUp) Operation() klaviyo.OperationID { return klaviyo.OperationCreateEvent }

func (s signedUp) Body() any {
	return klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
		Profile:    klaviyo.EventProfile{Email: s.email},
		Metric:     klaviyo.MetricCreateQuery{Name: "Signed Up"},
		Properties: json.RawMessage(`{"plan":"pro"}`),
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
	// klaviyo: create_event: missing identifier (at /data/attributes/profile/$email, at /data/attributes/profile/$phone_number): give an email or a phone number
}

// The typed calls keep to the limits, retry and fail as Send does.
func ExampleClient_typedCalls() {
	k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"))
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		log.Fatal(err)
	}

	lists, err := c.API.GetLists(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, list := range lists.Data {
		fmt.Println(list.ID, list.Attributes.Name)
	}
	// Output: LIST Newsletter
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
	case errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrRevisionRetired):
		fmt.Println("stop: no other request would pass")
	case errors.Is(err, client.ErrRateLimited), errors.Is(err, client.ErrUnavailable):
		fmt.Println("keep the request, and send it later")
	default:
		fmt.Println("set the request aside: it can't pass")
	}
	var e *client.Error
	if errors.As(err, &e) {
		fmt.Println(e.StatusCode, e.Code)
	}
	// Output:
	// stop: no other request would pass
	// 401 authentication_failed
}
