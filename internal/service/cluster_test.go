package service

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// fleet is some services that share a store, in virtual time.
type fleet struct {
	t       *testing.T
	engine  *stream.Engine
	klaviyo *klaviyotest.Klaviyo
	running map[string]*sharing
	log     *log
	sent    int
	before  func() // is called before each call, if it isn't nil
}

func (f *fleet) call(r *http.Request) (*http.Response, error) {
	if f.before != nil {
		f.before()
	}
	return f.klaviyo.Transport().RoundTrip(r)
}

// sharing is one of them.
type sharing struct {
	*Service
	id     string
	engine *stream.Engine
	cancel func()
	ended  chan struct{}
}

// inFleet runs a test in virtual time, with a real store.
func inFleet(t *testing.T, test func(*testing.T, *fleet)) {
	t.Helper()
	t.Parallel()
	startServerOutside(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)))
		f := &fleet{t: t, running: map[string]*sharing{}, log: &log{}}
		var err error
		if f.engine, err = stream.Embed(stream.EmbedConfig{Dir: dir, Log: slog.New(slog.NewTextHandler(f.log, nil))}); err != nil {
			t.Fatal(err)
		}
		f.klaviyo = klaviyotest.New(klaviyotest.WithKey("pk_right"))
		defer f.end()
		test(t, f)
	})
}

// end ends all, also of a test that fails.
func (f *fleet) end() {
	for _, id := range slices.Collect(maps.Keys(f.running)) {
		f.stop(id)
	}
	f.engine.Close()
}

func testAccounts(n int) (accounts []config.Account) {
	for i := range n {
		accounts = append(accounts, testAccount(fmt.Sprintf("shop-%02d", i)))
	}
	return accounts
}

// start adds a service.
func (f *fleet) start(id string, accounts []config.Account) *sharing {
	f.t.Helper()
	engine, err := f.engine.Share(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(f.log, nil)).With("service", id)
	cfg := Config{Engine: engine, ID: id, Logger: logger, Client: func(account config.Account, through func(http.RoundTripper) http.RoundTripper, options ...client.Option) (*client.Client, error) {
		return client.New(account.Key, append(options, client.WithHTTPClient(&http.Client{Transport: delivery.Transport(through(roundTripper(f.call)))}), client.WithLogger(logger))...)
	}}
	s := &sharing{id: id, engine: engine, ended: make(chan struct{})}
	if s.Service, err = New(f.t.Context(), cfg, accounts); err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() {
		defer close(s.ended)
		s.Run(ctx)
	}()
	f.running[id] = s
	return s
}

// stop ends a service as SIGTERM does.
func (f *fleet) stop(id string) {
	f.t.Helper()
	s := f.running[id]
	s.cancel()
	<-s.ended
	if err := s.engine.Close(); err != nil {
		f.t.Error(err)
	}
	delete(f.running, id)
}

// kill ends it as kill -9 does: nothing that it had to say comes through.
func (f *fleet) kill(id string) {
	f.t.Helper()
	s := f.running[id]
	s.engine.Close()
	s.cancel()
	<-s.ended
	delete(f.running, id)
}

// owners are the accounts of each service that runs.
func (f *fleet) owners() map[string][]string {
	owners := map[string][]string{}
	of := map[string]string{}
	for id, s := range f.running {
		owners[id] = slices.DeleteFunc(slices.Sorted(maps.Keys(s.owned())), func(name string) bool { return !s.account(name).isValid() })
		for _, name := range owners[id] {
			if of[name] != "" {
				f.t.Errorf("%s is owned by %s and by %s", name, of[name], id)
			}
			of[name] = id
		}
	}
	return owners
}

func (a *account) isValid() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lease != nil && a.lease.Valid()
}

// counts are how many accounts each service owns, in ascending order.
func (f *fleet) counts() (counts []int) {
	for _, names := range f.owners() {
		counts = append(counts, len(names))
	}
	slices.Sort(counts)
	return counts
}

// owned counts the accounts that are owned.
func (f *fleet) owned() (n int) {
	for _, count := range f.counts() {
		n += count
	}
	return n
}

// watch lets time pass, in which no account may have two owners.
func (f *fleet) watch(d time.Duration) {
	f.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		f.owners()
	}
}

// spreads waits until the services own these numbers of accounts, and returns how long that took.
func (f *fleet) spreads(want ...int) time.Duration {
	f.t.Helper()
	begun := time.Now()
	for !slices.Equal(f.counts(), want) {
		if time.Since(begun) > 10*DefaultLease {
			f.t.Fatalf("the accounts are %v, want %v\n%s", f.owners(), want, f.log)
		}
		time.Sleep(100 * time.Millisecond)
	}
	f.t.Logf("%v after %v", want, time.Since(begun))
	return time.Since(begun)
}

