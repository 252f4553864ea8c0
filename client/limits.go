package client

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Limits describes what is left of an operation's rate limits, as far as the Client knows from
// its own calls and, for the calls of other programs, from response headers.
type Limits struct {
	// Burst is the limit per second, Steady the limit per minute, and Daily the limit per
	// day. Daily.Limit is zero if there is no daily limit.
	Burst, Steady, Daily Window
	// PausedUntil is the end of the wait after a 429. It is zero if the operation isn't
	// paused.
	PausedUntil time.Time
}

// Window describes a rate limit window.
type Window struct {
	// Limit is the number of calls that the account can make in a window. It is zero if
	// neither the API description nor a response has given it.
	Limit int
	// Remaining is how many more calls the Client can make, not counting those in flight.
	// [WithQuotaShare] and calls of other programs reduce it.
	Remaining int
	// Reset is when the full limit is available again, at the latest. It is zero if it is
	// available now.
	Reset time.Time
}

// Limits returns what is left of the rate limits of each endpoint that was called. If revisions
// have different limits, those of the last call's revision apply. Use it for display and
// planning: concurrent calls can use up the limits at any moment, and the Client waits if
// nothing is left.
func (c *Client) Limits() map[runtime.Endpoint]Limits {
	now := time.Now()
	c.limiters.mu.Lock()
	defer c.limiters.mu.Unlock()
	limits := make(map[runtime.Endpoint]Limits, len(c.limiters.byEndpoint))
	for endpoint, l := range c.limiters.byEndpoint {
		limits[endpoint] = l.limits(now)
	}
	return limits
}

// limits returns the limits without changing the state of the limiter.
func (l *limiter) limits(now time.Time) Limits {
	l.mu.Lock()
	defer l.mu.Unlock()
	limits := Limits{
		Burst:  l.burst.remaining(now, l.inFlight, l.steady.others()),
		Steady: l.steady.remaining(now, l.inFlight),
		Daily:  l.daily.remaining(now),
	}
	for _, w := range []*Window{&limits.Burst, &limits.Steady} {
		if w.Limit == unlimited {
			*w = Window{}
		}
	}
	if l.pausedUntil.After(now) {
		limits.PausedUntil = l.pausedUntil
	}
	return limits
}

func (w *burstWindow) remaining(now time.Time, inFlight, others int) Window {
	counted := inFlight
	var reset time.Time
	for _, answered := range w.answered {
		if end := answered.Add(w.length); end.After(now) {
			counted++
			reset = end
		}
	}
	if inFlight > 0 {
		reset = now.Add(w.length) // at the earliest; their responses count from then on
	}
	return Window{Limit: w.calls, Remaining: max(0, w.allowance(others)-counted), Reset: reset}
}

func (w *steadyWindow) remaining(now time.Time, inFlight int) Window {
	present := *w // available may start a new window
	room, end := present.available(now, inFlight)
	if !now.Before(w.end) && inFlight == 0 {
		end = time.Time{}
	}
	return Window{Limit: present.calls, Remaining: max(0, room), Reset: end}
}
