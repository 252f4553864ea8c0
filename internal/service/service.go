// Package service delivers the events of accounts as they come: what the gateway takes is
// kept on an engine, and each account's stream is delivered by one service at a time.
//
// An account doesn't end. What no waiting helps with, such as a refused key, pauses it: it
// goes on taking events up to its backlog, and tries again. Other accounts don't notice.
package service

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// Config says what the service is made of.
type Config struct {
	// Engine keeps what comes in.
	Engine *stream.Engine
	// ID names this service among those of a cluster.
	ID string
	// Lease is how long an account stays with a service that is silent. The default is
	// [DefaultLease].
	Lease time.Duration
	// Client makes an account's client, with options of the service's. Its requests have to
	// go through what it is given, before the network.
	Client func(account config.Account, through func(http.RoundTripper) http.RoundTripper, options ...client.Option) (*client.Client, error)
	// Concurrency and Bulk are those of [delivery.Config].
	Concurrency int
	Bulk        delivery.Bulk
	// Metrics count what happens. The default is new ones.
	Metrics *Metrics
	Logger  *slog.Logger
}

// DefaultLease outlasts the election of a leader in a cluster of NATS servers, which takes
// up to nine seconds.
const DefaultLease = 15 * time.Second

// Service is a set of accounts. Its methods are safe for concurrent use.
type Service struct {
	cfg     Config
	metrics *Metrics
	shares  *shares

	reloading sync.Mutex // held while accounts change
	ending    []*account // were left out, and finish what is on its way
	mu        sync.RWMutex
	accounts  map[string]*account

	running context.Context // or nil before Run
}

// New makes a service of accounts, and what is kept of them. Nothing is delivered before Run;
// events may come before that.
func New(ctx context.Context, cfg Config, accounts []config.Account) (*Service, error) {
	if cfg.Lease == 0 {
		cfg.Lease = DefaultLease
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics()
	}
	s := &Service{cfg: cfg, metrics: cfg.Metrics, shares: newShares(cfg.ID, cfg.Lease), accounts: map[string]*account{}}
	if err := s.Reload(ctx, accounts); err != nil {
		return nil, err
	}
	s.metrics.registry.MustRegister(collector{s})
	s.tellOfRemoved(ctx)
	return s, nil
}

// Run delivers until ctx is done. Then it begins nothing new, lets what is on its way
// finish, keeps the places and releases the accounts to other services.
func (s *Service) Run(ctx context.Context) {
	s.reloading.Lock()
	s.running = ctx
	for _, a := range s.all() {
		s.start(a)
	}
	s.reloading.Unlock()
	defer s.share(ctx)()
	every(time.Second, ctx.Done(), func() {
		for _, a := range s.all() {
			a.tick()
		}
		if s.forgetEnded() {
			s.tellOfRemoved(ctx)
		}
	})
	s.reloading.Lock() // a reload under way starts no more
	defer s.reloading.Unlock()
	for _, a := range slices.Concat(s.all(), s.ending) {
		<-a.done
	}
}

// start has an account delivered, if the service runs.
func (s *Service) start(a *account) {
	if s.running == nil {
		return
	}
	ctx, cancel := context.WithCancel(s.running)
	a.stop, a.done = cancel, make(chan struct{})
	go a.deliverAll(ctx)
}

// closed is the end of an account that hasn't begun.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (s *Service) newAccount(name string) *account {
	return &account{
		service: s, name: name, logger: s.cfg.Logger.With("account", name),
		metrics: s.metrics.of(name), stop: func() {}, done: closed, wake: make(chan struct{}, 1),
	}
}

// claim is how the service owns the account.
func (a *account) claim() stream.Claim {
	s := a.service
	claim := stream.Claim{
		Owner: s.cfg.ID, Lease: s.cfg.Lease,
		Renewed: func(took time.Duration) { a.metrics.leaseRenew.Observe(took.Seconds()) },
	}
	if s.cfg.Engine.IsShared() {
		claim.Leaves = func(o stream.Ownership, free time.Duration) bool { return s.shares.leaves(a.name, o, free) }
	}
	return claim
}

// The accounts share the memory that events take which are read and not done, but for a
// least that fills a few calls.
const (
	allReadAhead   = 24 << 20
	leastReadAhead = 4 << 20
)

func (s *Service) readAhead() int { return max(allReadAhead/max(len(s.all()), 1), leastReadAhead) }

// shareReadAhead gives each delivery that is under way its share.
func (s *Service) shareReadAhead() {
	share := s.readAhead()
	for _, a := range s.all() {
		a.mu.Lock()
		if a.run != nil {
			a.run.SetReadAhead(share)
		}
		a.mu.Unlock()
	}
}

func (s *Service) account(name string) *account {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.accounts[name]
}

// all are the accounts in the order of their names.
func (s *Service) all() []*account {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*account, 0, len(s.accounts))
	for _, a := range s.accounts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *account) int { return cmp.Compare(a.name, b.name) })
	return all
}

// ErrNoAccount is the error of an account that the service hasn't got.
var ErrNoAccount = errors.New("there is no such account")

// Publish keeps a message for an account, with so many events in it, under an id that no
// other message has. Its errors are those of [stream.Account.Publish].
func (s *Service) Publish(ctx context.Context, name string, data []byte, events int, id string) error {
	a := s.account(name)
	if a == nil {
		return ErrNoAccount
	}
	if _, err := a.kept.Publish(ctx, data, events, id); err != nil {
		return err
	}
	a.in.add(events)
	return nil
}
