package mapper

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

func TestCountryOf(t *testing.T) {
	for name, want := range map[string]string{
		"de": "DE", " DEU ": "DE", "UK": "GB", "Germany": "DE", "united  states": "US", "The Netherlands": "NL",
		"Cote d'Ivoire": "CI", "Bosnia and Herzegovina": "BA", "Myanmar": "MM", "United States of America": "US", "Isle of Man": "IM", "Republic of China": "", "Burma": "MM", "Hong Kong": "HK",
		"": "", "ZZ": "", "840": "", "EU": "", "001": "", "Europe": "", "Atlantis": "", "Deutschland": "", "D\u200bE": "",
	} {
		if got := countryOf(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// TestEveryCountry finds each country that has phone numbers by its codes and its name.
func TestEveryCountry(t *testing.T) {
	for code := range phonenumbers.GetSupportedRegions() {
		region, err := language.ParseRegion(code)
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		for _, name := range []string{code, region.ISO3(), display.English.Regions().Name(region)} {
			if got := countryOf(name); got != code && name != "ZZZ" {
				t.Errorf("%q is %q, want %q", name, got, code)
			}
		}
	}
}
