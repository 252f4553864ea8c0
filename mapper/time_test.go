package mapper

import (
	"strings"
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

// TestMaxTimeAdvances maps one event again and again while time passes.
func TestMaxTimeAdvances(t *testing.T) {
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

// TestParseTime holds it to what Map takes from an event whose only time it is.
func TestParseTime(t *testing.T) {
	m, err := New(Config{Now: func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`"2026-03-01T09:30:00Z"`, `" 2026-03-01 09:30 "`, `"2026-03-01"`, `"2026-03-01T09:30:00+0900"`, `"2026\u002d03-01"`,
		`1772357400`, `"1772357400000"`, `1772357400.5`, `1e9`, `1.772357400123E+12`, `17723574000e-1`,
		`"yesterday"`, `""`, `true`, `{}`, `[]`, `1e99`, `1e-99`, `-1e9`, `1e9999999999`, `"1e9"`, `"17723574"`,
	} {
		result, err := m.Map([]byte(`{"type":"track","event":"a","userId":"u","traits":{"email":"a@example.com"},"timestamp":` + text + `}`))
		timed := err == nil && strings.Contains(string(result.Requests[0].AppendBody(nil)), `"time":`)
		if _, ok := ParseTime([]byte(text)); ok != timed {
			t.Errorf("%s: %v, but Map has %v", text, ok, timed)
		}
	}
	for _, text := range []string{"", `"`, "null", "-"} {
		if _, ok := ParseTime([]byte(text)); ok {
			t.Errorf("%q was read", text)
		}
	}
	for text, want := range map[string]string{
		`1.7723574E9`:          "2026-03-01T09:30:00Z",
		`17723574e2`:           "2026-03-01T09:30:00Z",
		`17723574000.25e-1`:    "2026-03-01T09:30:00.025Z",
		`1.772357400123e12`:    "2026-03-01T09:30:00.123Z",
		`177235740012345678e1`: "2026-03-01T09:30:00.12345678Z",
		`1.5e0`:                "1970-01-01T00:00:01.5Z",
		`15e-1`:                "1970-01-01T00:00:01.5Z",
		`15e-3`:                "1970-01-01T00:00:00.015Z",
	} {
		if at, ok := ParseTime([]byte(text)); !ok || at.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %v, %v, want %s", text, at, ok, want)
		}
	}
	if at, ok := ParseTime([]byte(`"2026-03-01T09:30:00+09:00"`)); !ok || !at.Equal(time.Date(2026, 3, 1, 0, 30, 0, 0, time.UTC)) {
		t.Errorf("%v, %v", at, ok)
	}
}
