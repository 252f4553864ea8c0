package client

import (
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Limits are what is left of an operation's limits, as far as the Client knows: from
// its own calls, and from what the answers to them told of other programs' calls.
type Limits struct {
	// Burst is the limit of a second, and Steady that of a minute. Daily is that of a day;
	// its Limit is zero where there is none.
	Burst, Steady, Daily Window
	// PausedUntil is when a 429 lets the operation go on, zero if it may go on now.
	PausedUntil time.Time
}

// Window is what is left of one limit.
type Window struct {
	// Limit is how many calls the account may make in a window. It is zero where neither a
	// description nor an answer has told it.
	Limit int
	// Remaining is how many of them the Client may still make, beside those that are
	// under way. A share ([WithQuotaShare]) leaves fewer, and so do other programs.
	Remaining int
	// Reset is when all calls are there again, at the latest. It is zero where no call
	// has been counted since they last were.
	Reset time.Time
}

// Limits gives what is left, at this moment, of the limits of each endpoint that was called.
// Where revisions have different limits, it is what is left of those of the operation that was
// called last. It is for showing and for planning, since other calls may take it in the next
// moment: the Client waits where nothing is left.
func (c *Client) Limits() map[runtime.Endpoint]Limits {
	now := time.Now()
	c.limiters.mu.Lock()
	defer c.limiters.mu.Unlock()
	limits := make(map[runtime.Endpoint]Limits, len(c.limiters.of))
	for endpoint, l := range c.limiters.of {
		limits[endpoint] = l.limits(now)
	}
	return limits
}

// limits reads the limiter, and changes nothing in it.
func (l *limiter) limits(now time.Time) Limits {
	l.mu.Lock()
	defer l.mu.Unlock()
	limits := Limits{
		Burst:  l.burst.left(now, l.inFlight, l.steady.others()),
		Steady: l.steady.remaining(now, l.inFlight),
		Daily:  l.daily.left(now),
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

func (w *burstWindow) left(now time.Time, inFlight, others int) Window {
	counted := inFlight
	var reset time.Time
	for _, answered := range w.answered {
		if end := answered.Add(w.length); end.After(now) {
			counted++
			reset = end
		}
	}
	if inFlight > 0 {
		reset = now.Add(w.length) // or as long after their answers
	}
	return Window{Limit: w.calls, Remaining: max(0, w.allowance(others)-counted), Reset: reset}
}

func (w *steadyWindow) remaining(now time.Time, inFlight int) Window {
	present := *w // room may begin another window
	room, end := present.room(now, inFlight)
	if !now.Before(w.end) && inFlight == 0 {
		end = time.Time{}
	}
	return Window{Limit: present.calls, Remaining: max(0, room), Reset: end}
}
