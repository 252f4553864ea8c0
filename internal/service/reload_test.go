package service

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// TestReloadIsWholeOrNotAtAll checks that a reload with one invalid setting changes nothing.
func TestReloadIsWholeOrNotAtAll(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	good, wrong := testAccount("us"), testAccount("wrong")
	wrong.Mapping.DefaultCountry = "Germany"
	if err := s.Reload(t.Context(), []config.Account{good, wrong}); err == nil || !strings.Contains(err.Error(), "account wrong: ") {
		t.Errorf("%v", err)
	}
	if all := s.Status(t.Context()); len(all) != 1 || all[0].Name != "eu" {
		t.Errorf("%+v", all)
	}
	if err := s.Reload(t.Context(), []config.Account{good}); err != nil {
		t.Fatal(err)
	}
	s.send(t, "us", track(1, 1))
	eventually(t, "the event arrives", func() bool { return s.arrived("us") == 1 })
	if err := s.Publish(t.Context(), "eu", nil, 1, "x"); err != ErrNoAccount {
		t.Errorf("%v", err)
	}
}

// TestReloadChangesNoLimitIfTheStoreFails checks that a reload changes no limit if the store
// fails for an account that is later in the file.
func TestReloadChangesNoLimitIfTheStoreFails(t *testing.T) {
	eu := testAccount("eu")
	eu.MaxBacklog = 10_000
	s := serve(t, t.TempDir(), eu)
	larger, refused := eu, testAccount("no.name")
	larger.MaxBacklog, larger.Key = 1<<20, "pk_other"
	if err := s.Reload(t.Context(), []config.Account{larger, refused}); err == nil || !strings.Contains(err.Error(), "account no.name: ") {
		t.Fatalf("%v", err)
	}
	if got := s.statusOf(t, "eu").MaxBacklog; got != eu.MaxBacklog {
		t.Errorf("the limit is shown as %d", got)
	}
	if err := s.Publish(t.Context(), "eu", make([]byte, 20_000), 1, "large"); !errors.Is(err, stream.ErrFull) {
		t.Errorf("the store has the new limit: %v", err)
	}
	s.send(t, "eu", track(1, 1))
	eventually(t, "the event arrives with the old key", func() bool { return s.arrived("eu") == 1 })
}

func TestReloadWithoutAccounts(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	if err := s.Reload(t.Context(), nil); err != nil || len(s.Status(t.Context())) != 0 {
		t.Errorf("%v, %+v", err, s.Status(t.Context()))
	}
}

func TestReloadSetsTheLimitOfLetters(t *testing.T) {
	eu := testAccount("eu")
	s := serve(t, t.TempDir(), eu)
	eu.MaxLetters = 10
	if err := s.Reload(t.Context(), []config.Account{eu}); err != nil {
		t.Fatal(err)
	}
	s.send(t, "eu", `no event`)
	eventually(t, "the account pauses", func() bool { p := s.statusOf(t, "eu").Pause; return p != nil && p.Reason == "dead_letter" })
}

// TestReloadSharesTheMemory checks that a reload divides the memory for reading ahead among the
// remaining accounts.
func TestReloadSharesTheMemory(t *testing.T) {
	var accounts []config.Account
	for n := range allReadAhead/leastReadAhead + 1 {
		account := testAccount(fmt.Sprint("a", n))
		account.Key = fmt.Sprint("pk_", n)
		accounts = append(accounts, account)
	}
	accounts[0].Key = "pk_right"
	s := serve(t, t.TempDir(), accounts...)
	release := make(chan struct{})
	s.klaviyo("a0").Inject(klaviyotest.Fault{Times: -1, When: func(*http.Request) bool { <-release; return false }})
	defer close(release)
	const size = 50_000
	for n := range allReadAhead / size {
		s.send(t, "a0", fmt.Sprintf(`{"type":"track","event":"Ping","messageId":"m%d","properties":{"email":"p%d@example.com","text":"%s"}}`, n, n, strings.Repeat("x", size)))
	}
	read := func() uint64 {
		a := s.account("a0")
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.place == nil {
			return 0
		}
		a.place.mu.Lock()
		defer a.place.mu.Unlock()
		return a.place.state.Read.Seq
	}
	const atFirst = leastReadAhead / size
	eventually(t, "its share is read", func() bool { return read() >= atFirst })
	if err := s.Reload(t.Context(), accounts[:1]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "more is read", func() bool { return read() > 2*atFirst })
}

// TestReloadTriesPausedAccounts checks that a reload retries paused accounts, even with the same
// settings: the key may have a new scope.
func TestReloadTriesPausedAccounts(t *testing.T) {
	eu := testAccount("eu")
	eu.Key = "pk_wrong"
	s := serve(t, t.TempDir(), eu)
	s.send(t, "eu", track(1, 1))
	eventually(t, "the account pauses", func() bool { return s.statusOf(t, "eu").Pause != nil })
	next := s.statusOf(t, "eu").Pause.Next
	if err := s.Reload(t.Context(), []config.Account{eu}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the account is retried", func() bool { p := s.statusOf(t, "eu").Pause; return p != nil && p.Next.After(next) })
}

func TestReloadShowsAnotherLimit(t *testing.T) {
	eu := testAccount("eu")
	s := serve(t, t.TempDir(), eu)
	eu.MaxBacklog *= 2
	if err := s.Reload(t.Context(), []config.Account{eu}); err != nil {
		t.Fatal(err)
	}
	if got := s.statusOf(t, "eu").MaxBacklog; got != eu.MaxBacklog {
		t.Errorf("the limit is shown as %d, and is %d", got, eu.MaxBacklog)
	}
}

// TestReloadDoesntWaitForWhatIsOnItsWay checks that a reload that removes an account doesn't
// wait for its requests in flight, and that the account delivers new events once it is back.
func TestReloadDoesntWaitForWhatIsOnItsWay(t *testing.T) {
	reached, answer := make(chan struct{}, 8), make(chan struct{})
	held := klaviyotest.New(klaviyotest.WithKey("pk_right"), klaviyotest.WithRefusedPhoneNumbers(func(string) bool {
		reached <- struct{}{}
		<-answer
		return false
	}))
	eu, us := testAccount("eu"), testAccount("us")
	s := serveTo(t, t.TempDir(), map[string]*klaviyotest.Klaviyo{"eu": held}, eu, us)
	s.send(t, "eu", `{"type":"track","event":"Ping","messageId":"m","properties":{"phone":"+4930901820"}}`)
	<-reached
	if err := s.Reload(t.Context(), []config.Account{us}); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(t.Context(), []config.Account{eu, us}); err != nil {
		t.Fatal(err)
	}
	s.send(t, "eu", track(1, 1))
	close(answer)
	eventually(t, "both events arrive", func() bool { return s.arrived("eu") == 2 })
	if err := s.Reload(t.Context(), []config.Account{us}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the account that is left out is forgotten", func() bool {
		text, _ := scrape(t, s.Service)
		return !strings.Contains(text, `account="eu"`)
	})
}
