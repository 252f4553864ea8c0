package client

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// upsertRounds bounds how often an upsert begins again because the profile to
// update was deleted or merged away in between.
const upsertRounds = 2

// upsertProfile updates the profile that has a person's identifiers, or creates one.
// The operation creates one, and has another that updates. Only the memory decides
// whether it begins with the update; what becomes of the profiles is the same.
func (c *Client) upsertProfile(ctx context.Context, op *runtime.Operation, body []byte) (*Response, error) {
	u := &upsert{client: c, operation: op, whole: newProfileWrite(op, body), refused: make(map[refusal]Error)}
	return u.total(u.run(ctx))
}

// An upsert is one person's, with the calls that were made for it.
type upsert struct {
	client    *Client
	operation *runtime.Operation
	whole     profileWrite
	calls
	// refused are the answers to updates that failed for an identifier of another
	// profile's, less the attempts they took. The same update isn't sent twice.
	refused map[refusal]Error
}

// A refusal is of an update of a profile to identifiers.
type refusal struct {
	profileID   string
	identifiers identifiers
}

func (u *upsert) run(ctx context.Context) (*Response, error) {
	if id, by := u.client.memory.lookup(u.known()); id != "" {
		sent, err := u.resolveConflict(ctx, u.whole, owner{id, by})
		if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrConflict) {
			return sent, err
		}
		u.count(sent, err)
	}
	left := u.whole
	for round := 1; ; {
		sent, err := u.create(ctx, left)
		found, ok := duplicateIn(err, left)
		if !ok {
			return sent, err
		}
		u.count(sent, err)
		write := left
		if found.by == identifiersOf(u.whole.person).strongest() {
			write = u.whole // which was cut only to find the profile
		}
		sent, err = u.resolveConflict(ctx, write, found)
		switch rest, ok := left.withoutWeakest(); {
		case errors.Is(err, ErrNotFound) && round < upsertRounds:
			round++
		case errors.Is(err, ErrConflict) && ok:
			// Nothing told whose the strongest identifier is: with fewer it will.
			left = rest
		default:
			return sent, err
		}
		u.count(sent, err)
	}
}

// known are the identifiers to look up: none of a request that is to be refused for
// lack of them.
func (u *upsert) known() identifiers {
	if !u.whole.person.identified(u.client.externalIDOnly) {
		return identifiers{}
	}
	return identifiersOf(u.whole.person)
}

// create makes a profile of what is left of a write.
func (u *upsert) create(ctx context.Context, left profileWrite) (*Response, error) {
	sent, answer, err := u.client.send(ctx, u.operation, u.operation.Path, left.body)
	if err != nil {
		return nil, err
	}
	sent.ProfileID = idIn(answer)
	u.client.memory.learn(sent.ProfileID, identifiersOf(left.person))
	sent.Warnings = left.warnings
	return sent, nil
}

// update makes a profile have what is left of a write.
func (u *upsert) update(ctx context.Context, id string, left profileWrite) (*Response, error) {
	this := refusal{id, identifiersOf(left.person)}
	if before, ok := u.refused[this]; ok {
		return nil, &before
	}
	op := u.operation.UpdatedBy
	path, err := op.PathOf(id)
	if err != nil {
		return nil, refuse(op, adviceID)
	}
	body, err := edit(left.body, "/data/id", func(json.RawMessage) json.RawMessage { return quote(id) })
	if err != nil {
		return nil, unwritable(op, err)
	}
	sent, _, err := u.client.send(ctx, op, path, body)
	if errors.Is(err, ErrNotFound) {
		u.client.memory.forget(id)
	}
	var conflict *Error
	if errors.As(err, &conflict) && errors.Is(err, ErrConflict) {
		again := *conflict
		again.Attempts, again.RateLimited = 0, 0
		u.refused[this] = again
	}
	if err != nil {
		return nil, err
	}
	sent.ProfileID = id
	u.client.memory.learn(id, identifiersOf(left.person))
	sent.Warnings = left.warnings
	return sent, nil
}

// idIn is the id of the resource in an answer, or empty.
func idIn(answer []byte) string {
	var single struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	_ = json.Unmarshal(answer, &single)
	return single.Data.ID
}

// reconcile makes the call of an operation that upserts by itself. Where the identifiers
// are those of several profiles, it does without the weaker ones.
func (c *Client) reconcile(ctx context.Context, op *runtime.Operation, body []byte) (*Response, error) {
	left := newProfileWrite(op, body)
	var before calls
	for {
		sent, answer, err := c.send(ctx, op, op.Path, left.body)
		if err == nil {
			sent.ProfileID = idIn(answer)
			return before.total(sent, nil, left.warnings...)
		}
		rest, ok := left.conceding(err)
		if !ok {
			return before.total(nil, err)
		}
		before.count(nil, err)
		left = rest
	}
}
