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
}

type window struct {
	op     *runtime.Operation
	length time.Duration
	begin  int64
}

func (q *quotas) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	req.Body.Close()
	time.Sleep(q.latency)
	op, _ := klaviyo.Operations.Match(req.Method, req.URL.Path)
	resp := &http.Response{StatusCode: op.Success.Statuses[0], Header: http.Header{}, Body: http.NoBody, Request: req}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, limit := range []runtime.RateLimit{op.Burst, op.Steady} {
		w := window{op, limit.Window, time.Now().UnixNano() / int64(limit.Window)}
		if q.calls[w]++; q.calls[w] > limit.Calls {
			resp.StatusCode = http.StatusTooManyRequests
			resp.Header.Set("Retry-After", "1")
		}
	}
	return resp, nil
}

// BenchmarkDrainInBulk delivers events of 2 KB, all of different people, and prints how much
// longer that takes than all of them in full calls, and how many events went in the others.
func BenchmarkDrainInBulk(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			least := time.Duration(float64(n) / 150_000 * float64(time.Minute))
			padding := strings.Repeat("x", 1850)
			for range b.N {
				virtually(b, func(t *testing.T) {
					transport := &quotas{latency: time.Second, calls: map[window]int{}}
					c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: transport}))
					if err != nil {
						t.Fatal(err)
					}
					start := time.Now()
					s := newStreamOf(t, plain2026, Config{Sender: c})
					for i := range n {
						s.add(fmt.Sprintf(`{"type":"track","messageId":"m%d","event":"Ping","context":{"traits":{"email":"p%d@example.com"}},"properties":{"x":"%s"}}`, i, i, padding))
					}
					s.end()
					took := time.Since(start)
					b.ReportMetric(took.Seconds()/least.Seconds(), "ratio")
					b.ReportMetric(took.Minutes(), "minutes")
					b.ReportMetric(float64(c.Stats().RateLimited), "429s")
					b.ReportMetric(float64(c.Stats().Requests), "calls")
				})
			}
		})
	}
}
