package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// sink is a Klaviyo that takes all events after a time and remembers none, since a
// klaviyotest would take most of the machine.
type sink struct {
	url   string
	delay time.Duration
	down  atomic.Bool // answers 503
	taken atomic.Int64
	calls atomic.Int64       // that took some
	seen  func(ids []string) // may be nil
}

var uniqueIDs = regexp.MustCompile(`"unique_id":"([^"]*)"`)

func newSink(b *testing.B, delay time.Duration) *sink {
	s := &sink{delay: delay}
	server := httptest.NewServer(s)
	b.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if s.down.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	time.Sleep(s.delay)
	w.WriteHeader(http.StatusAccepted)
	found := uniqueIDs.FindAllSubmatch(body, -1)
	s.taken.Add(int64(len(found)))
	s.calls.Add(1)
	if s.seen != nil {
		ids := make([]string, len(found))
		for i, id := range found {
			ids[i] = string(id[1])
		}
		s.seen(ids)
	}
}

// benched is a service on its own data folder.
type benched struct {
	*daemon
	*sink
	address, token string
	admin          string
}

func benchServe(b *testing.B, delay time.Duration, settings ...string) *benched {
	return benchAccounts(b, delay, 1, settings...)[0]
}

// benchAccounts starts a service of several accounts, and gives each of them.
func benchAccounts(b *testing.B, delay time.Duration, accounts int, settings ...string) (all []*benched) {
	file, addresses := newAccountsFile(b), servetest.Addresses(b, 2)
	s := &benched{sink: newSink(b, delay), address: addresses[0], admin: "http://" + addresses[1]}
	for i := range accounts {
		token := file.add(fmt.Sprint("shop-", i), fmt.Sprint(key, i), slices.Max(openapi.Revisions()), settings...)
		all = append(all, &benched{sink: s.sink, address: s.address, token: token, admin: s.admin})
	}
	s.token = all[0].token
	s.daemon = newDaemon(b, "serve", []string{asProgram + "=1", "GOMAXPROCS=2"}, "serve", "--config", file.path(), "--data-dir", b.TempDir(),
		"--listen", addresses[0], "--admin", addresses[1], "--base-url", s.sink.url)
	s.start()
	s.waitFor("Events are taken")
	servetest.Eventually(b, "it is ready", func() bool {
		c := dial(b, s.address)
		defer c.close()
		return c.post(b, s.request("/v1/track", benchEvent("first", 0))) == http.StatusOK
	})
	for _, account := range all {
		account.daemon = s.daemon
	}
	return all
}

// benchEvent is an event of 2 KB.
func benchEvent(prefix string, n int) string {
	return fmt.Sprintf(`{"type":"track","event":"Order Completed","messageId":"%s-%d","context":{"traits":{"email":"p%d@example.com"}},"properties":{"text":%q}}`,
		prefix, n, n%5000, filler+filler[:len(filler)*9/10])
}

const (
	sdkBatch   = 20 // what RudderStack's SDKs send at once
	benchBatch = 100
)

func batchOf(prefix string, first, events int) string {
	var text strings.Builder
	text.WriteString(`{"batch":[`)
	for i := range events {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(benchEvent(prefix, first+i))
	}
	return text.String() + "]}"
}

func (s *benched) request(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: serve\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", path, s.token, len(body), body)
}

// connection is a sender's, which costs as little as can be.
type connection struct {
	conn   net.Conn
	reader *bufio.Reader
}

func dial(b *testing.B, address string) *connection {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	return &connection{conn, bufio.NewReader(conn)}
}

func (c *connection) close() { c.conn.Close() }

// post sends a request and gives the status.
func (c *connection) post(b *testing.B, request string) int {
	if _, err := io.WriteString(c.conn, request); err != nil {
		b.Error(err)
		return 0
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		b.Error(err)
		return 0
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		b.Error(err)
	}
	return answer.StatusCode
}

