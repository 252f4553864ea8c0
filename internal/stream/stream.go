// Package stream keeps what comes in until it is delivered, on NATS JetStream: an
// account's events in their order, its dead letters, and who delivers it at present and
// how far that has come. The server is inside the process ([Embed]) or a cluster of others
// ([Connect]); an [Engine] doesn't show which.
//
// What Publish, KeepLetters and Save have returned from without an error survives a kill of
// the process and, on a cluster, the loss of a server. All that can fail for a while fails
// with [ErrUnavailable] or [ErrFull]; what an operator has to mend, with [ErrSetup].
package stream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// MaxMessage is the size in bytes of the largest message: a body of 4 MiB and what is
// written beside it.
const MaxMessage = 4<<20 + 64<<10

// MaxLetter is the size in bytes of the largest dead letter: a message in base64, and the
// reason.
const MaxLetter = MaxMessage/3*4 + 128<<10

// maxPayload is what a server has to take: the larger of both, and its headers.
const maxPayload = MaxLetter + 4<<10

// requestTimeout is how long an answer of the server is waited for, where the caller's
// context doesn't end before. An election takes 4 to 9 seconds.
const requestTimeout = 10 * time.Second

// attemptFor is how long the answer to one attempt is waited for: it may be lost.
const attemptFor = 3 * time.Second

// Engine is where streams are kept. It is safe for concurrent use.
type Engine struct {
	conn     *nats.Conn
	js       jetstream.JetStream
	owners   jetstream.KeyValue
	replicas int
	process  string // tells this process, or this engine of it, from others
	log      *slog.Logger
	host     *host // of the server inside the process, or nil

	ownersStream jetstream.Stream // the stream of owners

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	once   sync.Once

	refused atomic.Pointer[time.Time] // when the last write failed, nil if it was

	mu   sync.Mutex
	held map[string]bool // accounts that this process owns
}

// start makes an engine of a server that answers.
func start(ctx context.Context, conn *nats.Conn, replicas int, log *slog.Logger) (*Engine, error) {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(requestTimeout))
	if err != nil {
		return nil, err
	}
	e := &Engine{conn: conn, js: js, replicas: replicas, process: rand.Text(), log: log, held: map[string]bool{}}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	err = e.checkJetStream(ctx)
	if err == nil {
		err = e.openOwners(ctx)
	}
	if err != nil {
		e.cancel()
		return nil, err
	}
	return e, nil
}

// Close ends what is under way with [ErrUnavailable], and the server if it is inside the
// process. What has been acknowledged is on disk already.
func (e *Engine) Close() error {
	e.once.Do(func() {
		e.cancel()
		e.conn.Close()
		if e.host != nil {
			e.host.close()
		}
	})
	return nil
}

// Available tells why nothing can be kept at present, or gives nil.
func (e *Engine) Available() error {
	switch {
	case e.ctx.Err() != nil:
		return unavailable(errClosed)
	case e.host != nil && e.host.failure() != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, e.host.failure())
	case !e.conn.IsConnected():
		return fmt.Errorf("%w: no NATS server is connected", ErrUnavailable)
	}
	if at := e.refused.Load(); at != nil && time.Since(*at) < refusedFor {
		return fmt.Errorf("%w: the last write failed", ErrUnavailable)
	}
	return nil
}

// refusedFor is how long a write that wasn't kept says that others aren't: a server may be
// connected that has lost the two others, and only trying shows that they are back.
const refusedFor = 15 * time.Second

// note notes whether a write was kept: a message, or the value of a lease. One that was given
// up tells nothing.
func (e *Engine) note(ctx context.Context, err error) {
	switch {
	case err == nil:
		e.refused.Store(nil)
	case ctx.Err() == nil && !errors.Is(err, ErrNotOwner) && !errors.Is(err, errChanged):
		now := time.Now()
		e.refused.Store(&now)
	}
}

// within bounds a request by the caller, the engine and a timeout.
func (e *Engine) within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	stop := context.AfterFunc(e.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// pause waits. It tells whether to go on.
func (e *Engine) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-e.ctx.Done():
	}
	return false
}

// request does what the server may not answer, until it does or the time is over. Errors
// that say what is wrong end it.
func (e *Engine) request(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := e.within(ctx, requestTimeout)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := attempt(ctx, do)
		if err == nil || !isPassing(err) {
			return err
		}
		if !e.pause(ctx, wait) {
			return unavailable(err)
		}
	}
}

// attempt does what has an answer soon or never: it may be lost on its way.
func attempt(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	return do(ctx)
}

// logger gives a log that drops all to those who don't want one.
func logger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

var errClosed = errors.New("it is closed")
