package config

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// maxKey is the length in bytes of the longest key that is looked at closely.
const maxKey = 64

var (
	keyForm    = regexp.MustCompile(`^[A-Za-z_][-A-Za-z0-9_. ]*$`)
	secretForm = regexp.MustCompile(`pk_|[0-9A-Fa-f]{20}`)
)

// printable gives a key for a message, unless it could be a secret that
// slipped in: a key of Klaviyo's, or a line with its colon misplaced.
func printable(key string) string {
	if len(key) > maxKey || !keyForm.MatchString(key) || secretForm.MatchString(key) {
		return "(not shown)"
	}
	return strconv.Quote(key)
}

// suggestion ends an error about an unknown key with the one of those known that was
// probably meant.
func suggestion(key string, known iter.Seq[string]) string {
	best := Nearest(key, known)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// Nearest gives the one of those known that was probably meant by a name, or nothing.
func Nearest(name string, known iter.Seq[string]) string {
	if len(name) > maxKey {
		return ""
	}
	best, least := "", 3
	for _, candidate := range slices.Sorted(known) {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}
