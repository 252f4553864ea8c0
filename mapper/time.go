package mapper

import (
	"bytes"
	"strings"
	"time"
)

// timeRule says where an event's time is; the first that is there decides.
var timeRule = newRule("time", "timestamp originalTimestamp")

// earliestTime is the first moment that Klaviyo takes: later than the year 2000.
var earliestTime = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// yearAhead is the last moment that Klaviyo takes at the time that now tells.
func yearAhead(now func() time.Time) time.Time { return now().AddDate(1, 0, 0) }

// moment is a time in RFC 3339.
type moment struct {
	text, path string
	at         time.Time
}

// eventTime gives the event's time as it came, trimmed, or nothing.
func (m *mapping) eventTime() (moment, *Error) {
	for _, p := range timeRule.from {
		v, ok := m.lookup(p)
		if !ok || v.isNull() || v.isBlank() {
			continue
		}
		invalid := func(message string) (moment, *Error) {
			return moment{}, &Error{Code: CodeInvalidTime, Field: p.text, Message: message}
		}
		if !v.isString() {
			return invalid("a time is a string in RFC 3339, such as 2026-03-01T09:30:00Z")
		}
		trimmed := bytes.TrimSpace(m.content(v))
		if len(trimmed) > maxTyped {
			return invalid("not a time in RFC 3339, such as 2026-03-01T09:30:00Z")
		}
		text := strings.ToUpper(string(trimmed)) // RFC 3339 lets t and z stand for T and Z
		at, ok := parseRFC3339(text)
		switch {
		case !ok && isWithoutZone(text):
			return invalid("a time without its zone; RFC 3339 has one, such as Z in 2026-03-01T09:30:00Z")
		case !ok:
			return invalid("not a time in RFC 3339, such as 2026-03-01T09:30:00Z")
		case at.Before(earliestTime):
			return invalid("Klaviyo takes times after the year 2000")
		case at.After(m.aheadAtFirst) && at.After(yearAhead(m.cfg.Now)):
			return invalid("Klaviyo takes times up to one year ahead")
		}
		m.took(&timeRule, p.text)
		return moment{text, p.text, at}, nil
	}
	return moment{}, nil
}

// isWithoutZone tells whether a text lacks nothing but the zone.
func isWithoutZone(s string) bool {
	_, ok := parseRFC3339(s + "Z")
	return ok
}

// parseRFC3339 is stricter than time.Parse, which lets 1:02:03, a comma before the
// fraction and an offset of a day through.
func parseRFC3339(s string) (time.Time, bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[13] != ':' || strings.Contains(s, ",") {
		return time.Time{}, false
	}
	if !strings.HasSuffix(s, "Z") {
		if offset := s[len(s)-len("23:59"):]; offset[:2] > "23" || offset[3:] > "59" {
			return time.Time{}, false
		}
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}
