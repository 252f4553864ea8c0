package mapper

import "testing"

func TestParseRFC3339(t *testing.T) {
	tests := map[string]bool{
		"2026-03-01T09:30:00Z":           true,
		"2026-03-01T09:30:00.123456789Z": true,
		"2026-03-01T09:30:00+23:59":      true,
		"2026-03-01T09:30:00-00:00":      true,
		"2026-03-01T09:30:00+24:00":      false,
		"2026-03-01T09:30:00+10:60":      false,
		"2026-03-01T09:30:00+1000":       false,
		"2026-03-01T09:30:00":            false,
		"2026-03-01 09:30:00Z":           false,
		"2026-03-01T9:30:00.0Z":          false,
		"2026-03-01T09:30:00,5Z":         false,
		"2026-02-29T09:30:00Z":           false,
		"2026-03-01":                     false,
		"1767225600":                     false,
		"":                               false,
	}
	for text, want := range tests {
		if _, ok := parseRFC3339(text); ok != want {
			t.Errorf("%q: %v, want %v", text, ok, want)
		}
	}
}
