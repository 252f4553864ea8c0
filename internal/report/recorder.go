package report

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A Recorder records when requests were made, and the results of events over time. It is safe
// for concurrent use.
type Recorder struct {
	began time.Time

	mu         sync.Mutex
	operations map[runtime.Endpoint]*requests
	moments    []Moment
	every      int // one of so many moments is kept
	passed     int // moments since the last one that was kept
}

// requests are the requests of an operation.
type requests struct {
	name    string
	total   int
	seconds []int32 // number of requests that began in each second
	burst   int     // limits in use, or 0
	steady  int
}

// Moment has the results of events up to a time in the run.
type Moment struct {
	At                              time.Duration // since the run began
	Delivered, Skipped, Undelivered int
}

const (
	// maxSeconds is how long requests are recorded by second. Later ones count in the last
	// second.
	maxSeconds = 7 * 24 * 60 * 60
	// maxMoments is the maximum number of moments. A page shows no more.
	maxMoments = 1_000
)

// NewRecorder returns a Recorder for a run that began at a time.
func NewRecorder(began time.Time) *Recorder {
	return &Recorder{began: began, operations: map[runtime.Endpoint]*requests{}, every: 1}
}

// Attempt records an attempt. It is a [client.AttemptHook].
func (r *Recorder) Attempt(_ context.Context, a client.Attempt) {
	second := min(max(0, int((time.Since(r.began)-a.Duration)/time.Second)), maxSeconds-1)
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.endpoint(a.Operation.Endpoint())
	o.name = string(a.Operation.ID)
	o.total++
	if missing := second + 1 - len(o.seconds); missing > 0 {
		o.seconds = append(o.seconds, make([]int32, missing)...)
	}
	o.seconds[second]++
}

func (r *Recorder) endpoint(of runtime.Endpoint) *requests {
	o := r.operations[of]
	if o == nil {
		o = new(requests)
		r.operations[of] = o
	}
	return o
}

// Limits records the limits in use for an endpoint.
func (r *Recorder) Limits(of runtime.Endpoint, burst, steady int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.endpoint(of)
	o.burst, o.steady = burst, steady
}

// Record records the current results of events. It is called at regular intervals.
func (r *Recorder) Record(m Moment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.passed++; r.passed < r.every {
		return
	}
	r.passed = 0
	r.moments = append(r.moments, m)
	if len(r.moments) < maxMoments {
		return
	}
	for i := range len(r.moments) / 2 {
		r.moments[i] = r.moments[2*i+1]
	}
	r.moments = r.moments[:len(r.moments)/2]
	r.every *= 2
}

// Operations returns the requests of each operation, most frequent first.
func (r *Recorder) Operations() []Operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Operation, 0, len(r.operations))
	for _, id := range slices.Sorted(maps.Keys(r.operations)) {
		if o := r.operations[id]; o.total > 0 {
			all = append(all, Operation{Name: o.name, Requests: o.total, Burst: o.burst, Steady: o.steady, seconds: slices.Clone(o.seconds)})
		}
	}
	slices.SortStableFunc(all, func(a, b Operation) int { return b.Requests - a.Requests })
	return all
}

// Moments returns the moments of the run, including the current one.
func (r *Recorder) Moments() []Moment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.moments)
}
