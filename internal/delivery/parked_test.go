package delivery

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// What waits has no requests in memory beyond a bound, and sends the same ones when
// its turn comes: single ones, merged ones and those of a batch.
func TestPendingEventsAreMappedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 5_000
		requests := func(text []byte) []mapper.Request {
			email := string(text)
			return []mapper.Request{profile(email, `{"n":1}`), subscribe("L", email)}
		}
		var again atomic.Int64
		s := &server{delay: time.Second}
		q := Start(t.Context(), Config{Sender: s, Map: func(text []byte) []mapper.Request {
			again.Add(1)
			return requests(text)
		}})
		add := func(line int, email string, requests ...mapper.Request) {
			e := of(line, email, requests...)
			e.Text = []byte(email)
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		for i := range people {
			email := fmt.Sprintf("p%d@x", i)
			add(i, email, requests([]byte(email))...)
		}
		q.mu.Lock()
		loaded := 0
		for e := q.backlog.pending.Front(); e != nil; e = e.Next() {
			if e.Value.(*task).requests != nil {
				loaded++
			}
		}
		q.mu.Unlock()
		if most := maxKeptBytes/taskBytes + DefaultConcurrency; loaded > most {
			t.Errorf("the requests of %d of %d events are in memory, want at most %d", loaded, people, most)
		}
		if report := q.Wait(); report.Delivered != people {
			t.Errorf("%+v", report)
		}
		if n := again.Load(); n == 0 || n > people {
			t.Errorf("%d were mapped again", n)
		}
		profiles, subscribed := map[string]bool{}, map[string]bool{}
		for _, r := range s.got {
			if email, ok := strings.CutPrefix(r.words, "profile "); ok {
				profiles[email] = true
				continue
			}
			for _, email := range strings.Fields(strings.TrimPrefix(r.words, "subscribe L: ")) {
				subscribed[email] = true
			}
		}
		if len(profiles) != people || len(subscribed) != people {
			t.Errorf("%d profiles and %d subscriptions", len(profiles), len(subscribed))
		}
	})
}

// Identifies that were put away are merged as if they had been kept.
func TestPendingEventsAreMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Second}
		requests := func(text []byte) []mapper.Request { return []mapper.Request{profile("a@x", string(text))} }
		q := Start(t.Context(), Config{Sender: s, Map: requests})
		for line := range 4 {
			e := of(line, "a@x", requests(fmt.Appendf(nil, `{"n%d":%d}`, line, line))...)
			e.Text = fmt.Appendf(nil, `{"n%d":%d}`, line, line)
			if line == 0 { // takes the room of those that are kept
				e.Text = make([]byte, maxKeptBytes-taskBytes)
				e.Requests = []mapper.Request{track("a@x", "0")}
			}
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		q.Wait()
		wantRequests(t, s, "event 0", `profile a@x{"n1":1,"n2":2,"n3":3}`)
	})
}

// While one operation's quota is used up, those behind it in the input go out.
func TestSortedInputLeavesNoQuotaUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const profiles, events = 7_000, 1_000
		release := make(chan struct{})
		var sent atomic.Int64
		q := Start(t.Context(), Config{Sender: byOperation(func(op *klaviyo.Operation) {
			if op == klaviyo.OperationCreateProfile {
				<-release
				return
			}
			sent.Add(1)
		}), Map: func(text []byte) []mapper.Request {
			if text[0] == 't' {
				return []mapper.Request{track(string(text), "1")}
			}
			return []mapper.Request{profile(string(text), "")}
		}})
		for i := range profiles + events {
			text := fmt.Sprintf("%s%d@x", strings.Repeat("p", 1_400), i)
			if i >= profiles {
				text = fmt.Sprintf("t%d@x", i)
			}
			e := of(i, text, q.cfg.Map([]byte(text))...)
			e.Text = []byte(text)
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := sent.Load(); n != events {
			t.Errorf("%d of %d events were sent", n, events)
		}
		close(release)
		q.Wait()
	})
}

// byOperation takes requests once a function returns.
type byOperation func(*klaviyo.Operation)

func (f byOperation) Send(_ context.Context, r client.Request) (*client.Response, error) {
	f(r.Operation())
	return &client.Response{}, nil
}

// Large events are sent one by one, small ones beside them.
func TestLargeCallsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var large, most, small int
		q := Start(t.Context(), Config{Sender: sender(func(_ context.Context, r request) error {
			mu.Lock()
			defer mu.Unlock()
			if r.line%2 == 0 {
				small++
				return nil
			}
			large++
			most = max(most, large)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			large--
			return nil
		}), Concurrency: 8})
		for line := range 6 {
			e := email(line, fmt.Sprint(line))
			if line%2 == 1 {
				e.Text = make([]byte, maxLargeInFlight)
			}
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		q.Wait()
		if most != 1 || small != 3 {
			t.Errorf("%d large calls at once, %d small ones", most, small)
		}
	})
}
