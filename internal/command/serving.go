package command

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
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

// serving is one run of serve: a gateway that takes events, an engine that keeps them, and
// a service that delivers them.
type serving struct {
	program Program
	flags   serveFlags
	logger  *slog.Logger
	hangups <-chan os.Signal
	closers []func()
	// ownFolder says that the data folder is the run's own, and ends with it.
	ownFolder bool

	tokens   gateway.Tokens
	engine   atomic.Pointer[stream.Engine]   // nil while it starts
	service  atomic.Pointer[service.Service] // nil while it starts
	stopping atomic.Bool
	metrics  *service.Metrics

	notKept, refused perMinute
}

// run serves until ctx is done. Senders are answered from the beginning, and told to try
// again as long as nothing can be kept.
func (s *serving) run(ctx context.Context, accounts []config.Account) error {
	defer s.close()
	s.metrics = service.NewMetrics()
	tokens, err := gateway.NewTokenList(tokensOf(accounts))
	if err != nil {
		return wrongUsage(err)
	}
	s.tokens.Use(tokens)
	if err := s.useFolder(); err != nil {
		return stopped(err)
	}
	events, err := s.listen()
	if err != nil {
		return stopped(err)
	}
	defer events.Close()
	operators, err := listenAt(adminFlag, s.flags.admin)
	if err != nil {
		return stopped(err)
	}
	defer operators.Close()
	token, err := s.adminToken()
	if err != nil {
		return stopped(fmt.Errorf("the admin token: %w", err))
	}
	showing, err := s.newAdmin(operators, token)
	if err != nil {
		return wrongUsage(fmt.Errorf("--%s: %w", adminFlag, err))
	}
	taking, err := gateway.New(gateway.Config{
		Accounts: &s.tokens, Publisher: s, MaxMessage: stream.MaxMessage,
		Observer: gateway.Observer{Answered: s.answered, Failed: s.failed},
		Log:      slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	})
	if err != nil {
		return stopped(err)
	}
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return serveUntilClosed(taking.Serve, events) })
	group.Go(func() error { return serveUntilClosed(showing.Serve, operators) })
	group.Go(func() error {
		defer s.shutdown(ctx, showing.Shutdown)
		return s.deliver(failed, accounts, taking, func() { s.announce(events, operators) })
	})
	if err := group.Wait(); err != nil {
		return stopped(err)
	}
	s.logger.Info("stopped")
	return nil
}

// announce tells a person where the service listens, once the store is its own.
func (s *serving) announce(events, operators net.Listener) {
	fmt.Fprintf(s.program.Stderr, "Events are taken at %s.\nThe page is http://%s/.\n", s.address(events), operators.Addr())
	if !s.flags.simulate.on() {
		return
	}
	fmt.Fprintln(s.program.Stderr, s.flags.simulate.notice())
	if s.ownFolder {
		fmt.Fprintf(s.program.Stderr, "Its dead letters: rudderklaviyo dead-letters export --account=%s --data-dir=%s --%s=%s\n",
			simulated, quote(s.flags.dataDir), adminFlag, operators.Addr())
	}
}

// serveUntilClosed serves a listener until a shutdown.
func serveUntilClosed(serve func(net.Listener) error, l net.Listener) error {
	if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// shutdown lets a server finish what is under way. What it has no time for gets no answer, and
// senders try that again.
func (s *serving) shutdown(ctx context.Context, end func(context.Context) error) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := end(ending); err != nil {
		s.logger.Warn("stopped before every request got a response", "error", err)
	}
}

// deliver opens the engine, announces that, and delivers until ctx is done. Then the gateway
// ends first, so that what it has promised is stored.
func (s *serving) deliver(ctx context.Context, accounts []config.Account, taking *gateway.Server, announce func()) error {
	defer s.shutdown(ctx, taking.Shutdown)
	engine, err := s.openEngine(ctx)
	if err != nil {
		return whenNotStopped(ctx, err)
	}
	defer engine.Close()
	delivering, err := service.New(ctx, service.Config{
		Engine: engine, ID: s.id(), Lease: s.flags.lease, Client: s.newClient,
		Concurrency: s.flags.concurrency, Bulk: delivery.Bulk(s.flags.bulk), Metrics: s.metrics, Logger: s.logger,
	}, accounts)
	if err != nil {
		return whenNotStopped(ctx, err)
	}
	s.engine.Store(engine)
	s.service.Store(delivering)
	announce()

	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group errgroup.Group
	group.Go(func() error { delivering.Run(running); return nil })
	s.reloadUntil(ctx, delivering)
	s.stopping.Store(true)
	s.shutdown(ctx, taking.Shutdown)
	stop()
	return group.Wait()
}

