package delivery

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// virtually runs a benchmark's function in virtual time, which only tests have.
func virtually(b *testing.B, f func(*testing.T)) {
	b.Helper()
	test := testing.InternalTest{Name: b.Name(), F: func(t *testing.T) { synctest.Test(t, f) }}
	all := func(string, string) (bool, error) { return true, nil }
	if !testing.RunTests(all, []testing.InternalTest{test}) {
		b.FailNow()
	}
}

// stream adds mapped events to a Queue.
type stream struct {
	t      *testing.T
	mapper *mapper.Mapper
	queue  *Queue
	line   int
}

func newStream(t *testing.T, cfg Config) *stream {
	t.Helper()
	m, err := mapper.New(mapper.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return newStreamOf(t, m, cfg)
}

func newStreamOf(t *testing.T, m *mapper.Mapper, cfg Config) *stream {
	t.Helper()
	cfg.Reject = func(events []Rejection) error { return events[0].Reason }
	cfg.Map = func(text []byte) []mapper.Request {
		result, err := m.Map(text)
		if err != nil {
			t.Error(err)
		}
		return result.Requests
	}
	return &stream{t: t, mapper: m, queue: Start(t.Context(), cfg)}
}

func (s *stream) add(text string) {
	s.line++
	result, err := s.mapper.Map([]byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	event := Event{Position: Position{Line: s.line, Number: s.line}, Text: []byte(text), Identity: result.Identity, Requests: result.Requests}
	if err := s.queue.Add(event); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stream) end() {
	if report := s.queue.Wait(); report.Err != nil || report.Delivered != s.line {
		s.t.Fatalf("%+v of %d events", report, s.line)
	}
}

// BenchmarkCalls prints the calls for 1,000 events, and those of the plain way.
func BenchmarkCalls(b *testing.B) {
	const events = 20_000
	for range b.N {
		virtually(b, func(t *testing.T) {
			calls, plain := countCalls(t, events)
			b.ReportMetric(float64(calls)*1000/events, "calls/1000-events")
			b.ReportMetric(float64(plain)*1000/events, "plain-calls/1000-events")
			b.ReportMetric(float64(calls)/float64(plain), "calls/plain-calls")
		})
	}
}

// TestCalls holds what BenchmarkCalls prints, for fewer events of which more are of
// people who come once.
func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if calls, plain := countCalls(t, 2000); float64(calls) > 0.85*float64(plain) {
			t.Errorf("%d calls, where the plain way takes %d", calls, plain)
		}
	})
}

