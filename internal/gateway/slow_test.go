package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes, so that time can be the test's.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial opens a connection. None is open once the server has stopped.
func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
	case <-p.done:
		there.Close()
	}
	return here
}

// exchange sends a request and gives the response's status and code, or 0 if there is none.
func exchange(conn net.Conn, request string) (status int, text string) {
	if _, err := io.WriteString(conn, request); err != nil {
		return 0, ""
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body)
}

const bearerA = "POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer " + tokenA + "\r\n"

// TestSlowHeaders opens ten thousand connections that send a byte a second each, and again
// as they are closed. They take the memory of as many as may be open, a sender gets in at
// once at any time, and they are gone in the end.
func TestSlowHeaders(t *testing.T) {
	const most = 200
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		s := startOn(t, l, new(keeper), func(c *Config) { c.MaxConnections = most })
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)

		kept := l.dial() // a sender that keeps its connection
		defer kept.Close()
		if status, _ := exchange(kept, bearerA+"Content-Length: 2\r\n\r\n{}"); status != 200 {
			t.Fatal(status)
		}
		stop := make(chan struct{})
		var all sync.WaitGroup
		for i := range 10_000 {
			conn := l.dial()
			all.Go(func() {
				defer conn.Close()
				for n := 0; ; n++ {
					if _, err := conn.Write([]byte{bearerA[n%10]}); err != nil {
						return
					}
					select {
					case <-time.After(time.Second):
					case <-stop:
						return
					}
				}
			})
			if i%1000 != 0 {
				continue
			}
			time.Sleep(time.Second)
			began := time.Now()
			another := l.dial()
			for _, conn := range []net.Conn{kept, another} {
				if status, _ := exchange(conn, bearerA+"Content-Length: 2\r\n\r\n{}"); status != 200 {
					t.Errorf("after %d: status %d", i, status)
				}
			}
			if took := time.Since(began); took > 0 {
				t.Errorf("after %d: it took %v", i, took)
			}
			another.Close()
			s.connections.mu.Lock()
			if n := s.connections.count; n > most {
				t.Errorf("%d connections are open", n)
			}
			s.connections.mu.Unlock()
		}
		synctest.Wait()
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc+after.StackInuse) - int64(before.HeapAlloc+before.StackInuse); grown > 20<<20 {
			t.Errorf("%d bytes are taken", grown)
		}
		time.Sleep(2 * defaultHeaderTimeout)
		s.connections.mu.Lock()
		if n := s.connections.strangers.Len(); n > 0 {
			t.Errorf("%d that sent no header are open", n)
		}
		s.connections.mu.Unlock()
		close(stop)
		all.Wait()
	})
}

// TestBusyStays has more connections than may be open, all of them with a request in flight:
// those stay, and are answered; the one that is too many is closed.
func TestBusyStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		l := newPipes()
		k := &keeper{before: func(context.Context, string, int) error { <-held; return nil }}
		startOn(t, l, k, func(c *Config) { c.MaxConnections = 10 })
		var all sync.WaitGroup
		for range 10 {
			conn := l.dial()
			all.Go(func() {
				defer conn.Close()
				if status, _ := exchange(conn, bearerA+"Content-Length: 2\r\n\r\n{}"); status != 200 {
					t.Error(status)
				}
			})
		}
		synctest.Wait()
		eleventh := l.dial()
		if status, _ := exchange(eleventh, bearerA+"Content-Length: 2\r\n\r\n{}"); status != 0 {
			t.Error(status)
		}
		close(held)
		all.Wait()
		synctest.Wait()
		twelfth := l.dial()
		defer twelfth.Close()
		if status, _ := exchange(twelfth, bearerA+"Content-Length: 2\r\n\r\n{}"); status != 200 {
			t.Error(status)
		}
	})
}

// TestSlow has senders that begin and don't go on, each with what becomes of it and when.
func TestSlow(t *testing.T) {
	for name, test := range map[string]struct {
		request string
		status  int // 0 for a connection that is closed
		code    string
		within  time.Duration
	}{
		"nothing":             {"", 0, "", defaultHeaderTimeout},
		"half a header":       {"POST /v1/we", 0, "", defaultHeaderTimeout},
		"half a body":         {bearerA + "Content-Length: 10\r\n\r\n{", 429, "slow", defaultReadTimeout},
		"half of gzip":        {bearerA + "Content-Encoding: gzip\r\nContent-Length: 100\r\n\r\n" + compressed("{}")[:12], 429, "slow", defaultReadTimeout},
		"no body, no token":   {"POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10\r\n\r\n", 401, "unauthorized", 0},
		"no body, wrong path": {"POST /v2/webhook HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10\r\n\r\n", 404, "not_found", 0},
		"100 MB, no token":    {"POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100000000\r\n\r\n{", 401, "unauthorized", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				s := startOn(t, l, new(keeper), nil)
				began := time.Now()
				conn := l.dial()
				defer conn.Close()
				status, text := exchange(conn, test.request)
				if status != test.status || !strings.Contains(text, test.code) {
					t.Errorf("%d %s", status, text)
				}
				if took := time.Since(began); took > test.within {
					t.Errorf("took %v", took)
				}
				if _, err := io.Copy(io.Discard, conn); err != nil { // until it is closed
					t.Error(err)
				}
				if took := time.Since(began); took > test.within+2*drainTime {
					t.Errorf("the connection was closed after %v", took)
				}
				if len(s.events(t)) > 0 {
					t.Error("an event was stored")
				}
			})
		})
	}
}

