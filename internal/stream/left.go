package stream

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Left is what is stored of an account that no service delivers.
type Left struct {
	Events, DeadLetters int
}

// Left returns what is stored of the accounts that a filter selects and that have anything. It
// also knows accounts that nobody has opened. On a cluster it leaves out those that a service
// owns.
func (e *Engine) Left(ctx context.Context, selects func(account string) bool) (map[string]Left, error) {
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
	all := map[string]Left{}
	for _, name := range names {
		left, err := e.leftOf(ctx, name)
		if err != nil {
			return nil, err
		}
		if left != (Left{}) {
			all[name] = left
		}
	}
	return all, nil
}

func (e *Engine) leftOf(ctx context.Context, name string) (left Left, err error) {
	a := &Account{engine: e, name: name}
	if a.events, err = e.existing(ctx, eventsPrefix+name); err != nil {
		return left, err
	}
	owner, err := a.Owner(ctx)
	if err != nil || e.host == nil && owner.Owner != "" { // another service of the cluster delivers them
		return left, err
	}
	switch a.letters, err = e.existing(ctx, lettersPrefix+name); {
	case errors.Is(err, jetstream.ErrStreamNotFound): // it was never opened to the end
	case err != nil:
		return left, err
	default:
		letters, err := a.info(ctx, a.letters)
		if err != nil {
			return left, err
		}
		left.DeadLetters = int(letters.State.Msgs)
	}
	info, err := a.info(ctx, a.events)
	if err != nil || info.State.LastSeq < owner.Position.Seq { // what is left wasn't purged yet
		return left, err
	}
	backlog, err := a.Backlog(ctx)
	left.Events = backlog.Events
	return left, err
}

// existing gives a stream that isn't to be made.
func (e *Engine) existing(ctx context.Context, name string) (stream jetstream.Stream, err error) {
	err = e.request(ctx, func(ctx context.Context) error {
		stream, err = e.js.Stream(ctx, name)
		return err
	})
	return stream, describe(err)
}
