package server

import (
	"context"
	"errors"

	"github.com/rudderklaviyo/rudderklaviyo/internal/gateway"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// Publish stores a message of an account. It implements [gateway.Publisher].
func (s *server) Publish(ctx context.Context, account string, data []byte, events int, id string) error {
	delivering := s.service.Load()
	if delivering == nil {
		return gateway.ErrStarting
	}
	err := delivering.Publish(ctx, account, data, events, id)
	if errors.Is(err, stream.ErrFull) {
		return gateway.ErrFull
	}
	return err
}

// answered counts a response to a sender, and logs what its owner has to change.
func (s *server) answered(a gateway.Answered) {
	s.metrics.Ingested(a.Account, a.Code, a.Events, a.Took)
	if a.Reason != gateway.ReasonAccountRemoved {
		return
	}
	if requests, tell := s.refused.count(a.Account); tell {
		s.cfg.Logger.Warn("senders use a removed account", "account", a.Account, "requests", requests,
			"advice", "stop them or give them another token: after a restart they get a 401, and RudderStack drops their events")
	}
}

// failed logs why a message wasn't stored, which its senders are asked to repeat.
func (s *server) failed(account string, err error) {
	if errors.Is(err, gateway.ErrStarting) {
		return
	}
	if messages, tell := s.notKept.count(account); tell {
		s.cfg.Logger.Warn("events not stored", "account", account, "messages", messages, "error", err,
			"advice", "nothing to do if it passes: senders get a 429 and send the events again")
	}
}
