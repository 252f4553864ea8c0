package mapper

import (
	"strings"
	"testing"
)

// TestPhoneFault checks that a warning says in which country a number was read, and why.
func TestPhoneFault(t *testing.T) {
	const (
		noCountry = "it has no country calling code, and its country isn't known; start it with +, or add a country to the traits or defaultCountry to the config"
		other     = "; start a number of another country with + and its calling code"
	)
	tests := []struct{ name, traits, defaultCountry, want string }{
		{"no country", `"phone":"030 901820"`, "", noCountry},
		{"00 without a country", `"phone":"0049 30 901820"`, "", noCountry},
		{"a number", `"phone":2025550147`, "", noCountry},
		{"country of a trait", `"phone":"030 901820","country":"United States"`, "DE", "it isn't a number of US, the country in traits.country" + other},
		{"country of an address", `"phone":"12","address":{"country_code":"FRA"}`, "DE", "it isn't a number of FR, the country in traits.address.country_code" + other},
		{"country of the config", `"phone":"12","country":" "`, "DE", "it isn't a number of DE, the config's defaultCountry" + other},
		{"unknown country", `"phone":"030 901820","country":"Narnia"`, "DE", "it has no country calling code, and traits.country isn't a known country; use a country code such as DE"},
		{"country that is a number", `"phone":"030 901820","country":49`, "DE", "it has no country calling code, and traits.country isn't a known country; use a country code such as DE"},
		{"international", `"phone":"+49 30","country":"US"`, "DE", "it begins with +, but isn't a valid number of any country"},
		{"unknown calling code", `"phone":"tel:+999 123456"`, "DE", "it begins with +, but isn't a valid number of any country"},
		{"extension", `"phone":"+1 202 555 0147 ext. 5"`, "", "it has an extension, which Klaviyo doesn't accept"},
		{"national with an extension", `"phone":"030 901820 ext 5"`, "DE", "it has an extension, which Klaviyo doesn't accept"},
		{"invalid with an extension", `"phone":"12 ext 5"`, "DE", "it isn't a number of DE, the config's defaultCountry" + other},
		{"no digits", `"phone":"n/a"`, "DE", "it has no digits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := New(Config{DefaultCountry: tt.defaultCountry})
			if err != nil {
				t.Fatal(err)
			}
			result, err := m.Map([]byte(`{"type":"identify","traits":{"email":"ana@example.com",` + tt.traits + `}}`))
			if err != nil {
				t.Fatal(err)
			}
			message, kept := strings.CutSuffix(result.Warnings[0].Message, "; kept as a custom property")
			if want := "invalid phone number: " + tt.want; message != want || !kept {
				t.Errorf("got  %s\nwant %s", message, want)
			}
			_, err = m.Map([]byte(`{"type":"identify","traits":{` + tt.traits + `}}`))
			if want := "invalid phone number: " + tt.want + "; nothing else identifies the person"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
