package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
)

func TestMain(m *testing.M) { servetest.VerifyTestMain(m) }

// The tokens of two accounts, and one that is neither's.
const (
	tokenA = "token-of-a-5f1c"
	tokenB = "token-of-b-77aa"
	noones = "token-of-nobody"
)

func tokens(t testing.TB) *Tokens {
	tokens := new(Tokens)
	use(t, tokens, map[string][]string{"a": {tokenA, "another-of-a"}, "b": {tokenB}})
	return tokens
}

func use(t testing.TB, tokens *Tokens, accounts map[string][]string) {
	t.Helper()
	list, err := NewTokenList(accounts)
	if err != nil {
		t.Fatal(err)
	}
	tokens.Use(list)
}

// errNotKept is an error of a Publisher that isn't one of the gateway's.
var errNotKept = errors.New("the store is unavailable")

// keeper is a Publisher in memory.
type keeper struct {
	mu       sync.Mutex
	messages []kept
	// before is called for each message; an error is Publish's. It may be nil.
	before func(ctx context.Context, account string, events int) error
}

// refusing is a keeper that fails the first n messages.
func refusing(n int) *keeper {
	return &keeper{before: func(context.Context, string, int) error {
		if n > 0 {
			n--
			return errNotKept
		}
		return nil
	}}
}

// holding is a keeper that keeps no message of account a until the channel is closed.
func holding(until <-chan struct{}) *keeper {
	return &keeper{before: func(_ context.Context, account string, _ int) error {
		if account == "a" {
			<-until
		}
		return nil
	}}
}

type kept struct {
	account string
	data    []byte
	events  int
	id      string
}

func (k *keeper) Publish(ctx context.Context, account string, data []byte, events int, id string) error {
	if k.before != nil {
		if err := k.before(ctx, account, events); err != nil {
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.messages = append(k.messages, kept{account, bytes.Clone(data), events, id})
	return nil
}

func (k *keeper) all() []kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]kept(nil), k.messages...)
}

// events returns the events of all messages, and holds their number to the one that was said.
func (k *keeper) events(t testing.TB) (events []string) {
	t.Helper()
	for i, m := range k.all() {
		n := 0
		for r := inbox.Read(m.data, input.Position{Line: i + 1}); ; n++ {
			event, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, string(event.Text))
		}
		if n != m.events {
			t.Errorf("message %d has %d events; %d were said", i+1, n, m.events)
		}
	}
	return events
}

// running is a Server with what the test needs of it.
type running struct {
	*Server
	*keeper
	url string
	log *bytes.Buffer

	mu       sync.Mutex
	answered []Answered
}

// start starts a Server on loopback.
func start(t testing.TB, k *keeper, change func(*Config)) *running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := startOn(t, l, k, change)
	r.url = "http://" + l.Addr().String()
	return r
}

func startOn(t testing.TB, l net.Listener, k *keeper, change func(*Config)) *running {
	t.Helper()
	r := &running{keeper: k, log: new(bytes.Buffer)}
	cfg := Config{Accounts: tokens(t), Publisher: k, Log: log.New(r.log, "", 0)}
	cfg.Observer.Answered = func(a Answered) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.answered = append(r.answered, a)
	}
	if change != nil {
		change(&cfg)
	}
	server, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = server
	t.Cleanup(func() { // when it has ended
		for _, secret := range []string{tokenA, tokenB, noones, "jane@example.com"} {
			if strings.Contains(r.log.String(), secret) {
				t.Errorf("the log has %s: %s", secret, r.log)
			}
		}
	})
	servetest.Serve(t, server, l)
	return r
}

// client is one whose connections end with the test.
func client(t testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// post sends a body with a token, and gives the response and its body.
func post(t testing.TB, c *http.Client, url, token string, body io.Reader, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func compressed(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}
