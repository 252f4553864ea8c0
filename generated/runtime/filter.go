package runtime

import (
	"encoding/json"
	"strings"
	"time"
)

// Filter returns a filter expression with an operator, a field, and an operand from
// [FilterValue] or [FilterTime].
func Filter(operator, field, operand string) string {
	return operator + "(" + field + "," + operand + ")"
}

// AllOf returns a filter that matches what all filters match. Empty filters are ignored.
func AllOf[F ~string](filters ...F) F {
	var texts []string
	for _, f := range filters {
		if f != "" {
			texts = append(texts, string(f))
		}
	}
	return F(strings.Join(texts, ","))
}

// FilterTime formats a time as an operand. It uses UTC, since the plus sign of another offset
// could be decoded as a space.
func FilterTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") }

// FilterValue encodes a string, a number, a boolean or a list of them as JSON, without HTML
// escaping.
func FilterValue(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // these types can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
