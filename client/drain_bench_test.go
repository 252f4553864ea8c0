package client_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// BenchmarkDrainMixed drains all streams at once, and prints how much longer than the
// least time the slowest of them takes.
func BenchmarkDrainMixed(b *testing.B) {
	var slowest float64
	var rateLimited int64
	for b.Loop() {
		inVirtualTime(b, func(t *testing.T) {
			c := newClient(t, far(klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithoutRequestLog()), 80*time.Millisecond))
			took := make([]time.Duration, len(streams))
			var all sync.WaitGroup
			for i, s := range streams {
				all.Go(func() { took[i] = drain(t, c, s).took })
			}
			all.Wait()
			slowest = 0
			for i, s := range streams {
				op := s.operation
				slowest = max(slowest, took[i].Seconds()/leastTime(op, s.n, 0).Seconds())
			}
			rateLimited = c.Stats().RateLimited
		})
	}
	b.ReportMetric(slowest, "ratio")
	b.ReportMetric(float64(rateLimited), "429s")
}

// phases are how far into their windows the server is at the begin, spread over both
// windows, at a short and a longer latency.
func phases(f func(into, latency time.Duration)) {
	for i := range 15 {
		for _, latency := range []time.Duration{10 * time.Millisecond, 80 * time.Millisecond} {
			f(time.Duration(i)*4070*time.Millisecond, latency)
		}
	}
}

// BenchmarkDrainInMidWindow drains a stream that begins at any moment of the windows,
// and prints how much longer than the least time that takes.
func BenchmarkDrainInMidWindow(b *testing.B) {
	for _, s := range streams[:2] {
		b.Run(s.operation.String(), func(b *testing.B) {
			op := s.operation
			var ratios []float64
			var rateLimited int64
			for b.Loop() {
				phases(func(into, latency time.Duration) {
					inVirtualTime(b, func(t *testing.T) {
						got := drain(t, newClient(t, far(inMidWindow(into), latency)), s)
						ratios = append(ratios, got.took.Seconds()/(leastTime(op, s.n, into)+latency).Seconds())
						rateLimited += got.rateLimited
					})
				})
			}
			reportSpread(b, ratios, "ratio")
			b.ReportMetric(float64(rateLimited), "429s")
		})
	}
}

// BenchmarkDrainBesideAnotherProgram drains a stream while another program spends
// 30 % of the quota. It prints how many of a hundred answers were 429, and how much
// longer it took than the least time for somebody with the 70 % alone.
func BenchmarkDrainBesideAnotherProgram(b *testing.B) {
	for _, s := range streams[:2] {
		for _, other := range []struct {
			name  string
			every time.Duration
		}{{"evenly", 0}, {"each-1s", time.Second}, {"each-5s", 5 * time.Second}} {
			b.Run(s.operation.String()+"/"+other.name, func(b *testing.B) {
				var limited, ratios []float64
				for b.Loop() {
					phases(func(into, latency time.Duration) {
						inVirtualTime(b, func(t *testing.T) {
							got := drainBeside(t, s, other.every, into, latency)
							limited = append(limited, float64(got.rateLimited)*100/float64(got.calls))
							ratios = append(ratios, got.took.Seconds()/leastTime(leftOf(s.operation), s.n, into).Seconds())
						})
					})
				}
				reportSpread(b, limited, "%429s")
				reportSpread(b, ratios, "ratio")
			})
		}
	}
}

func reportSpread(b *testing.B, figures []float64, unit string) {
	slices.Sort(figures)
	b.ReportMetric(figures[len(figures)/2], "median-"+unit)
	b.ReportMetric(figures[len(figures)-1], "worst-"+unit)
}
