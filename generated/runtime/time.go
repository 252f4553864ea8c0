package runtime

import "time"

// Timestamp is a time in RFC 3339. It keeps the text, and so the time zone and the precision.
// The empty Timestamp is omitted from requests. In responses it means that there is no time.
type Timestamp string

// NewTimestamp formats t with its time zone and up to nanosecond precision.
func NewTimestamp(t time.Time) Timestamp {
	return Timestamp(t.Format(time.RFC3339Nano))
}

// timeLayouts are the layouts of times in responses: with a T or a space, with or without a time
// zone.
var timeLayouts = [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"}

// Time parses t. Besides RFC 3339 it accepts the other forms in Klaviyo's responses: without a
// time zone, which means UTC, and with a space instead of the T.
func (t Timestamp) Time() (time.Time, error) {
	for _, form := range timeLayouts {
		if moment, err := time.Parse(form, string(t)); err == nil {
			return moment, nil
		}
	}
	return time.Parse(time.RFC3339, string(t))
}
