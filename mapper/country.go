package mapper

import (
	"strings"
	"sync"
	"unicode"

	"github.com/biter777/countries"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// parseCountry returns the ISO 3166-1 alpha-2 code of a country given by its code, of two or
// three letters, or its name. It returns "" if the country is unknown or the name is ambiguous:
// with the wrong country, a phone number would become another person's.
func parseCountry(name string) string {
	name = trim(name)
	if len(name) > maxCountry {
		return ""
	}
	if len(name) == 2 || len(name) == 3 {
		if region, err := language.ParseRegion(strings.ToUpper(name)); err == nil && isLetters(name) && region.IsCountry() {
			return region.Canonicalize().String()
		}
	}
	folded := foldCountry(name)
	for _, known := range countrySources {
		if code := known(folded); code != "" {
			return code
		}
	}
	return ""
}

// maxCountry is the maximum length of a country name in bytes.
const maxCountry = 128

// countrySources look up a folded country name. The first match counts.
var countrySources = []func(string) string{
	func(name string) string { return englishCountries()[name] },
	func(name string) string {
		short, _, _ := strings.Cut(name, " of ") // United States of America
		return englishCountries()[short]
	},
	func(name string) string { return foreignCountries()[name] },
	otherCountryName,
}

func isLetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) }) < 0
}

// englishCountries maps folded English names to country codes.
var englishCountries = sync.OnceValue(func() map[string]string {
	names := make(map[string]string)
	for _, region := range countryRegions() {
		name := display.English.Regions().Name(region)
		short, other, _ := strings.Cut(strings.TrimSuffix(name, ")"), " (") // Myanmar (Burma)
		for _, name := range []string{name, short, other, strings.TrimSuffix(name, " SAR China")} {
			if name != "" {
				names[foldCountry(name)] = region.String()
			}
		}
	}
	return names
})

// foreignCountries maps folded names in all known languages to country codes: Deutschland,
// Türkiye, 日本. Ambiguous names map to "". It takes a tenth of a second to build, and is built
// when the first name isn't English.
var foreignCountries = sync.OnceValue(func() map[string]string {
	regions, names := countryRegions(), make(map[string]string)
	for _, tag := range display.Supported.Tags() {
		inLanguage := display.Regions(tag)
		if inLanguage == nil {
			continue
		}
		for _, region := range regions {
			name := foldCountry(inLanguage.Name(region))
			if code, ok := names[name]; ok && code != region.String() {
				names[name] = "" // ambiguous
			} else if name != "" {
				names[name] = region.String()
			}
		}
	}
	return names
})

// otherCountryName looks up names that the language data lacks: those of ISO 3166, such as
// "Korea, Republic of", and colloquial ones, such as "Great Britain".
func otherCountryName(name string) string {
	region, err := language.ParseRegion(countries.ByName(name).Alpha2())
	if err != nil || !region.IsCountry() {
		return ""
	}
	return region.Canonicalize().String()
}

// countryRegions returns the countries that have a code.
func countryRegions() (regions []language.Region) {
	for i := range 26 * 26 {
		region, err := language.ParseRegion(string([]byte{'A' + byte(i/26), 'A' + byte(i%26)}))
		if err == nil && region.IsCountry() && region.Canonicalize() == region {
			regions = append(regions, region)
		}
	}
	return regions
}

// foldCountry removes differences in spelling: case, accents, punctuation and the article.
func foldCountry(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "&", " and ")
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r):
			return r
		}
		return ' '
	}, norm.NFD.String(name))
	words := strings.Fields(name)
	if len(words) > 1 && words[0] == "the" {
		words = words[1:]
	}
	return strings.Join(words, " ")
}
