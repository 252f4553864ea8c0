package klaviyotest

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Spend uses up n calls of an operation's limits, as another program with a key
// of the same account does.
func (k *Klaviyo) Spend(op *runtime.Operation, n int) {
	mustKnow("Spend", op)
	k.limits.spend(op, n)
}

// limits are the fixed windows of each endpoint, which the revisions share: burst, steady
// and daily. How many calls a window takes is the operation's to say. A nil *limits has
// none.
type limits struct {
	epoch     time.Time                   // windows begin at whole windows after it; zero: with a call
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

func (l *limits) alignTo(epoch time.Time) { l.epoch = epoch }

// turned gives the windows of an operation as they are now, with its limits.
func (l *limits) turned(op *runtime.Operation, now time.Time) *[windowKinds]window {
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
		windows[i].turn(now, l.epoch)
	}
	return windows
}

func (l *limits) spend(op *runtime.Operation, n int) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	windows := l.turned(op, time.Now())
	for i := range windows {
		windows[i].used += n
	}
}

// take spends one call, and gives the headers that say what is left. Where a
// window is full it spends nothing, and refuses.
func (l *limits) take(c *call) (http.Header, *answer) {
	if l == nil {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	windows := l.turned(c.operation, now)
	var retryAfter time.Duration
	for i := range windows {
		if w := &windows[i]; w.isFull() {
			retryAfter = max(retryAfter, w.end().Sub(now))
		}
	}
	if retryAfter > 0 {
		a := refuse(refusal{status: http.StatusTooManyRequests, detail: "The operation's limit is used up."})
		return http.Header{"Retry-After": {strconv.Itoa(wholeSeconds(retryAfter))}}, &a
	}
	for i := range windows {
		windows[i].used++
	}
	w := windows[steady]
	return http.Header{
		"Ratelimit-Limit":     {strconv.Itoa(w.limit.Calls)},
		"Ratelimit-Remaining": {strconv.Itoa(w.left())},
		"Ratelimit-Reset":     {strconv.Itoa(wholeSeconds(w.end().Sub(now)))},
	}, nil
}

// window is a fixed window: when it ends, another begins with nothing used. One without
// a length limits nothing.
type window struct {
	limit runtime.RateLimit
	start time.Time
	used  int
}

// turn begins another window if this one has ended, at epoch and whole windows
// after it, or else now.
func (w *window) turn(now, epoch time.Time) {
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

func (w *window) left() int { return max(0, w.limit.Calls-w.used) }

func (w *window) isFull() bool { return w.limit.Window > 0 && w.left() == 0 }

// wholeSeconds rounds up, so that who waits so long has waited long enough.
func wholeSeconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
