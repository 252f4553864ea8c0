package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// served is a service with a separate Klaviyo for each account.
type served struct {
	*Service
	dir    string
	engine *stream.Engine
	log    *log
	stop   func()
	n      int // messages published

	mu       sync.Mutex
	klaviyos map[string]*klaviyotest.Klaviyo
}

// log records log output.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (s *served) klaviyo(account string) *klaviyotest.Klaviyo {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.klaviyos[account] == nil {
		s.klaviyos[account] = klaviyotest.New(klaviyotest.WithAnyList(), klaviyotest.WithKey("pk_right"))
	}
	return s.klaviyos[account]
}

func testAccount(name string) config.Account {
	return config.Account{Name: name, Key: "pk_right", Tokens: []string{"token-of-" + name + "-0123"}, MaxBacklog: 64 << 20}
}

// serve starts a service with the data of a folder.
func serve(t *testing.T, dir string, accounts ...config.Account) *served {
	t.Helper()
	return serveTo(t, dir, map[string]*klaviyotest.Klaviyo{}, accounts...)
}

func serveTo(t *testing.T, dir string, klaviyos map[string]*klaviyotest.Klaviyo, accounts ...config.Account) *served {
	t.Helper()
	s := &served{dir: dir, log: &log{}, klaviyos: klaviyos}
	logger := slog.New(slog.NewTextHandler(io.MultiWriter(s.log, t.Output()), nil))
	var err error
	if s.engine, err = stream.Embed(stream.EmbedConfig{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Engine: s.engine, ID: "test", Logger: logger, Client: func(account config.Account, through func(http.RoundTripper) http.RoundTripper, options ...client.Option) (*client.Client, error) {
		transport := delivery.Transport(through(s.klaviyo(account.Name).Transport()))
		if account.Mapping.AllowExternalIDOnly {
			options = append(options, client.WithExternalIDOnly())
		}
		return client.New(account.Key, append(options, client.WithHTTPClient(&http.Client{Transport: transport}), client.WithLogger(logger))...)
	}}
	if s.Service, err = New(t.Context(), cfg, accounts); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	s.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
		if err := s.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

// startServerOutside starts a server before a test's bubble (testing/synctest): the first
// server of a process starts a goroutine that outlives it, and so must not be in a bubble.
func startServerOutside(t *testing.T) {
	t.Helper()
	outside, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { outside.Close() })
}

// send stores a request of the webhook for an account.
func (s *served) send(t *testing.T, account, event string) {
	t.Helper()
	s.n++
	message := inbox.Append(nil, inbox.Request{Kind: inbox.Webhook, Received: time.Now(), Body: []byte(event)})
	if err := s.Publish(t.Context(), account, message, 1, fmt.Sprintf("%p-%d", s, s.n)); err != nil {
		t.Fatal(err)
	}
}

func track(person, n int) string {
	return fmt.Sprintf(`{"type":"track","event":"Ping","messageId":"m-%d-%d","timestamp":"2026-01-01T00:00:%02dZ","properties":{"email":"p%d@example.com"}}`, person, n, n%60, person)
}

var eventually = servetest.Eventually

func (s *served) arrived(account string) int { return len(s.klaviyo(account).Events()) }

// statusOf returns the status of an account.
func (s *served) statusOf(t *testing.T, account string) Status {
	t.Helper()
	for _, status := range s.Status(t.Context()) {
		if status.Name == account {
			return status
		}
	}
	t.Fatalf("there is no account %s", account)
	return Status{}
}
