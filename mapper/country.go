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

// countryOf gives the ISO 3166-1 alpha-2 code of a country that is named by its code, of two
// or three letters, or by a name; empty if it isn't known. A name that two countries have is
// none: a wrong country would make a stranger's number of a phone number.
func countryOf(name string) string {
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

// maxCountry is longer than a country's name is, in bytes.
const maxCountry = 128

// countrySources find a country by its folded name; the first that knows it decides.
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

// englishCountries are the codes of countries by their English names, folded.
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

// foreignCountries are the codes of countries by their names in all languages that are known,
// folded: Deutschland, Türkiye, 日本. Those that two countries have are left out. It takes a
// tenth of a second to make, once a name isn't English.
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
				names[name] = "" // two have it
			} else if name != "" {
				names[name] = region.String()
			}
		}
	}
	return names
})

// otherCountryName knows names that the data on languages lacks: those of ISO 3166, such as
// "Korea, Republic of", and those of everyday, such as "Great Britain".
func otherCountryName(name string) string {
	region, err := language.ParseRegion(countries.ByName(name).Alpha2())
	if err != nil || !region.IsCountry() {
		return ""
	}
	return region.Canonicalize().String()
}

// countryRegions are the countries that have a code.
func countryRegions() (regions []language.Region) {
	for i := range 26 * 26 {
		region, err := language.ParseRegion(string([]byte{'A' + byte(i/26), 'A' + byte(i%26)}))
		if err == nil && region.IsCountry() && region.Canonicalize() == region {
			regions = append(regions, region)
		}
	}
	return regions
}

// foldCountry leaves out what a country's name may be written with or without: case, accents,
// punctuation and the article.
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
