package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// served is a service with a Klaviyo of its own for each account.
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

// log keeps what is logged.
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

// serve runs a service on the data of a folder.
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

// send keeps a request of the webhook for an account.
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

// statusOf is an account's.
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

func TestDelivers(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"), testAccount("us"))
	for n := range 20 {
		s.send(t, "eu", track(n%3, n))
	}
	s.send(t, "us", track(9, 9))
	eventually(t, "all arrive", func() bool { return s.arrived("eu") == 20 && s.arrived("us") == 1 })
	eventually(t, "nothing waits", func() bool { b := s.statusOf(t, "eu").Backlog; return b.Events == 0 && b.Bytes == 0 })
	status := s.statusOf(t, "eu")
	if status.Delivered != 20 || status.Counts.Delivered != 20 || !status.Owned || status.Owner != "test" || status.Pause != nil {
		t.Errorf("%+v", status)
	}
}

// TestOwnerWithoutALease tells who owns an account by what was written last. A service that has
// lost its lease doesn't name itself as another that delivers.
func TestOwnerWithoutALease(t *testing.T) {
	engine, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	newClient := func(config.Account, func(http.RoundTripper) http.RoundTripper, ...client.Option) (*client.Client, error) {
		return client.New("pk_right")
	}
	s, err := New(t.Context(), Config{Engine: engine, ID: "test", Logger: slog.New(slog.DiscardHandler), Client: newClient},
		[]config.Account{testAccount("lost"), testAccount("others")})
	if err != nil {
		t.Fatal(err)
	}
	for name, owner := range map[string]string{"lost": "test", "others": "another"} {
		account, err := engine.Account(t.Context(), name, stream.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := account.Own(t.Context(), stream.Claim{Owner: owner, Lease: time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"lost": "", "others": "another"}
	for _, status := range s.Status(t.Context()) {
		if status.Owned || status.Err != nil || status.Owner != want[status.Name] {
			t.Errorf("%s: owned %t by %q, %v", status.Name, status.Owned, status.Owner, status.Err)
		}
	}
}

// TestGoesOnWhereItWas stops and starts a service on the same data.
func TestGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	klaviyos := map[string]*klaviyotest.Klaviyo{}
	sent := 0
	for round := range 3 {
		s := serveTo(t, dir, klaviyos, testAccount("eu"))
		for range 5 {
			s.send(t, "eu", track(1, sent))
			sent++
		}
		if round != 1 { // else it is stopped with events under way
			eventually(t, "all arrive", func() bool { return s.arrived("eu") == sent })
		}
		s.stop()
	}
	k := klaviyos["eu"]
	if got := len(k.Events()); got != sent {
		t.Errorf("%d events arrived, want %d", got, sent)
	}
	s := serveTo(t, dir, klaviyos, testAccount("eu"))
	eventually(t, "the counts are taken up", func() bool { return s.statusOf(t, "eu").Counts.Delivered == sent })
	if got := len(k.Events()); got != sent {
		t.Errorf("%d events arrived after all, want %d", got, sent)
	}
}

// Profiles wait for the import that a server before left, or else its older values would come
// back.
func TestWaitsForImportsOfAServerBefore(t *testing.T) {
	const outlives = time.Second
	k := klaviyotest.New(klaviyotest.WithKey("pk_right"), klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
		return klaviyotest.JobPlan{Queued: outlives}
	}))
	before, err := client.New("pk_right", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		t.Fatal(err)
	}
	body := klaviyo.NewBulkImportProfilesBody(klaviyo.ImportJobCreateAttributes{Profiles: klaviyo.ImportProfiles{
		Data: []klaviyo.ProfileUpsertQueryResourceObject{
			klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{Email: klaviyo.Set("p1@example.com"), FirstName: klaviyo.Set("Old")}).Data,
		},
	}})
	if _, err := klaviyo.NewAPI(before).BulkImportProfiles(t.Context(), nil, body); err != nil {
		t.Fatal(err)
	}
	account := testAccount("ada")
	account.Mapping.Revision = klaviyo.Revision
	s := serveTo(t, t.TempDir(), map[string]*klaviyotest.Klaviyo{"ada": k}, account)
	s.send(t, "ada", `{"type":"identify","messageId":"m","traits":{"email":"p1@example.com","firstName":"New"}}`)
	eventually(t, "the profile is written", func() bool {
		p, _ := k.Profile("p1@example.com")
		return p.Attributes.FirstName == "New"
	})
	if job := k.Jobs()[0]; job.Ended.IsZero() {
		t.Error("the profile was written before the import had ended")
	}
}