// countCalls delivers 80 % track, 15 % identify, of which 90 % are of somebody who has
// been identified before, and 5 % group to one of three lists. It counts the calls, and
// those of the plain way: a POST for each event and identify, a PATCH more for somebody
// known, one subscription a call.
func countCalls(t *testing.T, events int) (calls, plain int) {
	k := klaviyotest.New(klaviyotest.WithAnyList())
	s := newStream(t, Config{Sender: newClient(t, k)})
	random := rand.New(rand.NewPCG(1, 1))
	people := 1
	somebody := func() string { return fmt.Sprintf(`"traits":{"email":"p%d@example.com"}`, random.IntN(people)) }
	for i := range events {
		switch kind := random.IntN(100); {
		case kind < 80:
			plain++
			s.add(fmt.Sprintf(`{"type":"track","messageId":"m%d","event":"Ping","context":{%s}}`, i, somebody()))
		case kind < 95 && random.IntN(10) == 0:
			plain++
			people++
			s.add(fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","n":%d}}`, people-1, i))
		case kind < 95:
			plain += 2
			s.add(fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","n":%d}}`, random.IntN(people), i))
		default:
			plain++
			traits := strings.Replace(somebody(), "{", `{"subscribe":true,`, 1)
			s.add(fmt.Sprintf(`{"type":"group","groupId":"L%d",%s}`, random.IntN(3), traits))
		}
	}
	s.end()
	return len(k.Requests()), plain
}

// BenchmarkCoalesce delivers identifies of people who come a number of times in
// random order, and counts how many go out in a request.
func BenchmarkCoalesce(b *testing.B) {
	const people = 1000
	for _, times := range []int{2, 5, 10} {
		b.Run(fmt.Sprintf("times=%d", times), func(b *testing.B) {
			for range b.N {
				virtually(b, func(t *testing.T) {
					server := &counter{delay: 100 * time.Millisecond}
					s := newStream(t, Config{Sender: server})
					random := rand.New(rand.NewPCG(1, 1))
					for i, person := range random.Perm(people * times) {
						s.add(fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","n":%d}}`, person%people, i))
					}
					s.end()
					b.ReportMetric(people*float64(times)/float64(server.calls.Load()), "identifies/call")
				})
			}
		})
	}
}

// counter takes all requests, slowly, and counts them.
type counter struct {
	delay time.Duration
	calls atomic.Int64
}

func (c *counter) Send(context.Context, client.Request) (*client.Response, error) {
	c.calls.Add(1)
	time.Sleep(c.delay)
	return &client.Response{}, nil
}

// BenchmarkMemory reports the most memory that Go's runtime gets from the system, with the
// client and a server that keeps nothing.
func BenchmarkMemory(b *testing.B) {
	event := func(kind string, i int, properties string) string {
		return fmt.Sprintf(`{"type":"%s","messageId":"m%d","event":"Ping","userId":"u%d","context":{"traits":{"email":"p%[2]d@example.com"}},"properties":%[4]s}`, kind, i, i, properties)
	}
	list := `{"a":[` + strings.Repeat(`"`+strings.Repeat("x", 90_000)+`",`, 50) + `0]}`
	for _, bm := range []struct {
		name   string
		events int
		text   func(i int) string
	}{
		// As many events as people, who have two identifiers each; of a million the
		// client can't remember all that are identified.
		{"people=100000", 100_000, func(i int) string { return event(oneInFive(i), i, `{"a":"b"}`) }},
		{"people=1000000", 1_000_000, func(i int) string { return event(oneInFive(i), i, `{"a":"b"}`) }},
		{"event=4.5MB", 50, func(i int) string { return event("track", i, list) }}, // near the limit of 5 MB
	} {
		b.Run(bm.name, func(b *testing.B) {
			for range b.N {
				virtually(b, func(t *testing.T) {
					peak := newPeak()
					c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: &forgetful{peak: peak}}))
					if err != nil {
						t.Fatal(err)
					}
					s := newStream(t, Config{Sender: c})
					for i := range bm.events {
						s.add(bm.text(i))
					}
					s.end()
					b.ReportMetric(peak.megabytes(), "peak-MB")
				})
			}
		})
	}
}

func oneInFive(i int) string {
	if i%5 == 0 {
		return "identify"
	}
	return "track"
}

// forgetful is a Klaviyo that takes all requests and keeps nothing. It answers after
// 200 ms, and after 20 s one in a thousand.
type forgetful struct {
	peak  *peak
	calls atomic.Int64
}

func (f *forgetful) RoundTrip(req *http.Request) (*http.Response, error) {
	size, err := io.Copy(io.Discard, req.Body)
	if err != nil {
		return nil, err
	}
	n := f.calls.Add(1)
	if n%100 == 0 || size > largeCall {
		f.peak.look()
	}
	if n%1000 == 0 {
		time.Sleep(20 * time.Second)
	} else {
		time.Sleep(200 * time.Millisecond)
	}
	body := fmt.Sprintf(`{"data":{"type":"profile","id":"01GDDKASAP8TKDDA2GRZ%08d","attributes":{}}}`, n)
	return &http.Response{
		StatusCode: http.StatusCreated, Request: req, Body: io.NopCloser(strings.NewReader(body)),
		Header: http.Header{"Content-Type": {"application/vnd.api+json"}},
	}, nil
}

// peak is the most memory that the runtime has had of the system.
type peak struct {
	mu    sync.Mutex
	bytes uint64
}

func newPeak() *peak {
	debug.FreeOSMemory()
	return &peak{}
}

func (p *peak) look() {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes = max(p.bytes, samples[0].Value.Uint64()-samples[1].Value.Uint64())
}

func (p *peak) megabytes() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.bytes) / 1e6
}
