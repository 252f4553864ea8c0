package client_test

import (
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
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
				op, _ := klaviyo.LookupOperation(s.operation)
				slowest = max(slowest, took[i].Seconds()/leastTime(op, s.n, 0).Seconds())
			}
			rateLimited = c.Stats().RateLimited
		})
	}
	b.ReportMetric(slowest, "ratio")
	b.ReportMetric(float64(rateLimited), "429s")
}

// BenchmarkDrainBesideAnotherProgram drains a stream while another program spends
// 30 % of the quota, and prints how many of a hundred answers were 429.
func BenchmarkDrainBesideAnotherProgram(b *testing.B) {
	for _, s := range streams[:2] {
		for name, every := range map[string]time.Duration{"evenly": 0, "each-5s": 5 * time.Second} {
			b.Run(string(s.operation)+"/"+name, func(b *testing.B) {
				var got drained
				for b.Loop() {
					inVirtualTime(b, func(t *testing.T) {
						k := klaviyotest.New(klaviyotest.WithList("LIST", "Newsletter"), klaviyotest.WithoutRequestLog(), klaviyotest.WithWindowsFrom(time.Now().Add(-20300*time.Millisecond)))
						stop := make(chan struct{})
						go spend(k, s.operation, every, stop)
						got = drain(t, newClient(t, far(k, 80*time.Millisecond)), s)
						close(stop)
					})
				}
				b.ReportMetric(float64(got.rateLimited)*100/float64(got.calls), "%429s")
			})
		}
	}
}
