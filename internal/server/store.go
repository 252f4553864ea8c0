package server

import (
	"context"
	"errors"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// clusterWait is the time between two attempts to reach a cluster.
const clusterWait = 2 * time.Second

// openStore opens the folder, or waits for a cluster that isn't there yet.
func (s *server) openStore(ctx context.Context) (*stream.Engine, error) {
	log := s.cfg.Logger
	if len(s.cfg.Cluster.URLs) == 0 {
		return stream.Embed(stream.EmbedConfig{Dir: s.cfg.Dir, Log: log})
	}
	cluster := s.cfg.Cluster
	cluster.Log = log
	waited := "" // why, as it was logged last
	for {
		engine, err := stream.Connect(ctx, cluster)
		if err == nil || !errors.Is(err, stream.ErrUnavailable) {
			return engine, err
		}
		if text := err.Error(); text != waited {
			log.Error("waiting for the cluster", "error", err)
			waited = text
		}
		select {
		case <-time.After(clusterWait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
