package stream

import (
	"context"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Undone returns how many events wait in each account, for the accounts that a filter selects
// and that have any. It also knows accounts that nobody has opened. On a cluster it leaves out
// those that a service owns.
func (e *Engine) Undone(ctx context.Context, selects func(account string) bool) (map[string]int, error) {
	var names []string
	err := e.request(ctx, func(ctx context.Context) error {
		names = nil
		lister := e.js.StreamNames(ctx, jetstream.WithStreamListSubject("rk.events.*.*"))
		for stream := range lister.Name() {
			if name, ok := strings.CutPrefix(stream, eventsPrefix); ok && selects(name) {
				names = append(names, name)
			}
		}
		return lister.Err()
	})
	if err != nil {
		return nil, describe(err)
	}
	undone := map[string]int{}
	for _, name := range names {
		n, err := e.undoneOf(ctx, name)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			undone[name] = n
		}
	}
	return undone, nil
}

func (e *Engine) undoneOf(ctx context.Context, name string) (int, error) {
	a := &Account{engine: e, name: name}
	err := e.request(ctx, func(ctx context.Context) (err error) {
		a.events, err = e.js.Stream(ctx, eventsPrefix+name)
		return err
	})
	if err != nil {
		return 0, describe(err)
	}
	owner, err := a.Owner(ctx)
	if err != nil || e.host == nil && owner.Owner != "" { // another service of the cluster delivers them
		return 0, err
	}
	info, err := a.info(ctx, a.events)
	if err != nil || info.State.LastSeq < owner.Position.Seq { // what is left wasn't purged yet
		return 0, err
	}
	backlog, err := a.Backlog(ctx)
	return backlog.Events, err
}
