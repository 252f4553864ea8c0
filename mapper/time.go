package mapper

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Rules for the time of an event. In events from a warehouse, timestamp is the time of the
// sync, and the event's own time is in a column.
var (
	timeRule              = newRule("time", "timestamp originalTimestamp receivedAt")
	warehouseTrackTime    = newRule("time", "P.timestamp timestamp originalTimestamp receivedAt")
	warehouseIdentifyTime = newRule("time", "{context,C,T}.timestamp timestamp originalTimestamp receivedAt")
)

var channelPath = newPath("channel")

// warehouseChannel is the channel of events from a warehouse.
const warehouseChannel = "sources"

// timeRuleFor returns the time rule of the event. warehouse is the rule for events from a
// warehouse, or nil.
func (m *mapping) timeRuleFor(warehouse *rule) *rule {
	channel, _ := m.lookup(channelPath)
	if warehouse == nil || m.retl || !channel.isString() || string(m.content(channel)) != warehouseChannel {
		return &timeRule
	}
	return warehouse
}

// maxTime is the last time that Klaviyo accepts.
func maxTime(now func() time.Time) time.Time { return now().AddDate(1, 0, 0) }

// A timestamp is a time in RFC 3339 and its path.
type timestamp struct {
	text string
	path path
	at   time.Time
}

// isIn reports whether the time is the property with the nameID.
func (t *timestamp) isIn(w nameID) bool { return t.path.root == rootProperties && t.path.nameID == w }

// eventTime returns the first valid time, or the zero timestamp if there is none. Invalid times
// are warnings, or an error if there is no valid one.
func (m *mapping) eventTime(r *rule) (timestamp, *Error) {
	var first *Error
	before := len(m.warnings)
	for _, p := range r.from {
		v, ok := m.lookup(p)
		if !ok || v.isNull() || v.isBlank() {
			continue
		}
		read, fault := m.readTime(v)
		if fault != "" {
			m.warn(CodeInvalidTime, p.text, fault)
			if first == nil {
				first = &Error{Code: CodeInvalidTime, Field: p.text, Message: fault}
			}
			continue
		}
		if read.assumed {
			m.warn(CodeAssumedUTC, p.text, "no UTC offset: the time is read as UTC")
		}
		m.traceRule(r, p.text)
		return timestamp{read.text, p, read.at}, nil
	}
	if first != nil {
		m.warnings = m.warnings[:before] // the error reports it
	}
	return timestamp{}, first
}

// ParseTime parses a time from a JSON string or number, in any format that [Mapper.Map]
// accepts. It returns false if the value isn't a time. It doesn't check whether the time is
// in the range that Klaviyo accepts.
func ParseTime(json []byte) (time.Time, bool) {
	v := value(json)
	text := json
	switch {
	case v.isString() && len(v) > 1:
		if text = trimBytes(v.content()); len(text) > maxScalar {
			return time.Time{}, false
		}
	case !v.isNumber():
		return time.Time{}, false
	}
	read, ok := parseTime(text, v.isNumber())
	return read.at, ok
}

// A parsedTime is a time in RFC 3339 format; assumed is true if it had no offset.
type parsedTime struct {
	text    string
	at      time.Time
	assumed bool
}

// readTime parses a time, or returns what is wrong with it.
func (m *mapping) readTime(v value) (read parsedTime, fault string) {
	const noTime = "invalid time: write it as 2026-03-01T09:30:00Z"
	text := []byte(v)
	switch {
	case v.isString():
		if text = trimBytes(m.content(v)); len(text) > maxScalar {
			return parsedTime{}, noTime
		}
	case !v.isNumber():
		return parsedTime{}, noTime
	}
	read, ok := parseTime(text, v.isNumber())
	switch {
	case !ok:
		return parsedTime{}, noTime
	case read.at.UTC().Year() <= m.revision.limits.afterYear:
		return parsedTime{}, fmt.Sprintf("time out of range: it must be after the year %d", m.revision.limits.afterYear)
	case read.at.After(m.initialMaxTime) && read.at.After(maxTime(m.cfg.Now)):
		return parsedTime{}, "time out of range: it must be at most one year ahead"
	}
	return read, ""
}

// parseTime parses the supported time formats.
func parseTime(given []byte, isNumber bool) (parsedTime, bool) {
	if isNumber {
		return parseEpoch(string(given))
	}
	text := strings.ToUpper(string(asciiDigits(given))) // RFC 3339 allows t and z
	if at, ok := parseRFC3339(text); ok {
		return parsedTime{text: text, at: at}, true
	}
	if countDigits(text) == len(text) {
		if !epochLengths[len(text)] {
			return parsedTime{}, false
		}
		return parseEpoch(text)
	}
	parts := looseTimePattern.FindStringSubmatch(text)
	if parts == nil {
		return parsedTime{}, false
	}
	day, clock, seconds, offset := parts[1], parts[2], parts[3], parts[4]
	read := parsedTime{assumed: offset == ""}
	if clock == "" {
		clock = "00:00"
	}
	if seconds == "" {
		seconds = ":00"
	}
	switch {
	case offset == "", offset == "UTC", offset == "GMT":
		offset = "Z"
	case len(offset) == len("+09"):
		offset += ":00"
	case len(offset) == len("+0900"):
		offset = offset[:3] + ":" + offset[3:]
	}
	read.text = day + "T" + clock + seconds + offset
	at, ok := parseRFC3339(read.text)
	read.at = at
	return read, ok
}

// looseTimePattern is RFC 3339 with these variations: a space instead of T and before the
// offset, an offset without colon or minutes, UTC or GMT as the offset, no offset, no seconds,
// or no time of day.
var looseTimePattern = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?$`)

// epochLengths are the numbers of digits of seconds, milliseconds, microseconds and nanoseconds
// since 1970 in a string. JSON numbers can have any length.
var epochLengths = map[int]bool{10: true, 13: true, 16: true, 19: true}

// parseEpoch parses a number of seconds, milliseconds, microseconds or nanoseconds since 1970,
// depending on its size.
func parseEpoch(text string) (parsedTime, bool) {
	whole, fraction, ok := splitDecimal(text)
	if !ok {
		return parsedTime{}, false
	}
	if n := countDigits(whole); n != len(whole) || n > len("1772357400000000000") || countDigits(fraction) != len(fraction) {
		return parsedTime{}, false
	}
	count, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return parsedTime{}, false
	}
	const maxSeconds = 100_000_000_000 // seconds, about 3,000 years
	unit := int64(time.Second)
	for bound := int64(maxSeconds); count >= bound && unit > 1; bound *= 1_000 {
		unit /= 1_000
	}
	perSecond := int64(time.Second) / unit
	nanoseconds := count % perSecond * unit
	for _, digit := range fraction {
		unit /= 10
		nanoseconds += int64(digit-'0') * unit
	}
	at := time.Unix(count/perSecond, nanoseconds).UTC()
	return parsedTime{text: at.Format(time.RFC3339Nano), at: at}, true
}

// parseRFC3339 is stricter than time.Parse, which accepts 1:02:03, a comma before the fraction,
// and offsets of a day or more.
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

// asciiDigits converts digits of all scripts to ASCII.
func asciiDigits(text []byte) []byte {
	if !slices.ContainsFunc(text, func(c byte) bool { return c >= utf8.RuneSelf }) {
		return text
	}
	return bytes.Map(func(r rune) rune {
		if digit, ok := digitOf(r); ok {
			return '0' + digit
		}
		return r
	}, text)
}
