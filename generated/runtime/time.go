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

// timeForms are those that times have in answers: with a T or a space, with a zone or without.
var timeForms = [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"}

// Time is the moment that t names, or an error if t names none. It reads RFC 3339 and the
// other forms that Klaviyo's answers have: without a zone, which is in UTC, and with a
// space in place of the T.
func (t Timestamp) Time() (time.Time, error) {
	for _, form := range timeForms {
		if moment, err := time.Parse(form, string(t)); err == nil {
			return moment, nil
		}
	}
	return time.Parse(time.RFC3339, string(t))
}
