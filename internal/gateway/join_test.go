package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
)

// send has a Server take a request without a connection.
func send(s *Server, token, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.SetBasicAuth(token, "")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func newServer(t *testing.T, k *keeper, change func(*Config)) *Server {
	cfg := Config{Accounts: tokens(t), Publisher: k}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestJoined holds one message on its way while others come: those are the next message, as
// far as they fit. The other account doesn't wait.
func TestJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		k := holding(held)
		s := newServer(t, k, func(c *Config) { c.MaxJoined = 4 * 1128 })
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if w := send(s, tokenA, "/v1/webhook", fmt.Sprintf("%1000d", i)); w.Code != 200 {
					t.Errorf("%d: %d", i, w.Code)
				}
			})
			synctest.Wait()
		}
		if w := send(s, tokenB, "/v1/webhook", "{}"); w.Code != 200 {
			t.Error(w.Code)
		}
		if n := len(k.all()); n != 1 {
			t.Errorf("%d messages while the first is held", n)
		}
		close(held)
		all.Wait()
		var sizes []int
		ids := map[string]bool{}
		for _, m := range k.all() {
			sizes = append(sizes, m.events)
			ids[m.id] = true
			if len(m.data) > 4*1128 {
				t.Errorf("a message of %d bytes", len(m.data))
			}
		}
		if diff := cmp.Diff([]int{1, 1, 4, 4, 1}, sizes); diff != "" {
			t.Error(diff)
		}
		if len(ids) != len(sizes) {
			t.Errorf("%d ids", len(ids))
		}
		for i, event := range k.events(t)[1:] {
			if event != fmt.Sprintf("%1000d", i) {
				t.Errorf("event %d is %s", i, strings.TrimSpace(event))
			}
		}
	})
}

// TestLargest has bodies that are larger than what is joined: each is a message.
func TestLargest(t *testing.T) {
	k := new(keeper)
	s := newServer(t, k, func(c *Config) { c.MaxBody, c.MaxJoined = 10_000, 1000 })
	for range 3 {
		if w := send(s, tokenA, "/v1/webhook", strings.Repeat("x", 10_000)); w.Code != 200 {
			t.Error(w.Code)
		}
	}
	if n := len(k.events(t)); n != 3 {
		t.Errorf("%d events", n)
	}
}

