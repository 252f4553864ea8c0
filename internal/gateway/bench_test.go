package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkGateway counts requests and events a second over loopback, with senders that each
// wait for a response before they send again. The Publisher keeps nothing, at once or after
// the time that a disk's fsync takes. The yardstick is a handler of net/http that reads the
// body and answers: what is between them is the gateway's.
func BenchmarkGateway(b *testing.B) {
	event := `{"type":"track","event":"Order Completed","userId":"u","properties":{"text":"` + strings.Repeat("x", 1900) + `"}}`
	batch := `{"batch":[` + strings.Repeat(event+",", 99) + event + `]}`
	publish := func(after time.Duration) http.Handler {
		s, err := New(Config{Accounts: tokens(b), Publisher: publisherFunc(func(context.Context, string, []byte, int, string) error {
			if after > 0 {
				time.Sleep(after)
			}
			return nil
		})})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	yardstick := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.Error(err)
		}
		_, _ = io.WriteString(w, "OK")
	})
	for _, load := range []struct {
		name, path, body string
		events           int
	}{{"event", "/v1/webhook", event, 1}, {"batch", "/v1/batch", batch, 100}} {
		for _, handler := range []struct {
			name string
			http.Handler
		}{{"yardstick", yardstick}, {"gateway", publish(0)}, {"gateway+3ms", publish(3 * time.Millisecond)}} {
			for _, senders := range []int{1, 64, 256} {
				b.Run(fmt.Sprintf("%s/%s/senders=%d", load.name, handler.name, senders), func(b *testing.B) {
					request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
						load.path, tokenA, len(load.body), load.body)
					sendAll(b, handler.Handler, senders, request)
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
					b.ReportMetric(float64(b.N*load.events)/b.Elapsed().Seconds(), "events/s")
				})
			}
		}
	}
}

// sendAll sends a request b.N times.
func sendAll(b *testing.B, handler http.Handler, senders int, request string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l)
	}()
	defer func() {
		server.Close()
		<-ended
	}()
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	for range senders {
		all.Go(func() {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			answers := bufio.NewReader(conn)
			for left.Add(-1) >= 0 {
				if _, err := io.WriteString(conn, request); err != nil {
					b.Error(err)
					return
				}
				answer, err := http.ReadResponse(answers, nil)
				if err != nil {
					b.Error(err)
					return
				}
				if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != 200 {
					b.Errorf("%s, %v", answer.Status, err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
}
