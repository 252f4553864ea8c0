package command

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// useFolder makes a folder for the run of a simulation that was given none.
func (s *serving) useFolder() (err error) {
	if s.flags.dataDir != "" || len(s.flags.nats) > 0 {
		return nil
	}
	s.flags.dataDir, err = os.MkdirTemp("", "rudderklaviyo-simulation-")
	s.ownFolder = true
	s.closers = append(s.closers, func() { _ = os.RemoveAll(s.flags.dataDir) })
	return err
}

// openEngine opens the store. It waits for a cluster that isn't there yet.
func (s *serving) openEngine(ctx context.Context) (*stream.Engine, error) {
	if len(s.flags.nats) == 0 {
		return stream.Embed(stream.EmbedConfig{Dir: s.flags.dataDir, Log: s.logger})
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
			s.logger.Error("waiting for the cluster", "error", err)
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