// postAll has senders post b.N requests, each the next one after the response.
func postAll(b *testing.B, address string, senders int, request func(n int) string) {
	var next atomic.Int64
	var group sync.WaitGroup
	connections := make([]*connection, senders)
	for i := range connections {
		connections[i] = dial(b, address)
		defer connections[i].close()
	}
	b.ResetTimer()
	for _, c := range connections {
		group.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if status := c.post(b, request(int(n))); status != http.StatusOK {
					b.Errorf("status %d", status)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
}

// BenchmarkServe counts events a second that are acknowledged by a service with its store
// inside, thus on the disk, while it delivers to a Klaviyo that takes 80 ms. Beside it stand
// a handler of net/http that answers at once, and how often 2 KB can be written and synced.
func BenchmarkServe(b *testing.B) {
	b.Run("disk", func(b *testing.B) {
		file, err := os.Create(filepath.Join(b.TempDir(), "file"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		for b.Loop() {
			if _, err := file.Write(make([]byte, 2000)); err != nil {
				b.Fatal(err)
			}
			if err := file.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
	})
	yardstick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "OK")
	}))
	defer yardstick.Close()
	s := benchServe(b, 80*time.Millisecond, "maxBacklog: 40GiB")
	event, batch := s.request("/v1/webhook", benchEvent("e", 1)), s.request("/v1/batch", batchOf("e", 1, sdkBatch))
	for _, kind := range []struct {
		name    string
		request string
		events  int
	}{{"event", event, 1}, {"batch", batch, sdkBatch}} {
		for _, server := range []struct{ name, address string }{{"yardstick", yardstick.Listener.Addr().String()}, {"serve", s.address}} {
			for _, senders := range []int{1, 64, 256} {
				b.Run(fmt.Sprintf("%s/%s/%d", kind.name, server.name, senders), func(b *testing.B) {
					postAll(b, server.address, senders, func(int) string { return kind.request })
					b.ReportMetric(float64(b.N*kind.events)/b.Elapsed().Seconds(), "events/s")
				})
			}
		}
	}
}

// paced has senders post events at a rate for a time. It tells how long each took to be
// acknowledged, and when it began by its messageId.
func (s *benched) paced(b *testing.B, prefix string, perSecond int, span time.Duration) (took []time.Duration, begun map[string]time.Time) {
	const senders = 50
	interval := senders * time.Second / time.Duration(perSecond)
	var mu sync.Mutex
	var group sync.WaitGroup
	begun = map[string]time.Time{}
	start := time.Now()
	for i := range senders {
		group.Go(func() {
			c := dial(b, s.address)
			defer c.close()
			for n := 0; ; n++ {
				at := start.Add(time.Duration(n)*interval + time.Duration(i)*interval/senders)
				if at.Sub(start) > span {
					return
				}
				time.Sleep(time.Until(at))
				number := n*senders + i
				request := s.request("/v1/webhook", benchEvent(prefix, number))
				from := time.Now()
				if status := c.post(b, request); status != http.StatusOK {
					b.Errorf("status %d", status)
					return
				}
				lasted := time.Since(from)
				mu.Lock()
				took = append(took, lasted)
				begun[fmt.Sprint(prefix, "-", number)] = from
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return took, begun
}

// BenchmarkServeLatency is of 500 events a second for half a minute: the time from a request
// to its 200, and to Klaviyo's answer, which takes 80 ms.
func BenchmarkServeLatency(b *testing.B) {
	for b.Loop() {
		s := benchServe(b, 80*time.Millisecond)
		var mu sync.Mutex
		arrived := map[string]time.Time{}
		s.seen = func(ids []string) {
			now := time.Now()
			mu.Lock()
			defer mu.Unlock()
			for _, id := range ids {
				arrived[id] = now
			}
		}
		took, begun := s.paced(b, "l", 500, 30*time.Second)
		var through []time.Duration
		servetest.Eventually(b, "all arrive", func() bool {
			mu.Lock()
			defer mu.Unlock()
			through = through[:0]
			for id, from := range begun {
				if at, ok := arrived[id]; ok {
					through = append(through, at.Sub(from))
				}
			}
			return len(through) == len(begun)
		})
		s.terminate()
		quantiles(b, "ack", took)
		quantiles(b, "klaviyo", through)
		b.ReportMetric(float64(len(took))/30, "events/s")
	}
}

// quantiles reports the median and the 99th percentile in milliseconds.
func quantiles(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(took[(len(took)-1)*p/100].Microseconds())/1000, fmt.Sprintf("ms-to-%s-p%d", name, p))
	}
}

// fill builds a backlog of events while Klaviyo is down.
func (s *benched) fill(b *testing.B, prefix string, events int) { s.fillFrom(b, 8, prefix, events) }

// fillFrom does that from so many senders.
func (s *benched) fillFrom(b *testing.B, senders int, prefix string, events int) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			c := dial(b, s.address)
			defer c.close()
			for first := int(next.Add(benchBatch)) - benchBatch; first < events; first = int(next.Add(benchBatch)) - benchBatch {
				if status := c.post(b, s.request("/v1/batch", batchOf(prefix, first, benchBatch))); status != http.StatusOK {
					b.Errorf("status %d", status)
					return
				}
			}
		})
	}
	group.Wait()
}

