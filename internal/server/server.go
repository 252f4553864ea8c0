// Package server runs the service as one process: a gateway that accepts events, a store that
// keeps them, the service that delivers them, and what operators see of it.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/gateway"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// Config says what a server is made of. Every field is required that isn't said to be optional.
type Config struct {
	// Events is where senders connect, and Operators is where the status page, the metrics and
	// the dead letters are. Run closes both.
	Events, Operators net.Listener
	// AdminTokenFile holds the token for operators. If it is empty, the server makes a token and
	// stores it in Dir; see [AdminTokenFile]. A cluster's server then has none.
	AdminTokenFile string
	// Profiles serves runtime profiles of the program to operators.
	Profiles bool

	// Dir is the folder that stores the events. Cluster does that instead if it has URLs.
	Dir     string
	Cluster stream.ClusterConfig

	// Accounts are those at the start. Reload reads them again for each value of Hangups.
	Accounts []config.Account
	Reload   func() ([]config.Account, error)
	Hangups  <-chan os.Signal

	// ID names the service among those of a cluster, and Lease is that of [service.Config].
	ID    string
	Lease time.Duration
	// Client makes the client of an account; see [service.Config].
	Client func(account config.Account, through func(http.RoundTripper) http.RoundTripper, options ...client.Option) (*client.Client, error)
	// Concurrency and Bulk are those of [delivery.Config].
	Concurrency int
	Bulk        delivery.Bulk

	// Started is called once the store is open, and no other server's. Optional.
	Started func()
	Logger  *slog.Logger
}

// A SettingError is an error of [Run] that goes away only with other settings.
type SettingError struct{ Err error }

func (e *SettingError) Error() string { return e.Err.Error() }
func (e *SettingError) Unwrap() error { return e.Err }

// server is one run.
type server struct {
	cfg      Config
	tokens   gateway.Tokens
	engine   atomic.Pointer[stream.Engine]   // nil while it starts
	service  atomic.Pointer[service.Service] // nil while it starts
	stopping atomic.Bool
	metrics  *service.Metrics

	notKept, refused perMinute
}

// Run serves until ctx is done, and then finishes the requests in progress. Senders get a
// response from the beginning: they are asked to retry as long as nothing can be stored.
func Run(ctx context.Context, cfg Config) error {
	defer cfg.Events.Close()
	defer cfg.Operators.Close()
	s := &server{cfg: cfg, metrics: service.NewMetrics()}
	tokens, err := gateway.NewTokenList(tokensOf(cfg.Accounts))
	if err != nil {
		return &SettingError{err}
	}
	s.tokens.Use(tokens)
	showing, err := s.newAdmin()
	if err != nil {
		return err
	}
	taking, err := gateway.New(gateway.Config{
		Accounts: &s.tokens, Publisher: s, MaxMessage: stream.MaxMessage,
		Observer: gateway.Observer{Answered: s.answered, Failed: s.failed},
		Log:      slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
	})
	if err != nil {
		return err
	}
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return serveUntilClosed(taking.Serve, cfg.Events) })
	group.Go(func() error { return serveUntilClosed(showing.Serve, cfg.Operators) })
	group.Go(func() error {
		defer s.shutdown(ctx, showing.Shutdown)
		return s.deliver(failed, taking)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	s.cfg.Logger.Info("stopped")
	return nil
}

// serveUntilClosed serves a listener until a shutdown.
func serveUntilClosed(serve func(net.Listener) error, l net.Listener) error {
	if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// stopTimeout bounds how long requests of senders may take to the end.
const stopTimeout = 15 * time.Second

// shutdown lets a server finish the requests in progress. Senders repeat those that it has no
// time for.
func (s *server) shutdown(ctx context.Context, end func(context.Context) error) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := end(ending); err != nil {
		s.cfg.Logger.Warn("requests cut off", "error", err, "advice", "nothing to do: senders send them again")
	}
}

// deliver opens the store and delivers until ctx is done. Then the gateway ends first, so that
// what it has acknowledged is stored.
func (s *server) deliver(ctx context.Context, taking *gateway.Server) error {
	defer s.shutdown(ctx, taking.Shutdown)
	engine, err := s.openStore(ctx)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	defer engine.Close()
	delivering, err := service.New(ctx, service.Config{
		Engine: engine, ID: s.cfg.ID, Lease: s.cfg.Lease, Client: s.cfg.Client,
		Concurrency: s.cfg.Concurrency, Bulk: s.cfg.Bulk, Metrics: s.metrics, Logger: s.cfg.Logger,
	}, s.cfg.Accounts)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	s.engine.Store(engine)
	s.service.Store(delivering)
	if s.cfg.Started != nil {
		s.cfg.Started()
	}

	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group errgroup.Group
	group.Go(func() error { delivering.Run(running); return nil })
	s.reloadUntil(ctx, delivering)
	s.stopping.Store(true)
	s.shutdown(ctx, taking.Shutdown)
	stop()
	return group.Wait()
}

// unlessStopped is the error of a start, unless somebody stopped it.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// reloadUntil reads the accounts again at each hangup, until ctx is done.
func (s *server) reloadUntil(ctx context.Context, delivering *service.Service) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.cfg.Hangups:
		}
		before := s.cfg.Accounts
		if err := s.reload(ctx, delivering); err != nil {
			s.cfg.Logger.Error("reload failed", "error", err, "advice", "nothing has changed: fix it and reload again")
			continue
		}
		s.cfg.Logger.Info("accounts reloaded", changesBetween(before, s.cfg.Accounts).attributes()...)
	}
}

// reload switches to the accounts as they are in the files now, or changes nothing.
func (s *server) reload(ctx context.Context, delivering *service.Service) error {
	accounts, err := s.cfg.Reload()
	if err != nil {
		return err
	}
	tokens, err := gateway.NewTokenList(tokensOf(accounts))
	if err != nil {
		return err
	}
	if err := delivering.Reload(ctx, accounts); err != nil {
		return err
	}
	s.tokens.Use(tokens)
	s.cfg.Accounts = accounts
	return nil
}

func tokensOf(accounts []config.Account) map[string][]string {
	tokens := make(map[string][]string, len(accounts))
	for _, a := range accounts {
		tokens[a.Name] = a.Tokens
	}
	return tokens
}
