package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Position is where an account's delivery has come to: the first event that isn't done. The
// zero Position is the beginning.
type Position struct {
	// Seq is the sequence of the event's message.
	Seq uint64 `json:"seq"`
	// Event is its number in the message, counted from 1.
	Event int `json:"event"`
}

// Checkpoint is what an owner of an account leaves to itself or to the next.
type Checkpoint struct {
	Position Position `json:"position"`
	// Counts are the owner's own, JSON that isn't looked into.
	Counts json.RawMessage `json:"counts,omitempty"`
}

// Ownership is who owns an account.
type Ownership struct {
	// Owner is empty if nobody does.
	Owner string `json:"owner"`
	// Epoch counts the owners that the account has had, this one included.
	Epoch uint64 `json:"epoch"`
	// Lease is the length of the owner's.
	Lease time.Duration `json:"lease"`
	// Stream is when the stream was made that the position is of.
	Stream time.Time `json:"stream,omitzero"`
	Checkpoint
}

// Owner tells who owns the account, or did when it last wrote so.
func (a *Account) Owner(ctx context.Context) (Ownership, error) {
	o, _, err := a.ownership(ctx)
	return o, err
}

// ownership gives the revision too; it is 0 if nobody has owned the account yet. On a
// cluster it may be one of a moment ago.
func (a *Account) ownership(ctx context.Context) (o Ownership, revision uint64, err error) {
	err = a.engine.request(ctx, func(ctx context.Context) error {
		entry, err := a.engine.owners.Get(ctx, a.name)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			o, revision = Ownership{}, 0
			return nil
		}
		if err != nil {
			return err
		}
		revision = entry.Revision()
		if err := json.Unmarshal(entry.Value(), &o); err != nil {
			return setup(err, "bucket owners: the value of %s isn't one of this program's: %v", a.name, err)
		}
		return nil
	})
	return o, revision, describe(err)
}

// errChanged is the error of a compare-and-set that finds another value.
var errChanged = errors.New("the value has been changed")

// replace is a compare-and-set. It is tried once: only the caller knows until when.
func (a *Account) replace(ctx context.Context, o Ownership, revision uint64) (uint64, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return 0, err
	}
	if revision == 0 {
		revision, err = a.engine.owners.Create(ctx, a.name, text)
	} else {
		revision, err = a.engine.owners.Update(ctx, a.name, text, revision)
	}
	switch code(err) {
	case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return 0, errChanged
	}
	if errors.Is(err, jetstream.ErrKeyExists) {
		return 0, errChanged
	}
	return revision, describe(err)
}

// openOwners opens the bucket in which each account has its owner and its position.
func (e *Engine) openOwners(ctx context.Context) error {
	const bucket = "owners"
	err := e.request(ctx, func(ctx context.Context) (err error) {
		e.owners, err = e.js.KeyValue(ctx, bucket)
		if errors.Is(err, jetstream.ErrBucketNotFound) {
			e.owners, err = e.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
				Bucket: bucket, Storage: jetstream.FileStorage, History: 1, Replicas: e.replicas,
			})
		}
		if err != nil {
			return e.refusal("KV_"+bucket, err)
		}
		status, err := e.owners.Status(ctx)
		if err != nil {
			return err
		}
		if c := status.Config(); c.Storage != jetstream.FileStorage || c.TTL != 0 || c.Replicas < e.replicas {
			return setup(nil, "bucket %s: it is there with storage %v, ttl %v and %d replicas, and has to have file, 0 and %d: change it, or delete it while no service runs", bucket, c.Storage, c.TTL, c.Replicas, e.replicas)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the owners of the accounts: %w", describe(err))
	}
	return nil
}
