// Package gateway takes events in by HTTP: what RudderStack's Webhook destination sends, and
// the calls of RudderStack's and Segment's server SDKs. A request is answered with 200 once
// a [Publisher] says that it is kept. It is never judged by what is in it: what is no event
// becomes a dead letter when it is delivered.
//
// RudderStack retries a 429 for ever, gives a 5xx up after three hours, and drops the event
// on any other 4xx. So everything that may pass is a 429 with Retry-After, and there is no
// 5xx. The answers are listed in answer.go.
//
// Requests come from servers. There are no CORS headers, so that a browser can't send: a
// credential in a web page would be everybody's.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"path"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
)

// Publisher keeps messages.
type Publisher interface {
	// Publish keeps a message of an account, with the number of events in it, and returns
	// once it is on disk. Of one account it is given one message at a time. The id is the
	// message's own, so that it isn't kept twice where keeping it is tried twice. Publish
	// gives up when ctx is done, and doesn't use data after it returns.
	//
	// An error says that the message may not be kept; ErrFull and its like say why.
	Publish(ctx context.Context, account string, data []byte, events int, id string) error
}

// The errors of a [Publisher] that a sender is told about, each with the time after which to
// try again. After any other it is told that events can't be stored at the moment.
var (
	// ErrFull says that the account's backlog has its greatest size.
	ErrFull = errors.New("the backlog is full")
	// ErrStarting says that nothing can be kept yet.
	ErrStarting = errors.New("the service is starting")
)

// Accounts tells whose a credential is.
type Accounts interface {
	// Account returns the name of the account that a token is for, and ErrAccountRemoved if
	// it was removed. An unknown token is ErrUnknownToken. It takes the same time whatever a
	// wrong token has in common with a right one. See [Tokens].
	Account(token string) (name string, err error)
}

// Observer is told what happens. Its functions may be nil. They are called by many
// goroutines, and must not block.
type Observer struct {
	// Answered is called once for each request.
	Answered func(Answered)
	// Failed is called for each message that the Publisher didn't keep.
	Failed func(account string, err error)
}

// Answered tells of a request that was answered.
type Answered struct {
	// Account is the account whose token the request has, also one that was removed, or
	// empty.
	Account string
	// Code is the status.
	Code int
	// Reason is the code in the answer's body, or empty for 200.
	Reason string
	// Events is how many events were kept by a request that got a 200.
	Events int
	// Took is the time from the request's header to the answer.
	Took time.Duration
}

// Config says what a [Server] takes. Accounts and Publisher are needed; every other zero
// stands for its default.
type Config struct {
	Accounts  Accounts
	Publisher Publisher
	Observer  Observer
	// Log is told of connections that break and of requests that panic. The default is the
	// standard logger.
	Log *log.Logger

	// MaxBody is the size of the largest body in bytes, after decompression. The default is
	// 4 MiB.
	MaxBody int
	// MaxMessage is the size of the largest message that Publisher takes, in bytes. It has
	// to be larger than MaxBody by [inbox.MaxOverhead]. The default is that size.
	MaxMessage int
	// MaxJoined is the size in bytes up to which requests are joined into one message. The
	// default is 1 MiB, or MaxMessage if that is less.
	MaxJoined int

	// MaxConnections is how many connections may be open. The default is 2,048.
	MaxConnections int
	// MaxRequests is how many requests with a valid credential may be under way, and
	// MaxBytes the size of their bodies. One account may have half of each. The defaults
	// are 1,024 and 64 MiB.
	MaxRequests int
	MaxBytes    int

	// HeaderTimeout is how long a request's header may take to come, ReadTimeout how long
	// the whole request, IdleTimeout how long a connection may be without one. The defaults
	// are 5 s, 30 s and 2 min.
	HeaderTimeout, ReadTimeout, IdleTimeout time.Duration
	// PublishTimeout is how long Publisher gets for a message, and AnswerTimeout how long a
	// request waits to be kept after it was read. The defaults are 8 s and 9 s.
	PublishTimeout, AnswerTimeout time.Duration
}

// The defaults of Config.
const (
	// RudderStack's own bound for an event is 4,000 KB.
	defaultMaxBody = 4 << 20
	// A worker has a whole message in memory. Beyond this size a larger one saves nothing:
	// syncing the disk costs less than writing it.
	defaultMaxJoined = 1 << 20

	// A connection takes some 20 KB, so that all of them take 40 MB.
	defaultMaxConnections = 2048
	// What a request has beside its body is little. A sender that waits for its answers
	// needs one request for each of its connections: RudderStack's 64 workers, or the
	// hundreds that a burst of an SDK opens.
	defaultMaxRequests = 1024
	// Enough for 16 of the largest bodies, or for all requests with 64 KB each.
	defaultMaxBytes = 64 << 20

	defaultHeaderTimeout = 5 * time.Second
	// The largest body comes in time at 140 KB a second.
	defaultReadTimeout = 30 * time.Second
	// Longer than the minute that load balancers keep connections, so that they close them:
	// a request that meets a closing connection is an error to its sender.
	defaultIdleTimeout = 2 * time.Minute
	// An election of a leader takes 4 to 9 s.
	defaultPublishTimeout = 8 * time.Second
	// RudderStack's Go SDK gives a request up after 10 s.
	defaultAnswerTimeout = 9 * time.Second

	// maxHeader is the size of the largest header in bytes, to which net/http adds 4 KiB.
	maxHeader = 12 << 10
	// writeTime is how long the answer may take to be written.
	writeTime = 10 * time.Second
)

func orDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

