package service

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// Reload switches to other accounts and settings, or changes nothing and returns an error.
// Accounts whose settings are the same continue undisturbed. One that is left out begins
// nothing more, and what is stored of it stays. Reload doesn't wait until it has finished what
// is on its way.
func (s *Service) Reload(ctx context.Context, accounts []config.Account) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	next, err := s.prepare(ctx, accounts)
	if err != nil {
		return err
	}
	s.switchTo(next)
	return nil
}

// prepared is an account after a reload, for which all that can fail is done.
type prepared struct {
	*account
	isNew  bool
	to     *target // nil if it stays as it is
	kept   *stream.Account
	limits stream.Limits
}

// prepare does all of a reload that can fail. If something does, nothing has changed.
func (s *Service) prepare(ctx context.Context, accounts []config.Account) (all []*prepared, err error) {
	defer func() {
		if err != nil {
			s.undo(ctx, all)
		}
	}()
	for _, settings := range accounts {
		p := &prepared{account: s.account(settings.Name), limits: stream.Limits{MaxBacklog: settings.MaxBacklog, MaxLetters: settings.MaxLetters}}
		if p.isNew = p.account == nil; p.isNew {
			p.account = s.newAccount(settings.Name)
		}
		all = append(all, p)
		if p.isNew || !p.account.to.isOf(settings) {
			if p.to, err = s.newTarget(settings); err != nil {
				return all, fmt.Errorf("account %s: %w", settings.Name, err)
			}
		}
	}
	for _, p := range all { // in the store, after all that is known without it
		if p.kept, err = s.cfg.Engine.Account(ctx, p.name, p.limits); err != nil {
			return all, fmt.Errorf("account %s: %w", p.name, err)
		}
	}
	return all, nil
}

// undo takes back what was prepared. Limits in the store are all that others notice.
func (s *Service) undo(ctx context.Context, all []*prepared) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	for _, p := range all {
		if p.isNew {
			s.metrics.forget(p.name)
			continue
		}
		if p.kept == nil || p.limits == p.account.limits {
			continue
		}
		if _, err := s.cfg.Engine.Account(ctx, p.name, p.account.limits); err != nil {
			p.logger.Error("limits not restored", "error", err, "advice", "the account keeps its new maxBacklog and maxLetters: reload again once the store responds")
		}
	}
}

// switchTo goes over to the accounts that were prepared.
func (s *Service) switchTo(all []*prepared) {
	before := s.all()
	next := make(map[string]*account, len(all))
	for _, p := range all {
		next[p.name] = p.account
		p.account.take(p)
	}
	s.mu.Lock()
	s.accounts = next
	s.mu.Unlock()
	s.shareReadAhead()
	for _, p := range all {
		p.setUnfit(false)
		p.retry() // what was to be mended may be mended elsewhere
		if p.isNew {
			s.start(p.account)
		}
	}
	for _, a := range before {
		if next[a.name] == nil {
			a.stop()
			s.ending = append(s.ending, a)
		}
	}
}

// take has an account go on as it was prepared.
func (a *account) take(p *prepared) {
	if a.kept == nil {
		a.kept = p.kept
	}
	a.mu.Lock()
	a.limits = p.limits
	a.mu.Unlock()
	if p.to != nil {
		a.use(p.to)
	}
}

// forgetEnded lets go of the accounts that were left out, once nothing of them is under way. It
// reports whether there were any.
func (s *Service) forgetEnded() bool {
	if !s.reloading.TryLock() {
		return false
	}
	defer s.reloading.Unlock()
	before := len(s.ending)
	s.ending = slices.DeleteFunc(s.ending, func(a *account) bool {
		if !a.hasEnded() {
			return false
		}
		if s.account(a.name) == nil {
			s.metrics.forget(a.name)
		}
		return true
	})
	return len(s.ending) < before
}

// tellOfRemoved logs which accounts have events that nobody delivers, or dead letters that
// nobody sees, because the account was removed or renamed.
func (s *Service) tellOfRemoved(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	removed, err := s.cfg.Engine.Left(ctx, func(name string) bool { return s.account(name) == nil })
	if err != nil {
		s.cfg.Logger.Debug("can't look for events of removed accounts", "error", err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(removed)) {
		left, level := removed[name], slog.LevelInfo
		if left.Events > 0 {
			level = slog.LevelWarn
		}
		s.cfg.Logger.Log(ctx, level, "removed account has events", "account", name, "events", left.Events, "dead_letters", left.DeadLetters,
			"advice", "they stay stored: to have them delivered, or to see the dead letters, add the account again under this name and reload")
	}
}
