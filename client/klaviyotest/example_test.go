package klaviyotest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// signUp is code under test: it tells Klaviyo that somebody signed up.
func signUp(ctx context.Context, hc *http.Client, email string) error {
	c, err := client.New("pk_test", client.WithHTTPClient(hc),
		client.WithRetry(client.RetryPolicy{MinBackoff: time.Millisecond}))
	if err != nil {
		return err
	}
	return klaviyo.NewAPI(c).CreateEvent(ctx, klaviyo.EventCreateAttributes{
		Profile:    klaviyo.EventProfile{Email: email},
		Metric:     klaviyo.MetricCreateQuery{Name: "Signed Up"},
		Properties: json.RawMessage(`{"plan":"pro"}`),
	})
}

// A test gives its code a transport, makes Klaviyo fail where it wants to, and
// looks at what Klaviyo has then.
func Example() {
	k := klaviyotest.New(klaviyotest.WithKey("pk_test"))
	hc := &http.Client{Transport: k.Transport()}

	k.Inject(klaviyotest.ServerError())
	fmt.Println(signUp(context.Background(), hc, "ada@example.com"))

	for _, e := range k.Events() {
		fmt.Println(e.Metric, string(e.Properties))
	}
	for _, r := range k.Requests() {
		fmt.Println(r.Operation, r.Status)
	}
	// Output:
	// <nil>
	// Signed Up {"plan":"pro"}
	// create_event 500
	// create_event 202
}