// BenchmarkServeDrain is how long a backlog of an outage takes: from Klaviyo's first response
// to its last. Klaviyo takes 80 ms for each.
func BenchmarkServeDrain(b *testing.B) {
	const events = 100_000
	for b.Loop() {
		s := benchServe(b, 80*time.Millisecond)
		s.down.Store(true)
		s.fill(b, "d", events)
		before := s.taken.Load()
		s.down.Store(false)
		back := time.Now()
		servetest.Eventually(b, "it goes on", func() bool { return s.taken.Load() > before })
		first := time.Now()
		calls := s.calls.Load()
		servetest.Within(b, 5*time.Minute, "all arrive", func() bool { return s.taken.Load() >= before+events })
		b.ReportMetric(time.Since(first).Seconds(), "s-drain")
		b.ReportMetric(float64(s.calls.Load()-calls), "calls")
		b.ReportMetric(first.Sub(back).Seconds(), "s-until-it-goes-on")
		s.terminate()
	}
}

// resident returns the memory of a process that is resident, in MB: at present and at most
// since it was last asked.
func (d *daemon) resident(b *testing.B) (now, most float64) {
	folder := fmt.Sprintf("/proc/%d/", d.cmd.Process.Pid)
	text, err := os.ReadFile(folder + "status")
	if err != nil {
		b.Skip("the system doesn't tell of a process's memory: ", err)
	}
	value := func(name string) float64 {
		_, rest, _ := strings.Cut(string(text), name+":")
		kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			b.Fatal(err)
		}
		return float64(kilobytes) / 1000
	}
	_ = os.WriteFile(folder+"clear_refs", []byte("5"), 0) // without it the maximum is since the start
	return value("VmRSS"), value("VmHWM")
}

// BenchmarkServeMemory is the memory of a service that has a backlog of a gigabyte: while it
// comes in, at 500 events a second with Klaviyo down, and while it drains.
func BenchmarkServeMemory(b *testing.B) {
	const events = 500_000
	for b.Loop() {
		s := benchServe(b, 80*time.Millisecond)
		s.resident(b)
		s.down.Store(true)
		s.fill(b, "m", events)
		_, most := s.resident(b)
		b.ReportMetric(most, "MB-filling")
		s.paced(b, "p", 500, 20*time.Second)
		_, most = s.resident(b)
		b.ReportMetric(most, "MB-down")
		s.down.Store(false)
		before := s.taken.Load()
		servetest.Eventually(b, "it goes on", func() bool { return s.taken.Load() > before })
		s.paced(b, "q", 500, 30*time.Second)
		_, most = s.resident(b)
		b.ReportMetric(most, "MB-draining")
		// It goes on after a restart, too.
		s.kill()
		s.start()
		time.Sleep(10 * time.Second)
		_, most = s.resident(b)
		b.ReportMetric(most, "MB-restarted")
		s.kill()
	}
}

// BenchmarkServeAccounts is the memory of a service with Klaviyo down and a backlog for each of
// some accounts: while all backlogs come in at once, each from a sender that waits for its
// responses, and after that.
func BenchmarkServeAccounts(b *testing.B) {
	const events = 10_000 // 20 MB, which is more than what is read ahead
	for _, accounts := range []int{1, 6, 12} {
		b.Run(fmt.Sprint("accounts=", accounts), func(b *testing.B) {
			for b.Loop() {
				all := benchAccounts(b, 80*time.Millisecond, accounts)
				all[0].resident(b)
				all[0].down.Store(true)
				var group sync.WaitGroup
				for _, account := range all {
					group.Go(func() { account.fillFrom(b, 1, "m", events) })
				}
				group.Wait()
				_, most := all[0].resident(b)
				b.ReportMetric(most, "MB-filling")
				time.Sleep(20 * time.Second)
				now, _ := all[0].resident(b)
				b.ReportMetric(now, "MB-down")
				all[0].kill()
			}
		})
	}
}
