// Typed creates a profile, records an order of it, and lists the account's metrics.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

func main() {
	ctx := context.Background()
	c, err := client.New(os.Getenv("KLAVIYO_API_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	api := klaviyo.NewAPI(c)

	var info klaviyo.ResponseInfo
	profile, err := api.CreateOrUpdateProfile(ctx, nil, klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{
		Email:      klaviyo.Set("ana@example.com"),
		FirstName:  klaviyo.Set("Ana"),
		Title:      klaviyo.Null[string](), // cleared; omitted fields stay unchanged
		Properties: klaviyo.Properties(map[string]any{"plan": "pro"}),
	}), klaviyo.WithResponseInfo(&info))
	switch {
	case errors.Is(err, client.ErrUnauthorized):
		log.Fatal("fix the key: ", err)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(profile.Data.ID, info.StatusCode, info.RequestID)

	err = api.CreateEvent(ctx, klaviyo.EventCreateAttributes{
		Metric:        klaviyo.NewEventMetric(klaviyo.MetricCreateAttributes{Name: "Placed Order"}),
		Profile:       klaviyo.NewEventProfile(klaviyo.EventProfileAttributes{Email: "ana@example.com"}),
		Properties:    klaviyo.Properties(map[string]any{"sku": "G-32", "gift": true}),
		Value:         klaviyo.Number(18.90),
		ValueCurrency: "EUR",
		UniqueID:      "order-1f6d", // counted once, even if it is sent again
	})
	if err != nil {
		log.Fatal(err)
	}

	for metric, err := range api.AllMetrics(ctx, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(metric.ID, metric.Attributes.Name)
	}
}
