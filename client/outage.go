package client

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// outages logs retries without a record for each request that waits for an unreachable server:
// the first retry of an outage is logged as a warning, and so is its end if there were several.
// The others are logged at debug level. It is safe for concurrent use.
type outages struct {
	logger *slog.Logger

	mu sync.Mutex
	// ongoing has the current outages: by operation for 429 responses, and under "" for no
	// response or a server error.
	ongoing map[runtime.OperationID]*outage
}

type outage struct {
	start   time.Time
	retries int
}

func newOutages(logger *slog.Logger) *outages {
	return &outages{logger: logger, ongoing: map[runtime.OperationID]*outage{}}
}

// logRetry logs a retry.
func (s *outages) logRetry(ctx context.Context, limited runtime.OperationID, attrs ...any) {
	s.mu.Lock()
	current := s.ongoing[limited]
	level := slog.LevelDebug
	if current == nil {
		level, current = slog.LevelWarn, &outage{start: time.Now()}
		s.ongoing[limited] = current
	}
	current.retries++
	s.mu.Unlock()
	s.logger.Log(ctx, level, "klaviyo retry", attrs...)
}

// end logs the end of the outages that affected an operation.
func (s *outages) end(ctx context.Context, operation runtime.OperationID) {
	s.mu.Lock()
	var ended []*outage
	for _, of := range []runtime.OperationID{"", operation} {
		if current := s.ongoing[of]; current != nil {
			ended = append(ended, current)
			delete(s.ongoing, of)
		}
	}
	s.mu.Unlock()
	for _, e := range ended {
		if e.retries > 1 {
			s.logger.WarnContext(ctx, "klaviyo responds again", "operation", operation, "retries", e.retries, "after", time.Since(e.start).Round(time.Millisecond))
		}
	}
}
