package mapper

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

func TestParseCountry(t *testing.T) {
	for name, want := range map[string]string{
		// Codes.
		"de": "DE", " DEU ": "DE", "UK": "GB",
		// English names.
		"Germany": "DE", "united  states": "US", "The Netherlands": "NL", "Cote d'Ivoire": "CI", "Bosnia and Herzegovina": "BA",
		"Myanmar": "MM", "Burma": "MM", "United States of America": "US", "Isle of Man": "IM", "Hong Kong": "HK",
		// Names in other languages.
		"Türkiye": "TR", "TURKIYE": "TR", "Deutschland": "DE", "España": "ES", "Polska": "PL", "Česko": "CZ", "日本": "JP", "Việt Nam": "VN",
		// Those of ISO 3166 and of everyday.
		"Czech Republic": "CZ", "Korea, Republic of": "KR", "Republic of Korea": "KR", "Korea, Democratic People's Republic of": "KP",
		"Russian Federation": "RU", "Iran, Islamic Republic of": "IR", "Congo, the Democratic Republic of the": "CD", "Congo (Kinshasa)": "CD",
		"Great Britain": "GB", "U.S.A.": "US", "UAE": "AE", "Holland": "NL", "North Macedonia": "MK", "Eswatini": "SZ",
		// What names no country, or more than one.
		"": "", "ZZ": "", "840": "", "EU": "", "001": "", "Europe": "", "Atlantis": "", "Republic of China": "", "None": "", "International": "",
		"Nigeri": "",
	} {
		if got := parseCountry(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// TestCountrySourcesAgree finds no country by its name in one source that another takes for a
// different one, but where the first that knows a name is the better one.
func TestCountrySourcesAgree(t *testing.T) {
	// Guiana is Guyana in Portuguese; Tristan da Cunha has a code of its own; two or three
	// letters are a code.
	differ := map[string]bool{"guiana": true, "tristan da cunha": true}
	for name, code := range foreignCountries() {
		for _, known := range []func(string) string{countrySources[0], otherCountryName} {
			if other := known(name); code != "" && other != "" && other != code && len(name) > 3 && !differ[name] {
				t.Errorf("%q is %s and %s", name, code, other)
			}
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
			if got := parseCountry(name); got != code && name != "ZZZ" {
				t.Errorf("%q is %q, want %q", name, got, code)
			}
		}
	}
}
