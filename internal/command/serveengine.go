package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// dataFolder is where an embedded engine keeps what comes in. The folder of a simulation goes
// with it.
func (s *serving) dataFolder() (folder string, remove func(), err error) {
	switch state := s.program.Getenv("STATE_DIRECTORY"); {
	case s.flags.dataDir != "":
		return s.flags.dataDir, func() {}, nil
	case state != "":
		return filepath.SplitList(state)[0], func() {}, nil
	case s.flags.simulate:
		folder, err := os.MkdirTemp("", "rudderklaviyo-simulation-")
		return folder, func() { _ = os.RemoveAll(folder) }, err
	}
	return "", nil, wrongUsage(errors.New("serve needs --data-dir FOLDER, where events are kept until they are delivered, or --nats with the URLs of a cluster"))
}

// openEngine opens the store of what comes in. A cluster that isn't there yet is waited for.
func (s *serving) openEngine(ctx context.Context) (*stream.Engine, error) {
	if len(s.flags.nats) == 0 {
		folder, remove, err := s.dataFolder()
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, remove)
		return stream.Embed(stream.EmbedConfig{Dir: folder, Log: s.logger})
	}
	for {
		engine, err := stream.Connect(ctx, stream.ClusterConfig{
			URLs: s.flags.nats, Credentials: s.flags.natsCreds, Monitoring: s.flags.monitoring, Log: s.logger,
		})
		if err == nil || !errors.Is(err, stream.ErrUnavailable) {
			return engine, err
		}
		s.logger.Error("the cluster is waited for", "error", err)
		select {
		case <-time.After(clusterWait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// clusterWait is the time between two attempts to reach a cluster.
const clusterWait = 2 * time.Second
