package runtime_test

import (
	"encoding/json"
	"fmt"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// An update sends a value, or null to clear a field. A field that is omitted stays unchanged.
func ExampleNullable() {
	update, err := json.Marshal(klaviyo.ProfileUpdateAttributes{
		FirstName: klaviyo.Set("Ana"),
		Title:     klaviyo.Null[string](),
	})
	fmt.Println(string(update), err)

	var read klaviyo.ProfileUpdateAttributes
	if err := json.Unmarshal(update, &read); err != nil {
		fmt.Println(err)
	}
	for _, field := range []klaviyo.Nullable[string]{read.FirstName, read.Title, read.LastName} {
		value, err := field.Get()
		fmt.Printf("%q null=%t specified=%t error=%t\n", value, field.IsNull(), field.IsSpecified(), err != nil)
	}
	// Output:
	// {"first_name":"Ana","title":null} <nil>
	// "Ana" null=false specified=true error=false
	// "" null=true specified=true error=true
	// "" null=false specified=false error=true
}