func (c *Config) setDefaults() {
	orDefault(&c.Log, log.Default())
	orDefault(&c.MaxBody, defaultMaxBody)
	orDefault(&c.MaxMessage, c.MaxBody+inbox.MaxOverhead)
	orDefault(&c.MaxJoined, defaultMaxJoined)
	c.MaxJoined = min(c.MaxJoined, c.MaxMessage)
	orDefault(&c.MaxConnections, defaultMaxConnections)
	orDefault(&c.MaxRequests, defaultMaxRequests)
	orDefault(&c.MaxBytes, defaultMaxBytes)
	orDefault(&c.HeaderTimeout, defaultHeaderTimeout)
	orDefault(&c.ReadTimeout, defaultReadTimeout)
	orDefault(&c.IdleTimeout, defaultIdleTimeout)
	orDefault(&c.PublishTimeout, defaultPublishTimeout)
	orDefault(&c.AnswerTimeout, defaultAnswerTimeout)
	if c.Observer.Answered == nil {
		c.Observer.Answered = func(Answered) {}
	}
	if c.Observer.Failed == nil {
		c.Observer.Failed = func(string, error) {}
	}
}

// Server takes events in. It is an [http.Handler], too, which is then without the bound of
// connections and the time-outs.
type Server struct {
	cfg         Config
	load        *load
	joiner      *joiner
	http        *http.Server
	connections *connections
	pulse       *pulse
}

// New makes a Server.
func New(cfg Config) (*Server, error) {
	if cfg.Accounts == nil || cfg.Publisher == nil {
		return nil, errors.New("gateway: Accounts and Publisher are needed")
	}
	cfg.setDefaults()
	if least := cfg.MaxBody + inbox.MaxOverhead; cfg.MaxMessage < least {
		return nil, fmt.Errorf("gateway: a message may have %d bytes; a body of the largest size needs %d", cfg.MaxMessage, least)
	}
	if cfg.MaxBytes/2 < cfg.MaxBody {
		return nil, fmt.Errorf("gateway: MaxBytes is %d; a body of the largest size needs %d", cfg.MaxBytes, 2*cfg.MaxBody)
	}
	pulse := new(pulse)
	s := &Server{
		cfg:         cfg,
		load:        newLoad(cfg.MaxRequests, cfg.MaxBytes),
		joiner:      newJoiner(cfg, pulse),
		pulse:       pulse,
		connections: newConnections(cfg.MaxConnections),
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s.http = &http.Server{
		Handler:           s,
		Protocols:         protocols,
		ReadHeaderTimeout: cfg.HeaderTimeout,
		ReadTimeout:       cfg.ReadTimeout,
		WriteTimeout:      cfg.ReadTimeout + cfg.AnswerTimeout + writeTime,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          cfg.Log,
		ConnContext:       withConnection,
	}
	return s, nil
}

// Serve takes requests from a listener until Shutdown, and returns [http.ErrServerClosed]
// then.
func (s *Server) Serve(l net.Listener) error {
	stop := make(chan struct{})
	defer close(stop)
	go s.pulse.beats(stop)
	return s.http.Serve(listener{l, s.connections})
}

// Shutdown answers every request that comes from now on with 429, waits for those under
// way, and closes all connections. When ctx is done it waits no more: what is under way then
// gets no answer.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.load.stop(ctx)
	if err == nil {
		s.connections.stop()
		err = s.http.Shutdown(ctx)
	}
	if err != nil {
		s.http.Close()
	}
	s.joiner.stop()
	return err
}

// endpoints are the kinds of requests by their paths.
var endpoints = map[string]inbox.Kind{
	"/v1/webhook":  inbox.Webhook,
	"/v1/batch":    inbox.Batch,
	"/v1/import":   inbox.Batch, // RudderStack's name for a batch of the past
	"/v1/identify": inbox.Identify,
	"/v1/track":    inbox.Track,
	"/v1/group":    inbox.Group,
	"/v1/screen":   inbox.Screen,
	"/v1/page":     inbox.Page,
	"/v1/alias":    inbox.Alias,
}

// ServeHTTP takes a request in.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	seen := Answered{}
	a := s.take(w, r, began, &seen)
	a.write(w)
	if seen.Account != "" {
		s.connections.done(r.Context())
	}
	seen.Code, seen.Reason, seen.Took = a.status, a.code, time.Since(began)
	s.cfg.Observer.Answered(seen)
}

// take gives the answer to a request that began to come at a time.
func (s *Server) take(w http.ResponseWriter, r *http.Request, began time.Time, seen *Answered) answer {
	// A doubled slash, or one at the end, comes from an address that was put together. A
	// redirect would make a GET of the request.
	kind, known := endpoints[path.Clean("/"+r.URL.Path)]
	switch {
	case s.load.isStopping():
		return stopping
	case !known:
		return notFound
	case r.Method != http.MethodPost:
		return notAllowed
	}
	account, err := s.cfg.Accounts.Account(tokenOf(r))
	seen.Account = account
	switch {
	case errors.Is(err, ErrAccountRemoved):
		return accountRemoved
	case err != nil:
		return unauthorized
	}
	s.connections.serve(r.Context())
	share, refused := s.load.admit(account)
	if refused != nil {
		return *refused
	}
	defer share.release()

	body, refused := s.readBody(w, r, share)
	if refused != nil {
		return *refused
	}
	events := inbox.Count(kind, body)
	if events == 0 {
		return accepted // there is nothing to keep
	}
	a := s.joiner.keep(account, &request{
		Request: inbox.Request{Kind: kind, Received: began, Body: body},
		events:  events,
	})
	if a.status == http.StatusOK {
		seen.Events = events
	}
	return a
}
