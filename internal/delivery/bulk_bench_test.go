package delivery

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// quotas is a transport that answers as revision 2026-07-15's description has it, within
// its windows, and reads nothing of what it is sent.
type quotas struct {
	latency time.Duration

	mu    sync.Mutex
	calls map[window]int
	of    map[*runtime.Operation]int // calls
}

func newQuotas(latency time.Duration) *quotas {
	return &quotas{latency: latency, calls: map[window]int{}, of: map[*runtime.Operation]int{}}
}

type window struct {
	op     *runtime.Operation
	length time.Duration
	begin  int64
}

func (q *quotas) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	time.Sleep(q.latency)
	op, _ := klaviyo.Operations.Match(req.Method, req.URL.Path)
	resp := &http.Response{StatusCode: op.Success.Statuses[0], Header: http.Header{}, Body: q.answer(op), Request: req}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.of[op]++
	for _, limit := range []runtime.RateLimit{op.Burst, op.Steady} {
		w := window{op, limit.Window, time.Now().UnixNano() / int64(limit.Window)}
		if q.calls[w]++; q.calls[w] > limit.Calls {
			resp.StatusCode = http.StatusTooManyRequests
			resp.Header.Set("Retry-After", "1")
		}
	}
	return resp, nil
}

// answer is a profile, or a job that is done as soon as somebody looks.
func (q *quotas) answer(op *runtime.Operation) io.ReadCloser {
	if op.Success.Data != runtime.ResponseResource {
		return http.NoBody
	}
	return io.NopCloser(strings.NewReader(`{"data":{"id":"01A","attributes":{"status":"complete"}}}`))
}

// BenchmarkDrainInBulk delivers a backlog of events of 2 KB, identifies and subscriptions, in
// hundredths of all. It prints how long that takes as a ratio to what the bulk quotas take at
// their rate for a minute, and to the least time: that of the fewest bulk calls as soon as the
// two windows allow them, with the last response, and for an import the response that tells its
// end.
func BenchmarkDrainInBulk(b *testing.B) {
	for _, mix := range []struct {
		name               string
		n                  int
		tracks, identifies int // in a hundred; the rest are subscriptions
	}{
		{name: "100000 tracks", n: 100_000, tracks: 100},
		{name: "1000000 tracks", n: 1_000_000, tracks: 100},
		{name: "100000 identifies", n: 100_000, identifies: 100},
		{name: "1000000 identifies", n: 1_000_000, identifies: 100},
		{name: "1000000 mixed", n: 1_000_000, tracks: 80, identifies: 15},
	} {
		b.Run(mix.name, func(b *testing.B) {
			tracks := mix.n / 100 * mix.tracks
			identifies := mix.n / 100 * mix.identifies
			// 150 calls a minute of 1,000 events, or of 10,000 profiles.
			quota := max(float64(tracks)/150_000, float64(identifies)/1_500_000) * 60
			const latency = time.Second
			var least time.Duration
			if tracks > 0 {
				least = leastTime(klaviyo.OperationBulkCreateEvents, tracks/1000) + latency
			}
			if identifies > 0 {
				least = max(least, leastTime(klaviyo.OperationBulkImportProfiles, identifies/10_000)+2*latency)
			}
			padding := strings.Repeat("x", 1850)
			for range b.N {
				virtually(b, func(t *testing.T) {
					transport := newQuotas(latency)
					c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: transport}))
					if err != nil {
						t.Fatal(err)
					}
					start := time.Now()
					s := newStreamOf(t, plain2026, Config{Sender: c, Jobs: c})
					for i := range mix.n {
						switch kind := i * 37 % 100; {
						case kind < mix.tracks:
							s.add(fmt.Sprintf(`{"type":"track","messageId":"m%d","event":"Ping","context":{"traits":{"email":"p%d@example.com"}},"properties":{"x":"%s"}}`, i, i, padding))
						case kind < mix.tracks+mix.identifies:
							s.add(fmt.Sprintf(`{"type":"identify","messageId":"m%d","traits":{"email":"p%d@example.com","n":%d}}`, i, i, i))
						default:
							s.add(fmt.Sprintf(`{"type":"group","groupId":"L","traits":{"email":"p%d@example.com","subscribe":true}}`, i))
						}
					}
					s.end()
					took := time.Since(start)
					b.ReportMetric(took.Seconds(), "seconds")
					b.ReportMetric(took.Seconds()/quota, "of-quota")
					b.ReportMetric(took.Seconds()/least.Seconds(), "of-least")
					b.ReportMetric(float64(c.Stats().RateLimited), "429s")
					b.ReportMetric(float64(c.Stats().Requests), "calls")
				})
			}
		})
	}
}
