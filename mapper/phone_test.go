package mapper

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// TestPlainE164 checks the numbers that are taken for E.164 at sight against
// phonenumbers, over numbers of every region: its examples, and such as differ from
// them in a few digits.
func TestPlainE164(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	examples, found, valid := 0, 0, 0
	for region := range phonenumbers.GetSupportedRegions() {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			number := phonenumbers.GetExampleNumberForType(region, kind)
			if number == nil {
				continue
			}
			example := phonenumbers.Format(number, phonenumbers.E164)
			examples++
			if isPlainE164(example) {
				found++
			}
			for range 20 {
				changed := []byte(example)
				for range 1 + r.IntN(3) {
					changed[1+r.IntN(len(changed)-1)] = byte('0' + r.IntN(10))
				}
				if r.IntN(8) == 0 {
					changed = append(changed, byte('0'+r.IntN(10)))
				}
				text := string(changed)
				want := slowPhone(text)
				if want != "" {
					valid++
				}
				if isPlainE164(text) && want != text {
					t.Errorf("%s is taken for certain; phonenumbers has %q", text, want)
				}
			}
		}
	}
	t.Logf("%d of %d examples are certain; %d changed numbers are valid", found, examples, valid)
	if found < examples*9/10 {
		t.Errorf("only %d of %d examples are certain", found, examples)
	}
}

func slowPhone(s string) string {
	number, err := phonenumbers.Parse(s, "")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return ""
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

func TestPlainE164IsExact(t *testing.T) {
	for _, text := range []string{"", "+", "+1", "12025550147", "+1 2025550147", "+1202555014", "+120255501471", "+02025550147", "+9992025550147", "+1２025550147",
		"+3758108075058", // begins with the national prefix, and is none without it
		"+" + strings.Repeat("1", 30)} {
		if isPlainE164(text) {
			t.Errorf("%q is taken for certain", text)
		}
	}
}

func FuzzPlainE164(f *testing.F) {
	for _, text := range []string{"+12025550147", "+4917112345678", "+390612345678", "+5491123456789", "+80012345678"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if isPlainE164(text) && slowPhone(text) != text {
			t.Errorf("%q isn't a valid number but is accepted without a check", text)
		}
	})
}

// TestPhoneCache parses more numbers than are remembered, each several times and from
// several goroutines: what was remembered is what phonenumbers says.
func TestPhoneCache(t *testing.T) {
	m, err := New(Config{DefaultCountry: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for i := range 3 * len(m.phoneCache) / 2 {
		texts = append(texts, fmt.Sprintf("0%d", 1711_000_000+i*7919), fmt.Sprintf("%d", i))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for round := range 2 {
				for i := round; i < len(texts); i += 13 {
					if got, want := m.phoneIn(texts[i], "DE"), parseOtherPhone(texts[i], "DE"); got != want {
						t.Errorf("%q became %q, want %q", texts[i], got, want)
					}
				}
			}
		})
	}
	wg.Wait()
	if long := strings.Repeat("9", 10_000); m.phoneIn(long, "DE") != "" {
		t.Error("a long text became a number")
	}
}
