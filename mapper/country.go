package mapper

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// countryOf gives the ISO 3166-1 alpha-2 code of a country that is named by its code, of two
// or three letters, or in English; empty if it isn't known.
func countryOf(name string) string {
	name = trim(name)
	if len(name) == 2 || len(name) == 3 {
		if region, err := language.ParseRegion(strings.ToUpper(name)); err == nil && isLetters(name) && region.IsCountry() {
			return region.Canonicalize().String()
		}
	}
	if len(name) > maxCountry {
		return ""
	}
	folded := foldCountry(name)
	if code := countryNames()[folded]; code != "" {
		return code
	}
	short, _, _ := strings.Cut(folded, " of ") // United States of America
	return countryNames()[short]
}

// maxCountry is longer than a country's name is, in bytes.
const maxCountry = 128

func isLetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) }) < 0
}

// countryNames are the codes of countries by their English names, folded.
var countryNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string)
	for i := range 26 * 26 {
		region, err := language.ParseRegion(string([]byte{'A' + byte(i/26), 'A' + byte(i%26)}))
		if err != nil || !region.IsCountry() || region.Canonicalize() != region {
			continue
		}
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