// stopTimeout bounds how long requests of senders may take to the end.
const stopTimeout = 15 * time.Second

// whenNotStopped is the error of a start, unless somebody stopped it.
func whenNotStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// reloadUntil reads the accounts again at each SIGHUP, until ctx is done.
func (s *serving) reloadUntil(ctx context.Context, delivering *service.Service) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.hangups:
		}
		if err := s.reload(ctx, delivering); err != nil {
			s.logger.Error("reload failed, nothing has changed", "error", err)
			continue
		}
		s.logger.Info("reloaded the accounts file")
	}
}

// reload switches to the accounts as they are in the files now, or changes nothing.
func (s *serving) reload(ctx context.Context, delivering *service.Service) error {
	accounts, err := s.program.loadAccounts(s.flags)
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
	return nil
}

func tokensOf(accounts []config.Account) map[string][]string {
	tokens := make(map[string][]string, len(accounts))
	for _, a := range accounts {
		tokens[a.Name] = a.Tokens
	}
	return tokens
}

// Publish keeps a message of an account.
func (s *serving) Publish(ctx context.Context, account string, data []byte, events int, id string) error {
	delivering := s.service.Load()
	if delivering == nil {
		return gateway.ErrStarting
	}
	err := delivering.Publish(ctx, account, data, events, id)
	if errors.Is(err, stream.ErrFull) {
		return gateway.ErrFull
	}
	return err
}

// answered counts an answer to a sender, and logs what its sender has to be told otherwise.
func (s *serving) answered(a gateway.Answered) {
	s.metrics.Ingested(a.Account, a.Code, a.Events, a.Took)
	if a.Reason != gateway.ReasonAccountRemoved {
		return
	}
	if requests, tell := s.refused.count(a.Account); tell {
		s.logger.Warn("senders still use a removed account and are asked to wait", "account", a.Account, "requests", requests,
			"advice", "stop them or give them another token: after a restart they get a 401, and RudderStack drops their events")
	}
}

// failed logs why a message wasn't stored, which its senders are asked to repeat.
func (s *serving) failed(account string, err error) {
	if errors.Is(err, gateway.ErrStarting) {
		return
	}
	if messages, tell := s.notKept.count(account); tell {
		s.logger.Warn("events were not stored, their senders are asked to retry", "account", account, "messages", messages, "error", err)
	}
}

// newClient makes the client of an account.
func (s *serving) newClient(account config.Account, through func(http.RoundTripper) http.RoundTripper, options ...client.Option) (*client.Client, error) {
	flags := s.flags.of(account)
	return flags.newClient(account.Key, account.Mapping, delivery.Transport(through(flags.transport(s.program))), s.logger.With("account", account.Name), options...)
}

// id names the service among those of a cluster.
func (s *serving) id() string {
	if s.flags.id != "" {
		return s.flags.id
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// listen opens the address for events.
func (s *serving) listen() (net.Listener, error) {
	listener, err := listenAt(listenFlag, s.flags.listen)
	if err != nil || s.flags.tlsCert == "" {
		return listener, err
	}
	// The files are read for each connection that is made, so that a renewed certificate is
	// taken.
	certificate := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(s.flags.tlsCert, s.flags.tlsKey)
		return &pair, err
	}
	if _, err := certificate(nil); err != nil {
		listener.Close()
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	return tls.NewListener(listener, &tls.Config{GetCertificate: certificate}), nil
}

// listenAt opens the address that a flag has.
func listenAt(flag, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w: give another address, or stop what uses this one", flag, err)
	}
	return listener, nil
}

// address is the URL that a listener is reached at from this machine.
func (s *serving) address(l net.Listener) string {
	scheme := "http"
	if s.flags.tlsCert != "" {
		scheme = "https"
	}
	return scheme + "://" + strings.Replace(l.Addr().String(), "[::]", "localhost", 1) + "/v1/webhook"
}

func (s *serving) close() {
	for _, c := range s.closers {
		c()
	}
}