// TestIdle closes a connection on which nothing comes.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		startOn(t, l, new(keeper), nil)
		conn := l.dial()
		defer conn.Close()
		for range 3 {
			if status, _ := exchange(conn, bearerA+"Content-Length: 2\r\n\r\n{}"); status != 200 {
				t.Fatal(status)
			}
			time.Sleep(defaultIdleTimeout - time.Second)
		}
		time.Sleep(2 * time.Second)
		if status, _ := exchange(conn, bearerA+"Content-Length: 2\r\n\r\n{}"); status != 0 {
			t.Error(status)
		}
	})
}

// TestFlood has one account send more than may be under way, by requests and by bytes. It
// gets 429 for what is too much; the other account gets in, and so does all of it later.
func TestFlood(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		size   int
	}{
		"requests": {func(c *Config) { c.MaxRequests = 20 }, 10},
		"bytes":    {func(c *Config) { c.MaxBytes, c.MaxBody = 20*firstSize, firstSize }, firstSize - 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				held := make(chan struct{})
				k := holding(held)
				s := newServer(t, k, test.change)
				body := strings.Repeat("x", test.size)
				var mu sync.Mutex
				statuses := map[string]int{}
				var all sync.WaitGroup
				for range 50 {
					all.Go(func() {
						w := send(s, tokenA, "/v1/webhook", body)
						mu.Lock()
						defer mu.Unlock()
						statuses[fmt.Sprint(w.Code, w.Header()["Retry-After"])]++
					})
				}
				synctest.Wait()
				if w := send(s, tokenB, "/v1/webhook", body); w.Code != 200 {
					t.Errorf("the other account: %d", w.Code)
				}
				close(held)
				all.Wait()
				if statuses["200 []"] != 10 || statuses["429 [1]"] != 40 {
					t.Errorf("%v", statuses)
				}
				if w := send(s, tokenA, "/v1/webhook", body); w.Code != 200 {
					t.Errorf("later: %d", w.Code)
				}
				if s.load.all != (usage{}) || len(s.load.of) > 0 {
					t.Errorf("in progress: %+v", s.load.all)
				}
			})
		})
	}
}

// TestShutdown stops a server with a request in flight: that one is answered as it would be,
// others are told to come again, and then nobody gets in.
func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		l := newPipes()
		k := &keeper{before: func(_ context.Context, account string, _ int) error {
			if account == "a" {
				<-held
			}
			return nil
		}}
		s := startOn(t, l, k, nil)
		idle, stranger, underWay := l.dial(), l.dial(), l.dial()
		const ofB = "POST /v1/webhook HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer " + tokenB + "\r\nContent-Length: 2\r\n\r\n{}"
		if status, _ := exchange(idle, ofB); status != 200 {
			t.Fatal(status)
		}
		answered := make(chan int)
		go func() {
			status, _ := exchange(underWay, bearerA+"Content-Length: 2\r\n\r\n{}")
			answered <- status
		}()
		synctest.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- s.Shutdown(t.Context()) }()
		synctest.Wait()

		for name, conn := range map[string]net.Conn{"idle": idle, "new": l.dial()} {
			if _, err := io.WriteString(conn, ofB); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || answer.StatusCode != 429 || !answer.Close || answer.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %+v, %v", name, answer, err)
			}
		}
		select {
		case err := <-stopped:
			t.Fatalf("the server stopped with a request in progress: %v", err)
		default:
		}
		close(held)
		if status := <-answered; status != 200 {
			t.Errorf("in progress: %d", status)
		}
		began := time.Now()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v to stop", took)
		}
		for _, conn := range []net.Conn{idle, stranger, underWay, l.dial()} {
			if status, _ := exchange(conn, ofB); status != 0 {
				t.Errorf("status %d after the end", status)
			}
		}
		if n := len(k.events(t)); n != 2 {
			t.Errorf("%d events were kept", n)
		}
	})
}

// TestShutdownGivesUp has a Publisher that doesn't come to an end before the stop has to.
func TestShutdownGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		k := &keeper{before: func(ctx context.Context, _ string, _ int) error { <-ctx.Done(); return ctx.Err() }}
		cfg := Config{Accounts: tokens(t), Publisher: k}
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(l) }()
		conn := l.dial()
		answered := make(chan int)
		go func() {
			status, _ := exchange(conn, bearerA+"Content-Length: 2\r\n\r\n{}")
			answered <- status
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if status := <-answered; status != 0 {
			t.Errorf("status %d", status)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}