// TestPausesForARefusedKey goes on with a new key, and keeps what came meanwhile. Another
// account doesn't notice.
func TestPausesForARefusedKey(t *testing.T) {
	eu, us := testAccount("eu"), testAccount("us")
	eu.Key = "pk_wrong"
	s := serve(t, t.TempDir(), eu, us)
	for n := range 3 {
		s.send(t, "eu", track(1, n))
		s.send(t, "us", track(1, n))
	}
	eventually(t, "the account pauses", func() bool { p := s.statusOf(t, "eu").Pause; return p != nil && p.Reason == "unauthorized" })
	s.send(t, "eu", track(1, 3))
	s.send(t, "us", track(1, 3))
	eventually(t, "the other account goes on", func() bool { return s.arrived("us") == 4 })
	if got := s.statusOf(t, "eu"); got.Backlog.Events != 4 || got.DeadLetterCount() != 0 || s.arrived("eu") != 0 {
		t.Errorf("%+v, %d arrived", got, s.arrived("eu"))
	}
	eu.Key = "pk_right"
	if err := s.Reload(t.Context(), []config.Account{eu, us}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all arrive", func() bool { return s.arrived("eu") == 4 })
	eventually(t, "the pause ends", func() bool { return s.statusOf(t, "eu").Pause == nil })
	if strings.Contains(s.log.String(), "pk_") || strings.Contains(s.log.String(), "example.com") {
		t.Errorf("the log shows a key or a person:\n%s", s.log)
	}
}

// TestDeadLetters keeps what can't be delivered, once, and delivers it when its cause is
// mended.
func TestDeadLetters(t *testing.T) {
	eu := testAccount("eu")
	s := serve(t, t.TempDir(), eu)
	s.send(t, "eu", `{"type":"track","event":"Ping","userId":"7"}`)
	s.send(t, "eu", `no event`)
	s.send(t, "eu", track(1, 1))
	eventually(t, "the dead letters are kept", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == 2 && s.arrived("eu") == 1 })
	if got := s.statusOf(t, "eu").DeadLetters; got["missing_identifier"] != 1 {
		t.Errorf("%v", got)
	}
	eu.Mapping = mapper.Config{AllowExternalIDOnly: true}
	if err := s.Reload(t.Context(), []config.Account{eu}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Replay(t.Context(), "eu", "missing_identifier"); n != 1 || err != nil {
		t.Errorf("%d are replayed, %v", n, err)
	}
	eventually(t, "it arrives", func() bool { return s.arrived("eu") == 2 })
	if n, err := s.Replay(t.Context(), "eu", ""); n != 1 || err != nil {
		t.Errorf("%d are replayed, %v", n, err)
	}
	eventually(t, "the other is a dead letter again", func() bool { return s.statusOf(t, "eu").Counts.DeadLettered == 3 })
	if got := s.statusOf(t, "eu").DeadLetterCount(); got != 1 {
		t.Errorf("%d dead letters", got)
	}
}

// TestReloadIsWholeOrNotAtAll refuses settings of which one is wrong, and changes nothing.
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
	eventually(t, "it arrives", func() bool { return s.arrived("us") == 1 })
	if err := s.Publish(t.Context(), "eu", nil, 1, "x"); err != ErrNoAccount {
		t.Errorf("%v", err)
	}
}

// TestReloadChangesNoLimitIfTheStoreFails for an account that comes later in the file.
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
	eventually(t, "it arrives with the key of before", func() bool { return s.arrived("eu") == 1 })
}

