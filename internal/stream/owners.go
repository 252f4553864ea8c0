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
	// Process tells processes apart, also those of the same name.
	Process string `json:"process,omitempty"`
	// Epoch counts the owners that the account has had, this one included.
	Epoch uint64 `json:"epoch"`
	// Lease is the length of the owner's.
	Lease time.Duration `json:"lease"`
	// Heir is the service that the last owner has left the account to, if nobody owns it. The
	// others leave it to that for a moment.
	Heir string `json:"heir,omitempty"`
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
		revision, err = a.engine.entry(ctx, a.name, &o)
		return err
	})
	return o, revision, describe(err)
}

// replace is a compare-and-set. It is tried once: only the caller knows until when.
func (a *Account) replace(ctx context.Context, o Ownership, revision uint64) (uint64, error) {
	return a.engine.replace(ctx, a.name, o, revision)
}

// entry reads the value of a key of the bucket. Its revision is 0 if there is none.
func (e *Engine) entry(ctx context.Context, key string, value any) (revision uint64, err error) {
	entry, err := e.owners.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(entry.Value(), value); err != nil {
		return 0, setup(err, "bucket %s: the value of %s isn't one of this program's: %v", bucket, key, err)
	}
	return entry.Revision(), nil
}

// errChanged is the error of a compare-and-set that finds another value.
var errChanged = errors.New("the value has been changed")

// replace is a compare-and-set of a key of the bucket. It is tried once.
func (e *Engine) replace(ctx context.Context, key string, value any, revision uint64) (uint64, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return 0, err
	}
	if revision == 0 {
		revision, err = e.owners.Create(ctx, key, text)
	} else {
		revision, err = e.owners.Update(ctx, key, text, revision)
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

// bucket has the owner and the position of each account, by its name, and the members.
const bucket = "owners"

// openOwners opens the bucket in which each account has its owner and its position.
func (e *Engine) openOwners(ctx context.Context) error {
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
		if e.ownersStream, err = e.js.Stream(ctx, "KV_"+bucket); err != nil {
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
