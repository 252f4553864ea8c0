package klaviyotest

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Spend uses up n calls of an operation's limits, as another program with a key
// of the same account does.
func (k *Klaviyo) Spend(op *klaviyo.Operation, n int) {
	mustKnow("Spend", op)
	k.limits.spend(op, n)
}

// limits are the fixed windows of each operation, burst and steady. A nil
// *limits has none.
type limits struct {
	epoch time.Time // windows begin at whole windows after it; zero: with a call

	mu      sync.Mutex
	windows map[*klaviyo.Operation]*[2]window // burst, steady
}

func newLimits() *limits {
	l := &limits{windows: make(map[*klaviyo.Operation]*[2]window)}
	for op := range klaviyo.Operations.All() {
		l.windows[op] = &[2]window{{limit: op.Burst}, {limit: op.Steady}}
	}
	return l
}

func (l *limits) set(op *klaviyo.Operation, burst, steady int) {
	if l == nil {
		panic("klaviyotest: WithLimit after WithoutLimits")
	}
	windows := l.windows[op]
	windows[0].limit.Calls, windows[1].limit.Calls = burst, steady
}

func (l *limits) alignTo(epoch time.Time) {
	if l == nil {
		panic("klaviyotest: WithWindowsFrom after WithoutLimits")
	}
	l.epoch = epoch
}

func (l *limits) spend(op *klaviyo.Operation, n int) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for i := range l.windows[op] {
		w := &l.windows[op][i]
		w.turn(now, l.epoch)
		w.used += n
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
	windows := l.windows[c.operation]
	var retryAfter time.Duration
	for i := range windows {
		w := &windows[i]
		w.turn(now, l.epoch)
		if w.left() == 0 {
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
	steady := windows[1]
	return http.Header{
		"Ratelimit-Limit":     {strconv.Itoa(steady.limit.Calls)},
		"Ratelimit-Remaining": {strconv.Itoa(steady.left())},
		"Ratelimit-Reset":     {strconv.Itoa(wholeSeconds(steady.end().Sub(now)))},
	}, nil
}

// window is a fixed window: when it ends, another begins with nothing used.
type window struct {
	limit klaviyo.RateLimit
	start time.Time
	used  int
}

// turn begins another window if this one has ended, at epoch and whole windows
// after it, or else now.
func (w *window) turn(now, epoch time.Time) {
	if !w.start.IsZero() && now.Before(w.end()) {
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

// wholeSeconds rounds up, so that who waits so long has waited long enough.
func wholeSeconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
