package stream

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// checkEvery is how often the server inside the process is asked for its health.
	checkEvery = time.Second
	// spareRoom is how many bytes there have to be before one whose disk was full is
	// started again.
	spareRoom = 16 << 20
)

// host runs the server inside the process. A server that couldn't write gives its stream up
// for good, so the host starts another once there is room again. Connections go to the one
// that runs.
type host struct {
	folder *folder
	log    *slog.Logger

	mu     sync.Mutex
	server *server.Server // nil while there is none
	failed error          // why it can't keep anything, nil if it can

	stop    chan struct{}
	stopped chan struct{}
}

func startHost(f *folder, log *slog.Logger) (*host, error) {
	h := &host{folder: f, log: log, stop: make(chan struct{}), stopped: make(chan struct{})}
	s, err := h.startServer()
	if err != nil {
		return nil, err
	}
	h.server = s
	go h.watch()
	return h, nil
}

func (h *host) startServer() (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName:             "rudderklaviyo",
		DontListen:             true,
		NoSigs:                 true,
		MaxPayload:             maxPayload,
		JetStream:              true,
		StoreDir:               h.folder.dir,
		SyncAlways:             true,
		JetStreamMaxMemory:     64 << 20, // no stream of ours is in memory
		JetStreamMaxStore:      math.MaxInt64 / 4,
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, err
	}
	log := &serverLog{log: h.log}
	s.SetLoggerV2(log, false, false, false)
	s.Start() // has recovered what is kept when it returns
	log.started()
	if !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("data folder %s: %s", h.folder.dir, log.fatal)
	}
	return s, nil
}

// InProcessConn connects to the server that runs.
func (h *host) InProcessConn() (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.server == nil {
		return nil, errors.New("the server is starting")
	}
	return h.server.InProcessConn()
}

// failure tells why nothing can be kept, or gives nil.
func (h *host) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

func (h *host) watch() {
	defer close(h.stopped)
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-ticker.C:
			h.check()
		}
	}
}

// check starts the server again if it can't write any more and there is room.
func (h *host) check() {
	running := h.server // which only this goroutine changes
	health := ""
	if running != nil {
		if health = unhealthy(running); health == "" {
			return
		}
	}
	if err := h.folder.probe(spareRoom); err != nil {
		h.fail(fmt.Errorf("data folder: %w", cause(err)))
		return
	}
	if running != nil {
		h.fail(errors.New(health))
		h.set(nil)
		running.Shutdown()
		running.WaitForShutdown()
	}
	s, err := h.startServer()
	if err != nil {
		h.fail(err)
		return
	}
	h.set(s)
	h.fail(nil)
	h.log.Info("store can write again")
}

// unhealthy tells what is wrong with a server, empty if nothing is. That it isn't started is
// nothing: it gives itself a millisecond to see that, which a busy machine may take from it.
func unhealthy(s *server.Server) string {
	for _, e := range s.Healthz(&server.HealthzOptions{Details: true}).Errors {
		if e.Type != server.HealthzErrorConn {
			return e.Error
		}
	}
	return ""
}

func (h *host) set(s *server.Server) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.server = s
}

func (h *host) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil && (h.failed == nil || h.failed.Error() != err.Error()) {
		h.log.Error("store can't write", "error", err)
	}
	h.failed = err
}

// close ends the server and lets another process have the folder.
func (h *host) close() {
	close(h.stop)
	<-h.stopped
	if h.server != nil {
		h.server.Shutdown()
		h.server.WaitForShutdown()
	}
	h.folder.close()
}
