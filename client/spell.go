package client

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// spells logs retries so that a server that is down isn't told of by each request that waits
// for it: the first retry of a spell in which nothing is answered is a warning, as is its end
// if there were more of them. Those between are at the level debug. It is safe for concurrent
// use.
type spells struct {
	logger *slog.Logger

	mu sync.Mutex
	// under are the spells under way: by the operation that is answered 429, or by none
	// where the server gives no answer or fails.
	under map[runtime.OperationID]*spell
}

type spell struct {
	began   time.Time
	retries int
}

func newSpells(logger *slog.Logger) *spells {
	return &spells{logger: logger, under: map[runtime.OperationID]*spell{}}
}

// retry logs that a request is made again.
func (s *spells) retry(ctx context.Context, limited runtime.OperationID, attrs ...any) {
	s.mu.Lock()
	now := s.under[limited]
	level := slog.LevelDebug
	if now == nil {
		level, now = slog.LevelWarn, &spell{began: time.Now()}
		s.under[limited] = now
	}
	now.retries++
	s.mu.Unlock()
	s.logger.Log(ctx, level, "klaviyo retry", attrs...)
}

// answered logs that the spells of an operation have ended.
func (s *spells) answered(ctx context.Context, operation runtime.OperationID) {
	s.mu.Lock()
	var ended []*spell
	for _, of := range []runtime.OperationID{"", operation} {
		if now := s.under[of]; now != nil {
			ended = append(ended, now)
			delete(s.under, of)
		}
	}
	s.mu.Unlock()
	for _, e := range ended {
		if e.retries > 1 {
			s.logger.WarnContext(ctx, "klaviyo answers again", "operation", operation, "retries", e.retries, "after", time.Since(e.began).Round(time.Millisecond))
		}
	}
}
