// Send maps one RudderStack event and delivers what it becomes to Klaviyo.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

const event = `{
  "type": "track", "event": "Product Added", "messageId": "1f6d",
  "context": {"traits": {"email": "ana@example.com", "firstName": "Ana"}},
  "properties": {"sku": "G-32", "price": 18.90, "gift": true}
}`

func main() {
	c, err := client.New(os.Getenv("KLAVIYO_API_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	rudder, err := mapper.New(mapper.Config{Revision: "2026-07-15", DefaultCountry: "US"})
	if err != nil {
		log.Fatal(err)
	}
	result, err := rudder.Map([]byte(event))
	if err != nil {
		log.Fatal(err) // names the field, and what to do
	}
	for _, request := range result.Requests {
		response, err := c.Send(context.Background(), request)
		if errors.Is(err, client.ErrUnauthorized) {
			log.Fatal("fix the key: ", err)
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(request.Operation(), response.StatusCode)
	}
}
