package klaviyotest

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Spend uses up n calls of an operation's limits, as another program with a key of the account
// would.
func (k *Klaviyo) Spend(op *runtime.Operation, n int) {
	requireOperation("Spend", op)
	k.limits.spend(op, n)
}

// limits are the fixed windows of each endpoint, shared by revisions: burst, steady and daily.
// The operation determines how many calls a window allows. A nil *limits allows any number.
type limits struct {
	epoch     time.Time                   // windows are aligned to it; zero: they begin with a call
	overrides map[runtime.Endpoint][2]int // burst and steady limits set by WithLimit

	mu      sync.Mutex
	windows map[runtime.Endpoint]*[windowKinds]window
}

// The windows of an endpoint.
const (
	burst = iota
	steady
	daily
	windowKinds
)

func newLimits() *limits {
	return &limits{
		overrides: make(map[runtime.Endpoint][2]int),
		windows:   make(map[runtime.Endpoint]*[windowKinds]window),
	}
}

func (l *limits) override(op *runtime.Operation, calls CallLimits) {
	l.overrides[op.Endpoint()] = [...]int{burst: calls.PerSecond, steady: calls.PerMinute}
}

func (l *limits) setEpoch(epoch time.Time) { l.epoch = epoch }

// currentWindows returns the current windows of an endpoint, with the limits of an operation.
func (l *limits) currentWindows(op *runtime.Operation, now time.Time) *[windowKinds]window {
	windows, ok := l.windows[op.Endpoint()]
	if !ok {
		windows = new([windowKinds]window)
		l.windows[op.Endpoint()] = windows
	}
	for i, limit := range [windowKinds]runtime.RateLimit{op.Burst, op.Steady, op.Daily} {
		if calls, ok := l.overrides[op.Endpoint()]; ok && i < len(calls) {
			limit.Calls = calls[i]
		}
		windows[i].limit = limit
		windows[i].advance(now, l.epoch)
	}
	return windows
}

func (l *limits) spend(op *runtime.Operation, n int) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	windows := l.currentWindows(op, time.Now())
	for i := range windows {
		windows[i].used += n
	}
}

// acquire counts a call, and returns the rate limit headers. If a window is full, it returns an
// error response, and counts nothing.
func (l *limits) acquire(c *call) (http.Header, *response) {
	if l == nil {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	windows := l.currentWindows(c.operation, now)
	var retryAfter time.Duration
	for i := range windows {
		if w := &windows[i]; w.isFull() {
			retryAfter = max(retryAfter, w.end().Sub(now))
		}
	}
	if retryAfter > 0 {
		a := errorResponse(requestError{status: http.StatusTooManyRequests, detail: "The rate limit is exceeded."})
		return http.Header{"Retry-After": {strconv.Itoa(wholeSeconds(retryAfter))}}, &a
	}
	for i := range windows {
		windows[i].used++
	}
	w := windows[steady]
	return http.Header{
		"Ratelimit-Limit":     {strconv.Itoa(w.limit.Calls)},
		"Ratelimit-Remaining": {strconv.Itoa(w.remaining())},
		"Ratelimit-Reset":     {strconv.Itoa(wholeSeconds(w.end().Sub(now)))},
	}, nil
}

// A window is a fixed window. When it ends, an empty one begins. A window without a length has
// no limit.
type window struct {
	limit runtime.RateLimit
	start time.Time
	used  int
}

// advance starts a new window if this one has ended. The new one is aligned to epoch, or begins
// now if epoch is zero.
func (w *window) advance(now, epoch time.Time) {
	if w.limit.Window == 0 || !w.start.IsZero() && now.Before(w.end()) {
		return
	}
	w.start, w.used = now, 0
	if !epoch.IsZero() {
		phase := now.Sub(epoch) % w.limit.Window
		if phase < 0 {
			phase += w.limit.Window
		}
		w.start = now.Add(-phase)
	}
}

func (w *window) end() time.Time { return w.start.Add(w.limit.Window) }

func (w *window) remaining() int { return max(0, w.limit.Calls-w.used) }

func (w *window) isFull() bool { return w.limit.Window > 0 && w.remaining() == 0 }

// wholeSeconds rounds up, so that waiting for the result is always enough.
func wholeSeconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
