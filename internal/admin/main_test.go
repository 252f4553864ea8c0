package admin

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

func TestMain(m *testing.M) { servetest.VerifyTestMain(m) }

const testToken = "token-of-admin-0123"

// told are Accounts that tell what they are told to.
type told struct {
	statuses []service.Status
	reasons  map[string]service.Reason
	kept     []stream.Letter
	broken   error // that ends the letters

	reads    atomic.Int32
	mu       sync.Mutex // of the statuses and what is replayed, while a server runs
	replayed []string   // account and code
	deleted  []string
	replay   func(context.Context) error // or nil
}

func (f *told) Status(context.Context) []service.Status {
	f.reads.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.statuses
}

// now has other statuses from now on.
func (f *told) now(statuses ...service.Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.statuses = statuses
}

func (f *told) Reasons(context.Context, string) (map[string]service.Reason, error) {
	return f.reasons, nil
}

func (f *told) Letters(_ context.Context, account, code string) (iter.Seq2[stream.Letter, error], error) {
	if !slices.ContainsFunc(f.statuses, func(s service.Status) bool { return s.Name == account }) {
		return nil, service.ErrNoAccount
	}
	return func(yield func(stream.Letter, error) bool) {
		for _, l := range f.kept {
			if (code == "" || code == l.Code) && !yield(l, nil) {
				return
			}
		}
		if f.broken != nil {
			yield(stream.Letter{}, f.broken)
		}
	}, nil
}

func (f *told) Delete(ctx context.Context, account, code string) (int, error) {
	f.deleted = append(f.deleted, account+" "+code)
	return 3, nil
}

func (f *told) Replay(ctx context.Context, account, code string) (int, error) {
	f.mu.Lock()
	f.replayed = append(f.replayed, account+" "+code)
	f.mu.Unlock()
	if f.replay != nil {
		return 1, f.replay(ctx)
	}
	return 2, nil
}

func (f *told) Metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "metrics") })
}

// at is the time of the tests' pages.
var at = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// seconds120 are counts of two minutes.
func seconds120(of func(int) int64) []int64 {
	all := make([]int64, 120)
	for i := range all {
		all[i] = of(i)
	}
	return all
}

// everyState are accounts in every state, with the longest values there are.
func everyState(now time.Time) *told {
	wave := func(i int) int64 { return int64(40 + i%17*3) }
	none := func(int) int64 { return 0 }
	eu := service.Status{
		Name: "shop-eu", Revision: "2023-02-22", Owner: "node-1", Owned: true, MaxBacklog: 2 << 30,
		Backlog: stream.Backlog{Events: 1240, Messages: 90, Bytes: 2_480_000, Oldest: now.Add(-12400 * time.Millisecond)}, OldestUndone: 12400 * time.Millisecond,
		Delivered: 120345, Counts: transfer.Counts{Events: 1203455, Delivered: 1203400, Skipped: 12, DeadLettered: 43},
		In: seconds120(wave), Out: seconds120(func(i int) int64 { return min(58, wave(i)) }),
		Quotas: []service.Quota{
			{Operation: "create_event", Window: "burst", Limit: 350, Remaining: 330, Reset: now.Add(time.Second)},
			{Operation: "create_event", Window: "steady", Limit: 3500, Remaining: 20, Reset: now.Add(20 * time.Second)},
			{Operation: "create_profile", Window: "burst", Limit: 75, Remaining: 75},
			{Operation: "create_profile", Window: "steady", Limit: 700, Remaining: 0, Reset: now.Add(31500 * time.Millisecond)},
		},
		DeadLetters: map[string]int{"invalid": 12, "missing_identifier": 30},
	}
	us := service.Status{
		Name: "shop-us", Revision: "2026-07-15", Owner: "node-1", Owned: true, MaxBacklog: 64 << 20,
		Pause: &service.Pause{
			Reason: "unauthorized", Message: "Klaviyo refuses the private API key (401 authentication_failed)",
			Advice: "Put a private API key with the scopes events:write, profiles:write, lists:write and subscriptions:write where the account's file says, and reload",
			Since:  now.Add(-26 * time.Hour), Next: now.Add(42 * time.Second),
		},
		Backlog: stream.Backlog{Events: 34567890, Messages: 34567, Bytes: 66 << 20, Oldest: now.Add(-26 * time.Hour), FullSince: now.Add(-time.Hour)}, OldestUndone: 26 * time.Hour,
		In: seconds120(func(i int) int64 { return int64(i % 3) }), Out: seconds120(none),
		Quotas: []service.Quota{
			{Operation: "bulk_create_data_source_records", Window: "burst", Limit: 10, Remaining: 10},
			{Operation: "bulk_create_data_source_records", Window: "daily", Limit: 100000, Remaining: 99000},
			{Operation: "bulk_create_data_source_records", Window: "steady", Limit: 150, Remaining: 10},
		},
	}
	other := service.Status{
		Name: "a-name-of-thirty-two-characters0", Revision: "2023-02-22", Owner: "node-2.cluster.example.internal", MaxBacklog: 2 << 30,
		Backlog: stream.Backlog{Events: 1, Messages: 1, Bytes: 900, Oldest: now.Add(-time.Second)}, OldestUndone: time.Second,
		In: seconds120(none), Out: seconds120(none), DeadLetters: map[string]int{"a_code_that_" + "klaviyo_may_send_of_sixty_four_characters_and_not_one_more_": 1},
	}
	silent := service.Status{
		Name: "silent", Revision: "2023-02-22", MaxBacklog: 2 << 30, In: seconds120(none), Out: seconds120(none),
		Err: errors.New("the store is unavailable: no NATS server is connected"),
	}
	filled := service.Status{
		Name: "filled", Revision: "2026-07-15", Owner: "node-1", Owned: true, MaxBacklog: 64 << 20,
		Backlog: stream.Backlog{Events: 34100, Messages: 3410, Bytes: 64<<20 - 100, Oldest: now.Add(-20 * time.Minute), FullSince: now.Add(-3 * time.Minute)}, OldestUndone: 20 * time.Minute,
		Delivered: 70_000, In: seconds120(wave), Out: seconds120(func(int) int64 { return 58 }),
	}
	return &told{
		statuses: []service.Status{other, eu, us, silent, filled},
		reasons: map[string]service.Reason{
			"invalid": {Code: "invalid", Field: "context.traits.address", Message: "Klaviyo refuses the value", Status: 400,
				Pointer: "/data/attributes/profile/data/attributes/location/country_that_is_long"},
			"missing_identifier": {Code: "missing_identifier", Message: "no email and no phone number in traits, context.traits or properties"},
		},
	}
}

// run serves at a loopback address, after some changes.
func run(t testing.TB, cfg Config, changes ...func(*Server)) (url string, server *Server) {
	t.Helper()
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", cfg.Address)
	if err != nil {
		t.Fatal(err)
	}
	server, err = New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		change(server)
	}
	servetest.Serve(t, server, l)
	return "http://" + l.Addr().String(), server
}
