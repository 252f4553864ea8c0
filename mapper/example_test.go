package mapper_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// What an event becomes, without sending it: the requests, what could not be used where
// it belongs, or the reason why there is nothing to send.
func Example() {
	m, err := mapper.New(mapper.Config{DefaultCountry: "US"})
	if err != nil {
		log.Fatal(err)
	}
	for _, event := range []string{
		`{"type":"identify","traits":{"email":"ada@example.com","phone":"none","plan":"pro"}}`,
		`{"type":"page"}`,
		`{"type":"track","event":"Signed Up","userId":"u-1"}`,
	} {
		result, err := m.Map([]byte(event))
		var fault *mapper.Error
		switch {
		case errors.As(err, &fault):
			fmt.Println("error:", fault.Code)
			continue
		case result.Skipped != "":
			fmt.Println("skipped:", result.Skipped)
		}
		for _, warning := range result.Warnings {
			fmt.Println("warning:", warning.Code, warning.Field)
		}
		for _, request := range result.Requests {
			body, err := json.Marshal(request.Body())
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(request.Operation(), string(body))
		}
	}
	// Output:
	// warning: invalid_phone traits.phone
	// create_profile {"data":{"attributes":{"email":"ada@example.com","properties":{"phone":"none","plan":"pro"}},"type":"profile"}}
	// skipped: unsupported_type
	// error: missing_identifier
}
