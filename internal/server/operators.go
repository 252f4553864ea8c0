package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"github.com/rudderklaviyo/rudderklaviyo/internal/admin"
	"github.com/rudderklaviyo/rudderklaviyo/internal/gateway"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// newAdmin makes what operators see. It responds from the beginning, and says that the
// service is starting as long as it is.
func (s *server) newAdmin() (*admin.Server, error) {
	token, err := s.adminToken()
	if err != nil {
		return nil, fmt.Errorf("the admin token: %w", err)
	}
	showing, err := admin.New(admin.Config{
		Accounts: shown{s}, Address: s.cfg.Operators.Addr().String(), Token: token, ID: s.cfg.ID,
		Ready: s.ready, Profiles: s.cfg.Profiles, Log: s.cfg.Logger,
	})
	if err != nil {
		return nil, &SettingError{err}
	}
	return showing, nil
}

// ready returns why no events are accepted, or nil.
func (s *server) ready() error {
	switch {
	case s.service.Load() == nil:
		return gateway.ErrStarting
	case s.stopping.Load():
		return errStopping
	}
	return s.engine.Load().Available()
}

var errStopping = errors.New("the service is stopping")

// shown are the service's accounts, of which there are none while it starts.
type shown struct{ server *server }

func (a shown) Status(ctx context.Context) []service.Status {
	if s := a.server.service.Load(); s != nil {
		return s.Status(ctx)
	}
	return nil
}

func (a shown) Reasons(ctx context.Context, account string) (map[string]service.Reason, error) {
	if s := a.server.service.Load(); s != nil {
		return s.Reasons(ctx, account)
	}
	return nil, gateway.ErrStarting
}

func (a shown) Letters(ctx context.Context, account, code string) (iter.Seq2[stream.Letter, error], error) {
	if s := a.server.service.Load(); s != nil {
		return s.Letters(ctx, account, code)
	}
	return nil, gateway.ErrStarting
}

func (a shown) Replay(ctx context.Context, account, code string) (int, error) {
	if s := a.server.service.Load(); s != nil {
		return s.Replay(ctx, account, code)
	}
	return 0, gateway.ErrStarting
}

func (a shown) Delete(ctx context.Context, account, code string) (int, error) {
	if s := a.server.service.Load(); s != nil {
		return s.Delete(ctx, account, code)
	}
	return 0, gateway.ErrStarting
}

func (a shown) Metrics() http.Handler { return a.server.metrics.Handler() }
