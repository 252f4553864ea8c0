package command

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"path/filepath"
	"syscall"

	"github.com/rudderklaviyo/rudderklaviyo/internal/admin"
	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/gateway"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// newAdmin makes what operators see. It answers from the beginning, and tells that the
// service is starting as long as it is.
func (s *serving) newAdmin(at net.Listener, token string) (*admin.Server, error) {
	return admin.New(admin.Config{
		Accounts: shown{s}, Address: at.Addr().String(), Token: token, ID: s.id(), Ready: s.ready, Profiles: s.flags.profiles, Log: s.logger,
	})
}

// ready tells why no events are taken, or gives nil.
func (s *serving) ready() error {
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
type shown struct{ serving *serving }

func (a shown) Status(ctx context.Context) []service.Status {
	if s := a.serving.service.Load(); s != nil {
		return s.Status(ctx)
	}
	return nil
}

func (a shown) Reasons(ctx context.Context, account string) (map[string]service.Reason, error) {
	if s := a.serving.service.Load(); s != nil {
		return s.Reasons(ctx, account)
	}
	return nil, gateway.ErrStarting
}

func (a shown) Letters(ctx context.Context, account, code string) (iter.Seq2[stream.Letter, error], error) {
	if s := a.serving.service.Load(); s != nil {
		return s.Letters(ctx, account, code)
	}
	return nil, gateway.ErrStarting
}

func (a shown) Replay(ctx context.Context, account, code string) (int, error) {
	if s := a.serving.service.Load(); s != nil {
		return s.Replay(ctx, account, code)
	}
	return 0, gateway.ErrStarting
}

func (a shown) Delete(ctx context.Context, account, code string) (int, error) {
	if s := a.serving.service.Load(); s != nil {
		return s.Delete(ctx, account, code)
	}
	return 0, gateway.ErrStarting
}

func (a shown) Metrics() http.Handler { return a.serving.metrics.Handler() }

// adminToken is that of --admin-token-file, else one that the service makes for itself and
// keeps in its folder, for those who may read that.
func (s *serving) adminToken() (string, error) {
	switch {
	case s.flags.adminToken != "":
		return readToken(s.flags.adminToken)
	case s.flags.dataDir == "":
		return "", nil
	}
	name := filepath.Join(s.flags.dataDir, adminTokenName)
	token, err := readToken(name)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return token, err
	}
	if err := stream.MakeFolder(s.flags.dataDir); err != nil {
		return "", err
	}
	file, err := atomicfile.Create(name, 0o600)
	if err != nil {
		return "", err
	}
	token = rand.Text()
	if _, err := file.Write([]byte(token + "\n")); err != nil {
		return "", errors.Join(err, file.Discard())
	}
	return token, file.Commit()
}