// stays checks that no account moves for a time.
func (f *fleet) stays(d time.Duration) {
	f.t.Helper()
	before := f.taken()
	f.watch(d)
	if after := f.taken(); after != before {
		f.t.Errorf("%d accounts have moved: %v\n%s", after-before, f.owners(), f.log)
	}
}

// send keeps an event of an account, at any service.
func (f *fleet) send(account, event string) {
	f.t.Helper()
	for _, s := range f.running {
		f.sent++
		message := inbox.Append(nil, inbox.Request{Kind: inbox.Webhook, Received: time.Now(), Body: []byte(event)})
		if err := s.Publish(f.t.Context(), account, message, 1, fmt.Sprint(f.sent)); err != nil {
			f.t.Fatal(err)
		}
		return
	}
}

// arrives waits until that many events are at Klaviyo.
func (f *fleet) arrives(n int) {
	f.t.Helper()
	for begun := time.Now(); len(f.klaviyo.Events()) < n; time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > 10*DefaultLease {
			f.t.Fatalf("%d events have arrived, want %d\n%s", len(f.klaviyo.Events()), n, f.log)
		}
	}
}

// taken counts how often an account was taken.
func (f *fleet) taken() int { return strings.Count(f.log.String(), `msg="account owned"`) }

func TestAccountsSpread(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		accounts := testAccounts(12)
		f.start("a", accounts)
		f.spreads(12)
		f.watch(7 * time.Second)
		f.start("b", accounts)
		f.watch(20 * time.Second)
		f.start("c", accounts)
		f.spreads(4, 4, 4)
		f.stays(10 * DefaultLease)

		f.start("d", accounts)
		before := f.taken()
		f.spreads(3, 3, 3, 3)
		if moved := f.taken() - before; moved > 6 {
			t.Errorf("%d accounts have moved so that a fourth service has its share", moved)
		}
		f.stays(10 * DefaultLease)

		f.kill("b")
		f.spreads(4, 4, 4)
		f.stop("c")
		begun := time.Now()
		for f.owned() < 12 {
			time.Sleep(100 * time.Millisecond)
		}
		if pause := time.Since(begun); pause > 1500*time.Millisecond { // each look at an account is a second after the last
			t.Errorf("the accounts of a service that stopped were nobody's for %v", pause)
		}
		f.spreads(6, 6)
	})
}

// TestAccountsSpreadAtOnce has services that start at the same time: each takes its share, and
// nothing has to move.
func TestAccountsSpreadAtOnce(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		accounts := testAccounts(7)
		for _, id := range []string{"a", "b", "c"} {
			f.start(id, accounts)
		}
		f.spreads(2, 2, 3)
		f.stays(10 * DefaultLease)
		if n := f.taken(); n != 7 {
			t.Errorf("accounts were taken %d times", n)
		}
	})
}

// TestServiceThatComesAndGoes moves nothing but what nobody else owns, however it goes.
func TestServiceThatComesAndGoes(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		accounts := testAccounts(6)
		f.start("a", accounts)
		f.start("b", accounts)
		f.spreads(3, 3)
		before := f.taken()
		for i, up := range []time.Duration{20, 5, 30, 12, 40, 25} {
			f.start("c", accounts)
			f.watch(up * time.Second)
			if i%2 == 0 {
				f.kill("c")
			} else {
				f.stop("c")
			}
			f.watch(10 * time.Second)
		}
		if after := f.taken(); after != before {
			t.Errorf("%d accounts have moved\n%s", after-before, f.log)
		}
	})
}

// TestRestartMovesLittle has the accounts of a service that is restarted wait for it elsewhere,
// and none of another's move.
func TestRestartMovesLittle(t *testing.T) {
	for name, end := range map[string]func(*fleet, string){"stopped": (*fleet).stop, "killed": (*fleet).kill} {
		t.Run(name, func(t *testing.T) {
			inFleet(t, func(t *testing.T, f *fleet) {
				accounts := testAccounts(9)
				for _, id := range []string{"a", "b", "c"} {
					f.start(id, accounts)
				}
				f.spreads(3, 3, 3)
				f.watch(5 * DefaultLease)
				was, before := f.owners(), f.taken()
				end(f, "b")
				f.watch(3 * time.Second)
				f.start("b", accounts)
				f.watch(10 * DefaultLease)
				if got := f.owners(); !maps.EqualFunc(got, was, slices.Equal) || f.taken()-before != 6 {
					t.Errorf("the accounts were %v and are %v, after %d have moved\n%s", was, got, f.taken()-before, f.log)
				}
			})
		})
	}
}

