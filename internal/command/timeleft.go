package command

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
)

// held is how long limits hold up what is left, and whether they held anything up in the last
// minute.
type held struct {
	atLeast time.Duration
	ofLate  bool
}

// made counts the calls that a delivery has made. By them it tells how long Klaviyo's limits
// hold up what is left, of which the speed so far says nothing: a minute's calls are spent in
// its first seconds.
type made struct {
	mu    sync.Mutex
	calls map[*runtime.Operation]int
}

// attempt counts a call, as an attempt hook.
func (m *made) attempt(_ context.Context, a client.Attempt) {
	if a.StatusCode == 0 || a.StatusCode == http.StatusTooManyRequests {
		return // which is made again
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls == nil {
		m.calls = map[*runtime.Operation]int{}
	}
	m.calls[a.Operation]++
}

// atLeast is how long the limits, of which a share may be used, let what is left take: as many
// calls as were made, times a factor.
func (m *made) atLeast(factor float64, limits map[runtime.Endpoint]client.Limits, share float64) (longest time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for op, calls := range m.calls {
		longest = max(longest, atLimits(op, int(float64(calls)*factor), limits[op.Endpoint()], share))
	}
	return longest
}

// atLimits is how long calls take from now on.
func atLimits(op *runtime.Operation, calls int, limits client.Limits, share float64) time.Duration {
	if limits.Burst.Limit == 0 || limits.Steady.Limit == 0 {
		return 0 // there are none
	}
	held := *op
	held.Burst.Calls, held.Steady.Calls = limits.Burst.Limit, limits.Steady.Limit
	if calls <= limits.Steady.Remaining {
		return delivery.Duration(&held, calls, share)
	}
	var wait time.Duration // until the next minute
	if !limits.Steady.Reset.IsZero() {
		calls -= limits.Steady.Remaining
		wait = max(0, time.Until(limits.Steady.Reset))
	}
	return wait + delivery.Duration(&held, calls, share)
}
