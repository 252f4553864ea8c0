package klaviyotest

import (
	"net/http"
	"time"
)

// WithClockAhead makes the header Date of answers tell a time that is ahead of the time
// package's by d, or behind it where d is negative. What Klaviyo does goes by the time
// package all the same.
func WithClockAhead(d time.Duration) Option {
	return func(k *Klaviyo) { k.ahead = d }
}

// date says in an answer when it was made.
func (k *Klaviyo) date(a *answer) {
	if a.header != nil {
		a.header.Set("Date", time.Now().Add(k.ahead).UTC().Format(http.TimeFormat))
	}
}
