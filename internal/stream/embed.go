package stream

import (
	"context"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
)

// EmbedConfig is that of a server inside the process.
type EmbedConfig struct {
	// Dir is the data folder. It is made if it isn't there, and belongs to one process at
	// a time.
	Dir string
	// Log gets the server's warnings and errors; nil drops them.
	Log *slog.Logger
}

// Embed starts a server inside the process. It listens on no port. Each message is on the
// disk before it is acknowledged, so one machine's power failure loses none.
func Embed(config EmbedConfig) (*Engine, error) {
	log := logger(config.Log)
	folder, err := openFolder(config.Dir)
	if err != nil {
		return nil, err
	}
	host, err := startHost(folder, log)
	if err != nil {
		folder.close()
		return nil, err
	}
	engine, err := inside(context.Background(), host, log)
	if err != nil {
		host.close()
		return nil, err
	}
	engine.host = host
	return engine, nil
}

// inside makes an engine of a server inside the process.
func inside(ctx context.Context, server nats.InProcessConnProvider, log *slog.Logger) (*Engine, error) {
	conn, err := nats.Connect("", append(connection(log), nats.InProcessServer(server), nats.ReconnectWait(20*time.Millisecond))...)
	if err != nil {
		return nil, err
	}
	engine, err := start(ctx, conn, 1, log)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return engine, nil
}

// Share gives another engine of the server inside the process. It is to the first as the
// engine of another process is on a cluster: for tests of services that share accounts.
func (e *Engine) Share(ctx context.Context) (*Engine, error) { return inside(ctx, e.host, e.log) }

// IsShared tells whether other services may use the same store.
func (e *Engine) IsShared() bool { return e.host == nil }

// connection has the options of each connection: it comes back for ever, and while it is
// gone a request fails at once rather than is sent when nobody expects it any more.
func connection(log *slog.Logger) []nats.Option {
	return []nats.Option{
		nats.Name("rudderklaviyo"),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(), // the credentials may be replaced
		nats.ReconnectBufSize(-1),
		nats.PingInterval(5 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("connection to NATS lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("connection to NATS restored") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Debug("NATS", "error", err) }),
	}
}
