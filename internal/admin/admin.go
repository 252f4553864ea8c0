// Package admin is what operators see of the service: metrics, health, the accounts as JSON
// and on a page for people, and the dead letters.
//
// It is meant for the machine itself. On a loopback address everything but the dead letters
// is open to all who have an account on the machine, and only requests that name the machine
// by a loopback name are answered, so that no web page elsewhere can read it. Any other address
// needs a token, and so do the dead letters, which hold personal data.
package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// Accounts tells of the service's accounts, as [service.Service] does.
type Accounts interface {
	// Status gives that of each account, without personal data.
	Status(ctx context.Context) []service.Status
	// Reasons gives one event's reason for each code of an account's dead letters.
	Reasons(ctx context.Context, account string) (map[string]service.Reason, error)
	// Letters gives an account's dead letters, of one code or all.
	Letters(ctx context.Context, account, code string) (iter.Seq2[stream.Letter, error], error)
	// Replay puts the events of dead letters behind those that wait, and counts them.
	Replay(ctx context.Context, account, code string) (int, error)
	// Delete deletes dead letters, and counts them.
	Delete(ctx context.Context, account, code string) (int, error)
	Metrics() http.Handler
}

// Config says what a [Server] shows, and to whom. Accounts and Address are needed.
type Config struct {
	Accounts Accounts
	// Address is the one that is listened on, such as 127.0.0.1:8081.
	Address string
	// Token lets in where one is needed. Without it the dead letters can't be read, and
	// Address has to be a loopback one. It has at least 16 characters.
	Token string
	// ID names this service among those of a cluster.
	ID string
	// Ready tells why the service takes no events at present, or gives nil. The default is
	// that it always does.
	Ready func() error
	// Profiles adds /debug/pprof.
	Profiles bool
	// Log is told of what fails. The default drops it.
	Log *slog.Logger
}

const minToken = 16

// Server answers at the admin address. It is an [http.Handler], too, which is then without
// the time-outs.
type Server struct {
	cfg       Config
	hosts     hosts
	formProof string // proves that a form is of a page of this process
	board     *board
	replays   replays
	handler   http.Handler
	http      *http.Server
	stopping  context.Context // ends what would hold a stop up
}

// The time-outs of requests. What streams sets its own.
const (
	readTime  = 30 * time.Second
	writeTime = time.Minute // a profile of half a minute is the default
	idleTime  = 2 * time.Minute
)

// New makes a Server.
func New(cfg Config) (*Server, error) {
	if cfg.Ready == nil {
		cfg.Ready = func() error { return nil }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	host, _, err := net.SplitHostPort(cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("the admin address %q: want HOST:PORT, such as 127.0.0.1:8081", cfg.Address)
	}
	switch {
	case cfg.Token != "" && len(cfg.Token) < minToken:
		return nil, fmt.Errorf("the admin token has fewer than %d characters and could be guessed: use a longer one", minToken)
	case cfg.Token == "" && !isLoopback(host):
		return nil, fmt.Errorf("other machines can reach the admin address %s: give an admin token, or an address such as 127.0.0.1:8081", cfg.Address)
	}
	s := &Server{cfg: cfg, hosts: hosts{open: !isLoopback(host), configured: host}, formProof: rand.Text(), board: newBoard(cfg)}
	s.handler = s.routes()
	stopping, stop := context.WithCancel(context.Background())
	s.stopping = stopping
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn),
	}
	s.http.RegisterOnShutdown(stop)
	return s, nil
}

// Serve takes requests from a listener until Shutdown, and returns [http.ErrServerClosed]
// then.
func (s *Server) Serve(l net.Listener) error { return s.http.Serve(l) }

// Shutdown ends open pages and what else would last, and waits for the other requests until
// ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		return errors.Join(err, s.http.Close())
	}
	return nil
}

func (s *Server) routes() http.Handler {
	// What a remote address shows to those with the token alone.
	shown := http.NewServeMux()
	shown.HandleFunc("GET /{$}", s.page)
	shown.HandleFunc("GET /live", s.live)
	shown.HandleFunc("GET /icon.svg", icon)
	shown.HandleFunc("GET /accounts", s.accounts)
	shown.Handle("GET /metrics", s.cfg.Accounts.Metrics())
	shown.HandleFunc("GET /accounts/{account}/dead-letters", s.letters)
	shown.HandleFunc("DELETE /accounts/{account}/dead-letters", s.deleteLetters)
	shown.HandleFunc("POST /accounts/{account}/dead-letters/replay", s.replay)
	if s.cfg.Profiles {
		shown.HandleFunc("GET /debug/pprof/", pprof.Index)
		shown.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		shown.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		shown.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		shown.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	all := http.NewServeMux()
	all.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive") })
	all.HandleFunc("GET /readyz", s.readyz)
	all.Handle("/", s.remoteNeedsToken(shown))
	return all
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range securityHeaders {
		w.Header().Set(name, value)
	}
	if !s.hosts.allow(r.Host) {
		plain(w, http.StatusMisdirectedRequest, "the request names another host: use localhost, or the address that the service listens on")
		return
	}
	s.handler.ServeHTTP(w, r)
}

// readyz tells load balancers and orchestrators whether to send events here.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := s.cfg.Ready(); err != nil {
		plain(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	plain(w, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// lasting gives a context for an answer that may take long. It ends with the request and
// when the server stops. The time-outs of requests don't apply to it.
func (s *Server) lasting(w http.ResponseWriter, r *http.Request) (context.Context, context.CancelFunc, *http.ResponseController) {
	control := http.NewResponseController(w)
	// A writer that has no deadlines, as in tests, needs none to be lifted.
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(s.stopping, cancel)
	return ctx, func() { stop(); cancel() }, control
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