// TestAccountsOfOneServiceAlone stay with it, and are no share of the others.
func TestAccountsOfOneServiceAlone(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		accounts := testAccounts(8)
		f.start("a", accounts)
		f.spreads(8)
		f.start("b", accounts[:2])
		f.spreads(2, 6)
		f.stays(10 * DefaultLease)
		if err := f.running["b"].Reload(t.Context(), accounts[:1]); err != nil {
			t.Fatal(err)
		}
		f.spreads(1, 7)
		if err := f.running["a"].Reload(t.Context(), accounts[:7]); err != nil { // what only it had is nobody's
			t.Fatal(err)
		}
		f.spreads(1, 6)
	})
}

// TestServiceThatTakesNothing announces itself and hangs. Its accounts go on elsewhere, and it
// isn't left others for a while.
func TestServiceThatTakesNothing(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		accounts := testAccounts(6)
		f.start("a", accounts)
		f.start("b", accounts)
		f.spreads(3, 3)
		engine, err := f.engine.Share(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var names []string
		for _, a := range accounts {
			names = append(names, a.Name)
		}
		var hung sync.WaitGroup
		hung.Go(func() {
			engine.Announce(ctx, stream.Announcement{ID: "hung", Lease: DefaultLease, Accounts: func() []string { return names }, Seen: func([]stream.Member) {}})
		})
		before := f.taken()
		f.watch(10 * DefaultLease)
		if moved := f.taken() - before; moved < 1 || moved > 3 {
			t.Errorf("%d accounts have moved\n%s", moved, f.log)
		}
		if counts := f.counts(); counts[0]+counts[1] != 6 {
			t.Errorf("the services own %v", counts)
		}
		stop()
		hung.Wait()
		engine.Close()
	})
}

// TestServiceWithABrokenKey lets the account go to one that can deliver it, and doesn't get it
// back before its settings are read again.
func TestServiceWithABrokenKey(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		good, broken := testAccount("eu"), testAccount("eu")
		broken.Key = "pk_wrong"
		first := planFor([]stream.Member{{ID: "a", Accounts: []string{"eu"}}, {ID: "b", Accounts: []string{"eu"}}})["eu"]
		other := map[string]string{"a": "b", "b": "a"}[first]
		f.start(first, []config.Account{broken})
		f.spreads(1)
		f.send("eu", track(1, 1))
		f.start(other, []config.Account{good})
		f.arrives(1)
		if got := f.owners(); len(got[other]) != 1 {
			t.Errorf("%v", got)
		}
		f.stays(10 * DefaultLease)
		// Once it is refused everywhere it stays where it is.
		revoked := testAccount("eu")
		revoked.Key = "pk_revoked"
		if err := f.running[other].Reload(t.Context(), []config.Account{revoked}); err != nil {
			t.Fatal(err)
		}
		f.send("eu", track(1, 2))
		f.watch(DefaultLease)
		f.stays(10 * DefaultLease)
	})
}

// TestServicesWithOneID don't share, and lose nothing: the log says what to do.
func TestServicesWithOneID(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		accounts := testAccounts(4)
		f.start("a", accounts)
		f.spreads(4)
		f.running["its twin"] = f.running["a"]
		f.start("a", accounts)
		f.watch(10 * DefaultLease)
		if !strings.Contains(f.log.String(), "another service has the same id") {
			t.Errorf("the log doesn't say so\n%s", f.log)
		}
	})
}

// TestHandOverFinishes what is on its way: nothing is sent twice, and a person's events stay in
// their order.
func TestHandOverFinishes(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		reached, answer := make(chan struct{}, 8), make(chan struct{})
		f.before = func() {
			reached <- struct{}{}
			<-answer
		}
		accounts := testAccounts(2)
		f.start("a", accounts)
		f.spreads(2)
		f.start("b", accounts)
		f.watch(40 * time.Second)
		for _, a := range accounts { // one of them is to go soon
			f.send(a.Name, `{"type":"track","event":"Ping","messageId":"held-`+a.Name+`","properties":{"email":"p1@example.com"}}`)
			<-reached
		}
		f.watch(DefaultLease)
		if !strings.Contains(f.log.String(), "account handed over") {
			t.Errorf("no account is handed over\n%s", f.log)
		}
		if got := len(f.owners()["b"]); got != 0 {
			t.Errorf("b owns %d accounts while a delivers", got)
		}
		for i, a := range accounts {
			f.send(a.Name, track(i, 1))
		}
		close(answer)
		f.spreads(1, 1)
		f.watch(5 * time.Second)
		times := map[string]int{}
		for _, r := range f.klaviyo.Requests() {
			times[string(r.Body)]++
		}
		for body, n := range times {
			if n > 1 {
				t.Errorf("sent %d times: %s", n, body)
			}
		}
		if n := len(f.klaviyo.Events()); n != 4 {
			t.Errorf("%d events arrived", n)
		}
	})
}
