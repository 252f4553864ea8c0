package runtime

import "time"

// Timestamp is a time in RFC 3339 that keeps its text, and with it its zone and
// precision. The empty Timestamp is left out of a request, and is that of nothing in an
// answer.
type Timestamp string

// NewTimestamp writes t with its zone and as many digits of the second as it has.
func NewTimestamp(t time.Time) Timestamp {
	return Timestamp(t.Format(time.RFC3339Nano))
}

// Time is the moment that t names, or an error if t isn't RFC 3339. One without a zone
// is in UTC.
func (t Timestamp) Time() (time.Time, error) {
	const withoutZone = "2006-01-02T15:04:05"
	if moment, err := time.Parse(withoutZone, string(t)); err == nil {
		return moment, nil
	}
	return time.Parse(time.RFC3339, string(t))
}
