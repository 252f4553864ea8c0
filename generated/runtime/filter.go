package runtime

import (
	"encoding/json"
	"strings"
	"time"
)

// Filter writes a condition of a filter: the operator, the field, and an operand as
// [FilterText], [FilterTexts] or [FilterTime] writes it.
func Filter(operator, field, operand string) string {
	return operator + "(" + field + "," + operand + ")"
}

// AllOf joins filters by commas: all have to hold. Empty ones ask for nothing.
func AllOf[F ~string](filters ...F) F {
	var texts []string
	for _, f := range filters {
		if f != "" {
			texts = append(texts, string(f))
		}
	}
	return F(strings.Join(texts, ","))
}

// FilterTime writes a time in UTC, where no plus sign can be taken for a space.
func FilterTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") }

// FilterText writes a text in quotes.
func FilterText(text string) string { return filterJSON(text) }

// FilterTexts writes a list of texts.
func FilterTexts(texts ...string) string { return filterJSON(append([]string{}, texts...)) }

// filterJSON is a string or a list of strings in JSON, without escapes for HTML.
func filterJSON(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // strings can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