// TestReloadSetsTheLimitOfLetters in the store.
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

// TestReloadSharesTheMemory of what is read ahead among the accounts that there are then.
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

// TestReloadTriesPausedAccounts whose settings are the same: the key may have got a scope.
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
	eventually(t, "it is tried again", func() bool { p := s.statusOf(t, "eu").Pause; return p != nil && p.Next.After(next) })
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

// TestPausesWithoutRoomForLetters goes on as soon as letters are deleted.
func TestPausesWithoutRoomForLetters(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	limit := func(bytes int64) {
		t.Helper()
		if _, err := s.engine.Account(t.Context(), "eu", stream.Limits{MaxBacklog: 64 << 20, MaxLetters: bytes}); err != nil {
			t.Fatal(err)
		}
	}
	limit(10)
	s.send(t, "eu", `no event`)
	eventually(t, "the account pauses", func() bool { p := s.statusOf(t, "eu").Pause; return p != nil && p.Reason == "dead_letter" })
	limit(1 << 20)
	if n, err := s.Delete(t.Context(), "eu", ""); n != 0 || err != nil {
		t.Errorf("%d are deleted, %v", n, err)
	}
	eventually(t, "the letter is kept", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == 1 })
	eventually(t, "the pause ends", func() bool { return s.statusOf(t, "eu").Pause == nil })
}

// TestPauseEndsWithTheLease lets the account be owned again at once, and doesn't show it as
// this service's meanwhile.
func TestPauseEndsWithTheLease(t *testing.T) {
	engine, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	kept, err := engine.Account(t.Context(), "eu", stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := kept.Own(t.Context(), stream.Claim{Owner: "test", Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	a := &account{name: "eu", logger: slog.New(slog.DiscardHandler), wake: make(chan struct{}, 1)}
	place, err := placeOf(lease, kept, a.logger)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.pauseFor(t.Context(), lease, place, client.ErrUnauthorized)
	}()
	if err := lease.Release(t.Context(), lease.Checkpoint(), ""); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(untilMended / 2):
		t.Error("the pause outlasts the lease")
	}
}

// TestLetterOfTheLargestEvent keeps each, whatever the text: an account that can't keep a
// letter gets no further.
func TestLetterOfTheLargestEvent(t *testing.T) {
	const size = 4 << 20
	if got := deadletter.MaxRecord(stream.MaxMessage); got > stream.MaxLetter {
		t.Errorf("a record may have %d bytes, and %d are kept", got, stream.MaxLetter)
	}
	s := serve(t, t.TempDir(), testAccount("eu"))
	bodies := []string{
		strings.Repeat("\x01", size),
		strings.Repeat("\xff", size),
		strings.Repeat("\"", size),
		`{"type":"track","event":"Ping","properties":{"email":"p1@example.com","` + strings.Repeat("k", size-200) + `":1e999}}`,
	}
	for _, body := range bodies {
		s.send(t, "eu", body)
	}
	s.send(t, "eu", track(1, 1))
	eventually(t, "what is behind them is delivered", func() bool { return s.arrived("eu") >= 1 })
	eventually(t, "all is done", func() bool { status := s.statusOf(t, "eu"); return status.Err == nil && status.Backlog.Events == 0 })
	if p := s.statusOf(t, "eu").Pause; p != nil {
		t.Errorf("%+v", p)
	}
	kept := map[string]bool{}
	for letter, err := range s.account("eu").kept.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		record, err := deadletter.Parse(letter.Record)
		if err != nil {
			t.Fatal(err)
		}
		kept[string(record.Event)] = true
	}
	for i, body := range bodies[:3] {
		if !kept[body] {
			t.Errorf("the letter of body %d hasn't its event", i)
		}
	}
}