// TestPublisherHangs has a Publisher that keeps nothing for longer than a sender waits. Who
// waits longest is answered before the Go SDK gives up, and what was not on its way then
// isn't kept later.
func TestPublisherHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var works atomic.Bool
		k := &keeper{}
		k.before = func(ctx context.Context, _ string, _ int) error {
			if works.Load() {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		s := newServer(t, k, nil)
		began := time.Now()
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() {
				if w := send(s, tokenA, "/v1/webhook", fmt.Sprint(i)); w.Code != 429 || w.Header().Get("Retry-After") == "" {
					t.Errorf("%d: %d", i, w.Code)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if took := time.Since(began); took >= 10*time.Second {
			t.Errorf("took %v", took)
		}
		time.Sleep(time.Minute) // the second message is given up, too
		works.Store(true)
		if w := send(s, tokenA, "/v1/webhook", "later"); w.Code != 200 {
			t.Error(w.Code)
		}
		if diff := cmp.Diff([]string{"later"}, k.events(t)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestForgotten has a request that waits behind a message for too long: it is not in the
// next one.
func TestForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		k := &keeper{before: func(context.Context, string, int) error { <-held; return nil }}
		s := newServer(t, k, nil)
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() {
				if w := send(s, tokenA, "/v1/webhook", fmt.Sprint(i)); w.Code != 429 {
					t.Errorf("%d: %d", i, w.Code)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		close(held)
		synctest.Wait()
		if diff := cmp.Diff([]string{"0"}, k.events(t)); diff != "" {
			t.Error(diff)
		}
		if n := len(s.joiner.lanes); n != 0 {
			t.Errorf("%d accounts are left", n)
		}
	})
}

// TestForgottenTakesNoMemory while a message before it is still on its way: MaxBytes counts the
// requests that have no response alone.
func TestForgottenTakesNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reached, release := make(chan struct{}), make(chan struct{})
		k := &keeper{before: func(context.Context, string, int) error { close(reached); <-release; return errNotKept }}
		cfg := Config{Accounts: tokens(t), Publisher: k}
		cfg.setDefaults()
		j := newJoiner(cfg, new(pulse))
		first := &request{Request: inbox.Request{Kind: inbox.Event, Body: []byte("{}")}, events: 1, done: make(chan answer, 1)}
		j.put("a", first)
		<-reached
		a := j.keep("a", &request{Request: inbox.Request{Kind: inbox.Event, Body: []byte("{}")}, events: 1})
		j.mu.Lock()
		if waiting := j.lanes["a"].waiting; a.status != unavailable.status || len(waiting) > 0 {
			t.Errorf("%d, and %d wait", a.status, len(waiting))
		}
		j.mu.Unlock()
		close(release)
		<-first.done
	})
}

// TestAcknowledged has senders at a Publisher that fails at random, also after it has kept a
// message. Each event with a 200 is kept once, where its acknowledgement puts it: behind all
// that were acknowledged before it was sent. None is kept of a request that never came to a
// message.
func TestAcknowledged(t *testing.T) {
	var log struct {
		sync.Mutex
		at    map[string][]int // of an event, the places where it is kept
		count int
	}
	log.at = map[string][]int{}
	random := rand.New(rand.NewPCG(1, 2)) // used by one account at a time
	errLost := errors.New("the answer was lost")
	publisher := publisherFunc(func(_ context.Context, _ string, data []byte, events int, _ string) error {
		outcome := random.IntN(4)
		time.Sleep(time.Duration(random.IntN(5)) * time.Millisecond)
		if outcome == 0 {
			return []error{ErrFull, ErrStarting, errNotKept}[random.IntN(3)]
		}
		log.Lock()
		defer log.Unlock()
		k := &keeper{messages: []kept{{data: data, events: events}}}
		for _, text := range k.events(t) {
			var event struct{ ID string }
			if err := json.Unmarshal([]byte(text), &event); err != nil {
				t.Error(err)
			}
			log.at[event.ID] = append(log.at[event.ID], log.count)
			log.count++
		}
		if outcome == 1 {
			return errLost
		}
		return nil
	})
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Accounts: tokens(t), Publisher: publisher, MaxJoined: 3000})
		if err != nil {
			t.Fatal(err)
		}
		type sent struct {
			id            string
			events        int
			before, after int // how many were kept
			status        int
		}
		count := func() int {
			log.Lock()
			defer log.Unlock()
			return log.count
		}
		var mu sync.Mutex
		var all []sent
		var senders sync.WaitGroup
		for sender := range 20 {
			senders.Go(func() {
				random := rand.New(rand.NewPCG(3, uint64(sender)))
				for n := range 100 {
					one := sent{id: fmt.Sprintf("%d-%d", sender, n), before: count(), events: 1}
					path, body := "/v1/webhook", fmt.Sprintf(`{"id":"%s.0","x":"%s"}`, one.id, strings.Repeat("x", random.IntN(1000)))
					if random.IntN(3) == 0 {
						path, body, one.events = "/v1/batch", fmt.Sprintf(`{"batch":[{"id":"%s.0"},{"id":"%s.1"}]}`, one.id, one.id), 2
					}
					one.status = send(s, tokenA, path, body).Code
					one.after = count()
					mu.Lock()
					all = append(all, one)
					mu.Unlock()
					time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond)
				}
			})
		}
		senders.Wait()
		statuses := map[int]int{}
		for _, one := range all {
			statuses[one.status]++
			for n := range one.events {
				places := log.at[fmt.Sprintf("%s.%d", one.id, n)]
				if one.status == 200 && len(places) != 1 || len(places) > 1 {
					t.Errorf("%s: %d, and kept %d times", one.id, one.status, len(places))
				}
				for _, place := range places {
					if place < one.before || one.status == 200 && place >= one.after {
						t.Errorf("%s: kept at %d, sent at %d, answered at %d", one.id, place, one.before, one.after)
					}
				}
			}
		}
		if statuses[200] < 500 || statuses[429] < 500 || len(statuses) != 2 {
			t.Errorf("statuses %v", statuses)
		}
	})
}

type publisherFunc func(ctx context.Context, account string, data []byte, events int, id string) error

func (f publisherFunc) Publish(ctx context.Context, account string, data []byte, events int, id string) error {
	return f(ctx, account, data, events, id)
}
