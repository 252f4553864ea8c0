package mapper

import (
	"testing"
	"time"
)

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

// TestTheYearAheadGoesOn maps one event again and again while time passes.
func TestTheYearAheadGoesOn(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	m, err := New(Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	event := []byte(`{"type":"track","event":"a","traits":{"email":"a@example.com"},"timestamp":"2027-03-01T00:00:01Z"}`)
	if _, err := m.Map(event); err == nil {
		t.Error("a year and a second ahead was taken")
	}
	now = now.Add(time.Second)
	if _, err := m.Map(event); err != nil {
		t.Errorf("a year ahead: %v", err)
	}
}
