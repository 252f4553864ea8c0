package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ClusterConfig is that of a NATS cluster with JetStream.
type ClusterConfig struct {
	// URLs are those of its servers, one at least.
	URLs []string
	// Credentials names a file with a user's JWT and key; empty for none.
	Credentials string
	// TLS is for servers that ask for more than a certificate of a known authority; nil
	// for the default.
	TLS *tls.Config
	// Monitoring are the URLs of the servers' monitoring, http://host:8222. They alone show
	// whether a server syncs what it acknowledges; without them the log has a warning.
	Monitoring []string
	// Log gets warnings; nil drops them.
	Log *slog.Logger
}

// replicas is how many servers of a cluster keep each message: two acknowledge it.
const replicas = 3

// Connect connects to a cluster and checks that it can be relied on: three servers with
// JetStream that take messages of 4 MiB and sync what they acknowledge.
func Connect(ctx context.Context, config ClusterConfig) (*Engine, error) {
	return connect(ctx, config, replicas)
}

func connect(ctx context.Context, config ClusterConfig, replicas int) (*Engine, error) {
	log := logger(config.Log)
	options := append(connection(log), nats.ReconnectWait(250*time.Millisecond), nats.ReconnectJitter(250*time.Millisecond, 250*time.Millisecond))
	if config.Credentials != "" {
		if _, err := os.ReadFile(config.Credentials); err != nil {
			return nil, setup(err, "the NATS credentials can't be read: %v", err)
		}
		options = append(options, nats.UserCredentials(config.Credentials))
	}
	if config.TLS != nil {
		options = append(options, nats.Secure(config.TLS))
	}
	conn, err := nats.Connect(strings.Join(config.URLs, ","), options...)
	if err != nil {
		return nil, connectError(err)
	}
	left, err := checkSyncing(ctx, config.Monitoring)
	if err != nil {
		conn.Close()
		return nil, err
	}
	engine, err := checked(ctx, conn, replicas, log)
	if err != nil {
		conn.Close()
		return nil, err
	}
	warnOfUnchecked(log, config.Monitoring, left) // once, and not at each attempt
	return engine, nil
}

// connectError tells what can be mended from what may pass. It doesn't name the URLs, which
// may have a password in them.
func connectError(err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return setup(err, "the NATS servers refuse the user: check the credentials file: %v", err)
	}
	return fmt.Errorf("%w: no NATS server can be reached: %w", ErrUnavailable, err)
}

// checked makes an engine of a cluster that can be relied on.
func checked(ctx context.Context, conn *nats.Conn, replicas int, log *slog.Logger) (*Engine, error) {
	if got := conn.MaxPayload(); got < maxPayload {
		return nil, setup(nil, "the NATS servers take messages of %d bytes and the largest has %d: set max_payload to %d or more on each", got, maxPayload, maxPayload)
	}
	return start(ctx, conn, replicas, log)
}

// checkJetStream waits for JetStream, which has no leader for a while after a start.
func (e *Engine) checkJetStream(ctx context.Context) error {
	err := e.request(ctx, func(ctx context.Context) error {
		_, err := e.js.AccountInfo(ctx)
		switch {
		case errors.Is(err, jetstream.ErrJetStreamNotEnabled):
			return setup(err, "the NATS servers have no JetStream: set jetstream { store_dir: ... } on three of them")
		case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
			return setup(err, "the NATS account of these credentials has no JetStream: enable it for the account")
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrSetup) {
		return fmt.Errorf("JetStream doesn't answer, or these credentials may not ask it: %w", describe(err))
	}
	return err
}
