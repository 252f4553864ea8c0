package service

import (
	"sync"
	"sync/atomic"
	"time"
)

// rateSpan is how many seconds of a count are remembered.
const rateSpan = 120

// rate counts what happens, and remembers how much of it did in each of the last seconds.
type rate struct {
	total atomic.Int64

	mu   sync.Mutex
	last int64 // the total at the last tick
	past [rateSpan]int64
	next int // where the next second goes
}

func (r *rate) add(n int) { r.total.Add(int64(n)) }

func (r *rate) set(total int) { r.total.Store(int64(total)) }

// tick ends a second.
func (r *rate) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	total := r.total.Load()
	r.past[r.next] = total - r.last
	r.last, r.next = total, (r.next+1)%rateSpan
}

// seconds are the counts of the last seconds, the oldest first.
func (r *rate) seconds() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(append([]int64(nil), r.past[r.next:]...), r.past[:r.next]...)
}

// perSecond is the mean of the last ten seconds.
func perSecond(seconds []int64) float64 {
	const span = 10
	var sum int64
	for _, n := range seconds[len(seconds)-span:] {
		sum += n
	}
	return float64(sum) / span
}

// every calls a function at an interval until stop is closed.
func every(interval time.Duration, stop <-chan struct{}, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			do()
		case <-stop:
			return
		}
	}
}
