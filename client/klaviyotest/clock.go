package klaviyotest

import (
	"net/http"
	"time"
)

// WithClockAhead sets how far the time in the Date header of responses is ahead of time.Now. d
// may be negative. Nothing else is affected.
func WithClockAhead(d time.Duration) Option {
	return func(k *Klaviyo) { k.clockOffset = d }
}

// setDate sets the Date header.
func (k *Klaviyo) setDate(a *response) {
	if a.header != nil {
		a.header.Set("Date", time.Now().Add(k.clockOffset).UTC().Format(http.TimeFormat))
	}
}
