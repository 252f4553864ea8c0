package mapper

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The rules of where an event's time is. What a warehouse sends has the time of the sync in
// timestamp, and its own in a column.
var (
	timeRule              = newRule("time", "timestamp originalTimestamp receivedAt")
	warehouseTrackTime    = newRule("time", "P.timestamp timestamp originalTimestamp receivedAt")
	warehouseIdentifyTime = newRule("time", "{context,C,T}.timestamp timestamp originalTimestamp receivedAt")
)

var channelPath = newPath("channel")

// warehouseChannel is the channel of events that come from a warehouse.
const warehouseChannel = "sources"

// timeFrom is the rule of times that holds for the event, given the one of its type for a
// warehouse.
func (m *mapping) timeFrom(warehouse *rule) *rule {
	channel, _ := m.lookup(channelPath)
	if warehouse == nil || m.retl || !channel.isString() || string(m.content(channel)) != warehouseChannel {
		return &timeRule
	}
	return warehouse
}

// earliestTime is the first moment that Klaviyo takes: later than the year 2000.
var earliestTime = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// yearAhead is the last moment that Klaviyo takes at the time that now tells.
func yearAhead(now func() time.Time) time.Time { return now().AddDate(1, 0, 0) }

// moment is a time in RFC 3339.
type moment struct {
	text string
	path path
	at   time.Time
}

// isIn says whether the time stands under that name in the properties.
func (t *moment) isIn(w nameID) bool { return t.path.root == rootProperties && t.path.word == w }

// eventTime gives the first time that there is, or nothing. One that can't be sent is warned
// of, or an error if there is no other.
func (m *mapping) eventTime(r *rule) (moment, *Error) {
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
		m.traceTaken(r, p.text)
		return moment{read.text, p, read.at}, nil
	}
	if first != nil {
		m.warnings = m.warnings[:before] // the error says it
	}
	return moment{}, first
}

// ParseTime parses a time from a JSON string or number, in any format that [Mapper.Map]
// accepts. It returns false if the value isn't a time. It doesn't check whether the time is
// in the range that Klaviyo accepts.
func ParseTime(json []byte) (time.Time, bool) {
	v := value(json)
	text := json
	switch {
	case v.isString() && len(v) > 1:
		if text = trimBytes(v.content()); len(text) > maxTyped {
			return time.Time{}, false
		}
	case !v.isNumber():
		return time.Time{}, false
	}
	read, ok := parseTime(text, v.isNumber())
	return read.at, ok
}

// writtenTime is a time in RFC 3339 format; assumed is true if it had no offset.
type writtenTime struct {
	text    string
	at      time.Time
	assumed bool
}

// readTime parses a time, or returns what is wrong with it.
func (m *mapping) readTime(v value) (read writtenTime, fault string) {
	const noTime = "invalid time: write it as 2026-03-01T09:30:00Z"
	text := []byte(v)
	switch {
	case v.isString():
		if text = trimBytes(m.content(v)); len(text) > maxTyped {
			return writtenTime{}, noTime
		}
	case !v.isNumber():
		return writtenTime{}, noTime
	}
	read, ok := parseTime(text, v.isNumber())
	switch {
	case !ok:
		return writtenTime{}, noTime
	case read.at.Before(earliestTime):
		return writtenTime{}, "time out of range: it must be after the year 2000"
	case read.at.After(m.aheadAtFirst) && read.at.After(yearAhead(m.cfg.Now)):
		return writtenTime{}, "time out of range: it must be at most one year ahead"
	}
	return read, ""
}

// parseTime reads the notations of times that are met.
func parseTime(given []byte, isNumber bool) (writtenTime, bool) {
	if isNumber {
		return parseEpoch(string(given))
	}
	text := strings.ToUpper(string(asciiDigits(given))) // RFC 3339 lets t and z stand for T and Z
	if at, ok := parseRFC3339(text); ok {
		return writtenTime{text: text, at: at}, true
	}
	if digits(text) == len(text) {
		if !epochLengths[len(text)] {
			return writtenTime{}, false
		}
		return parseEpoch(text)
	}
	parts := looseTime.FindStringSubmatch(text)
	if parts == nil {
		return writtenTime{}, false
	}
	day, clock, seconds, offset := parts[1], parts[2], parts[3], parts[4]
	read := writtenTime{assumed: offset == ""}
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

// looseTime is RFC 3339 with a space in place of T and before the offset, an offset without its
// colon or its minutes, with the name of UTC or none at all, and without seconds or a time of day.
var looseTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?$`)

// epochLengths are how many digits seconds, milliseconds, microseconds and nanoseconds since
// 1970 have as text. A number of them may have any size.
var epochLengths = map[int]bool{10: true, 13: true, 16: true, 19: true}

// parseEpoch reads a number of seconds since 1970, or of the thousandth, millionth or
// billionth parts of one, of which there are the more.
func parseEpoch(text string) (writtenTime, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if n := digits(whole); n != len(whole) || n > len("1772357400000000000") || digits(fraction) != len(fraction) {
		return writtenTime{}, false
	}
	count, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return writtenTime{}, false
	}
	const most = 100_000_000_000 // seconds, some 3,000 years
	unit := int64(time.Second)
	for bound := int64(most); count >= bound && unit > 1; bound *= 1_000 {
		unit /= 1_000
	}
	perSecond := int64(time.Second) / unit
	nanoseconds := count % perSecond * unit
	for _, digit := range fraction {
		unit /= 10
		nanoseconds += int64(digit-'0') * unit
	}
	at := time.Unix(count/perSecond, nanoseconds).UTC()
	return writtenTime{text: at.Format(time.RFC3339Nano), at: at}, true
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

// asciiDigits writes the digits of every script as 0 to 9.
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
