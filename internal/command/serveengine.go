package command

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// dataFolder is where an embedded engine keeps what comes in. That of a simulation goes with
// it.
func (s *serving) dataFolder() (string, error) {
	if s.flags.dataDir != "" {
		return s.flags.dataDir, nil
	}
	folder, err := os.MkdirTemp("", "rudderklaviyo-simulation-")
	s.closers = append(s.closers, func() { _ = os.RemoveAll(folder) })
	return folder, err
}

// openEngine opens the store of what comes in. A cluster that isn't there yet is waited for.
func (s *serving) openEngine(ctx context.Context) (*stream.Engine, error) {
	if len(s.flags.nats) == 0 {
		folder, err := s.dataFolder()
		if err != nil {
			return nil, err
		}
		return stream.Embed(stream.EmbedConfig{Dir: folder, Log: s.logger})
	}
	waited := "" // why, as it was logged last
	for {
		engine, err := stream.Connect(ctx, stream.ClusterConfig{
			URLs: s.flags.nats, Credentials: s.flags.natsCreds, Monitoring: s.flags.monitoring, Log: s.logger,
		})
		if err == nil || !errors.Is(err, stream.ErrUnavailable) {
			return engine, err
		}
		if text := err.Error(); text != waited {
			s.logger.Error("the cluster is waited for", "error", err)
			waited = text
		}
		select {
		case <-time.After(clusterWait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// clusterWait is the time between two attempts to reach a cluster.
const clusterWait = 2 * time.Second