// TestReplaysAnEventAsItIs has events that would be taken for empty lists of events in a
// request of the webhook.
func TestReplaysAnEventAsItIs(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	want := map[string]bool{}
	message := inbox.Append(nil, inbox.Request{Kind: inbox.Batch, Received: time.Now(), Body: []byte(`{"batch":[{"batch":[]},[]]}`)})
	if err := s.Publish(t.Context(), "eu", message, 2, "sdk"); err != nil {
		t.Fatal(err)
	}
	letters := func() (texts map[string]bool) {
		texts = map[string]bool{}
		for letter, err := range s.account("eu").kept.Letters(t.Context(), "", 0) {
			if err != nil {
				t.Fatal(err)
			}
			record, err := deadletter.Parse(letter.Record)
			if err != nil {
				t.Fatal(err)
			}
			texts[string(record.Event)] = true
		}
		return texts
	}
	eventually(t, "both are dead letters", func() bool { want = letters(); return len(want) == 2 })
	if n, err := s.Replay(t.Context(), "eu", ""); n != 2 || err != nil {
		t.Errorf("%d are replayed, %v", n, err)
	}
	eventually(t, "both are dead letters again", func() bool { return s.statusOf(t, "eu").Counts.DeadLettered == 4 })
	if got := letters(); !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestReplaysManyTogether keeps their order, and has few messages of them.
func TestReplaysManyTogether(t *testing.T) {
	const many = 2*lettersTogether + 10
	s := serve(t, t.TempDir(), testAccount("eu"))
	var body strings.Builder
	for i := range many {
		fmt.Fprintf(&body, "{\"n\":%d}\n", i)
	}
	s.send(t, "eu", body.String())
	eventually(t, "all are dead letters", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == many })
	if n, err := s.Replay(t.Context(), "eu", "missing_type"); n != many || err != nil {
		t.Errorf("%d are replayed, %v", n, err)
	}
	eventually(t, "all are dead letters again", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == many })
	var again []stream.Letter
	for letter, err := range s.account("eu").kept.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		again = append(again, letter)
	}
	slices.SortFunc(again, func(a, b stream.Letter) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Event, b.Event))
	})
	messages := map[uint64]bool{}
	for i, letter := range again {
		messages[letter.Seq] = true
		record, err := deadletter.Parse(letter.Record)
		if want := fmt.Sprintf("{\"n\":%d}", i); err != nil || string(record.Event) != want {
			t.Fatalf("event %d is %s, %v", i, record.Event, err)
		}
	}
	if len(messages) != 3 {
		t.Errorf("%d messages", len(messages))
	}
	if n, err := s.Delete(t.Context(), "eu", ""); n != many || err != nil {
		t.Errorf("%d are deleted, %v", n, err)
	}
	if n := s.statusOf(t, "eu").DeadLetterCount(); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// TestPurgesWhatAnOwnerBeforeHasDone though no event comes.
func TestPurgesWhatAnOwnerBeforeHasDone(t *testing.T) {
	dir := t.TempDir()
	engine, err := stream.Embed(stream.EmbedConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := engine.Account(t.Context(), "eu", stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	message := inbox.Append(nil, inbox.Request{Kind: inbox.Webhook, Received: time.Now(), Body: []byte(track(1, 1))})
	seq, err := kept.Publish(t.Context(), message, 1, "1")
	if err != nil {
		t.Fatal(err)
	}
	lease, err := kept.Own(t.Context(), stream.Claim{Owner: "before", Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Release(t.Context(), stream.Checkpoint{Position: stream.Position{Seq: seq + 1}}, ""); err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	s := serve(t, dir, testAccount("eu"))
	eventually(t, "nothing waits", func() bool { status := s.statusOf(t, "eu"); return status.Err == nil && status.Backlog.Messages == 0 })
	if n := s.arrived("eu"); n != 0 {
		t.Errorf("%d events were delivered again", n)
	}
}

// TestReloadDoesntWaitForWhatIsOnItsWay of an account that is left out, and delivers what
// comes once it is there again.
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
	eventually(t, "both arrive", func() bool { return s.arrived("eu") == 2 })
	if err := s.Reload(t.Context(), []config.Account{us}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the account that is left out is forgotten", func() bool {
		text, _ := scrape(t, s.Service)
		return !strings.Contains(text, `account="eu"`)
	})
}
