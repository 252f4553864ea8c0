package client

import (
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// fixedWindows is a transport that limits one operation as Klaviyo does: in fixed
// windows, whose phases are its own.
type fixedWindows struct {
	op *klaviyo.Operation
	// burst and steady count windows from moments of their own.
	burst, steady fixedWindow
	// round makes the whole seconds of RateLimit-Reset.
	round func(float64) float64
	// latency is the way there and back.
	latency func() time.Duration
	silent  bool // no RateLimit headers

	mu       sync.Mutex
	accepted []time.Time
	refused  int
}

type fixedWindow struct {
	klaviyo.RateLimit
	start time.Time
	used  int
}

// newFixedWindows has windows that are some way in when it is made.
func newFixedWindows(op *klaviyo.Operation, burstPhase, steadyPhase time.Duration) *fixedWindows {
	now := time.Now()
	return &fixedWindows{
		op:      op,
		burst:   fixedWindow{RateLimit: op.Burst, start: now.Add(-burstPhase)},
		steady:  fixedWindow{RateLimit: op.Steady, start: now.Add(-steadyPhase)},
		round:   math.Ceil,
		latency: func() time.Duration { return 0 },
	}
}

func (w *fixedWindow) at(now time.Time) *fixedWindow {
	if passed := now.Sub(w.start) / w.Window; passed > 0 {
		w.start, w.used = w.start.Add(passed*w.Window), 0
	}
	return w
}

func (w *fixedWindow) reset(now time.Time) float64 { return (w.Window - now.Sub(w.start)).Seconds() }

// use takes one request of the quota, ours or another program's.
func (f *fixedWindows) use() (remaining int, reset float64, ok bool) {
	now := time.Now()
	burst, steady := f.burst.at(now), f.steady.at(now)
	switch {
	case burst.used >= burst.Calls:
		return 0, burst.reset(now), false
	case steady.used >= steady.Calls:
		return 0, steady.reset(now), false
	}
	burst.used++
	steady.used++
	return steady.Calls - steady.used, steady.reset(now), true
}

func (f *fixedWindows) RoundTrip(req *http.Request) (*http.Response, error) {
	latency := f.latency()
	time.Sleep(latency / 2)
	resp := f.answer(req)
	time.Sleep(latency - latency/2)
	return resp, nil
}

func (f *fixedWindows) answer(req *http.Request) *http.Response {
	f.mu.Lock()
	defer f.mu.Unlock()
	remaining, reset, ok := f.use()
	resp := &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req}
	switch {
	case !ok:
		f.refused++
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(reset))))
	case f.silent:
		f.accepted = append(f.accepted, time.Now())
	default:
		f.accepted = append(f.accepted, time.Now())
		resp.Header.Set("RateLimit-Limit", strconv.Itoa(f.steady.Calls))
		resp.Header.Set("RateLimit-Remaining", strconv.Itoa(remaining))
		resp.Header.Set("RateLimit-Reset", strconv.Itoa(int(f.round(reset))))
	}
	return resp
}

// otherProgram uses the account too, evenly, until stop is closed.
func (f *fixedWindows) otherProgram(perMinute int, stop <-chan struct{}) {
	tick := time.NewTicker(time.Minute / time.Duration(perMinute))
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			f.mu.Lock()
			f.use()
			f.mu.Unlock()
		}
	}
}

// jitter is a latency around a mean, the same in each run.
func jitter(mean, spread time.Duration) func() time.Duration {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return mean - spread/2 + time.Duration(random.Int64N(int64(spread)+1))
	}
}
