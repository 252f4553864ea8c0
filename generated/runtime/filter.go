package runtime

import (
	"encoding/json"
	"strings"
	"time"
)

// Filter writes a condition of a filter: the operator, the field, and an operand as
// [FilterValue] or [FilterTime] writes it.
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

// FilterValue writes a string, a number, a boolean or a list of them as JSON, without
// escapes for HTML.
func FilterValue(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // these can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
