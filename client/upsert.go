package client

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// maxUpsertRounds limits how often an upsert starts again because the profile was deleted or
// merged meanwhile.
const maxUpsertRounds = 2

// upsertProfile updates the profile that has a person's identifiers, or creates one. op creates
// profiles, and op.UpdatedBy updates them. The memory only determines which call comes first,
// not the result.
func (c *Client) upsertProfile(ctx context.Context, op *runtime.Operation, body []byte) (*Response, error) {
	u := &upsert{client: c, operation: op, write: newProfileWrite(op, body), rejected: make(map[rejectedUpdate]Error)}
	return u.finish(u.run(ctx))
}

// An upsert is the upsert of one profile, with the attempts of its calls.
type upsert struct {
	client    *Client
	operation *runtime.Operation
	write     profileWrite
	attemptCounts
	// rejected has the errors of updates that failed because an identifier belongs to another
	// profile, without their attempt counts. The same update isn't sent twice.
	rejected map[rejectedUpdate]Error
}

// A rejectedUpdate identifies an update of a profile with identifiers.
type rejectedUpdate struct {
	profileID   string
	identifiers identifiers
}

func (u *upsert) run(ctx context.Context) (*Response, error) {
	if id, by := u.client.memory.lookup(u.lookupIdentifiers()); id != "" {
		sent, err := u.resolveConflict(ctx, u.write, owner{id, by})
		if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrConflict) {
			return sent, err
		}
		u.count(sent, err)
	}
	write := u.write
	for round := 1; ; {
		sent, err := u.create(ctx, write)
		found, ok := duplicateProfile(err, write)
		if !ok {
			return sent, err
		}
		u.count(sent, err)
		target := write
		if found.matchedBy == identifiersOf(u.write.person).strongest() {
			target = u.write // identifiers were only omitted to find the profile
		}
		sent, err = u.resolveConflict(ctx, target, found)
		switch rest, ok := write.withoutWeakest(); {
		case errors.Is(err, ErrNotFound) && round < maxUpsertRounds:
			round++
		case errors.Is(err, ErrConflict) && ok:
			// No response told which profile has the strongest identifier. With fewer
			// identifiers one will.
			write = rest
		default:
			return sent, err
		}
		u.count(sent, err)
	}
}

// lookupIdentifiers returns the identifiers to look up. It returns none if the identifier check
// will reject the request.
func (u *upsert) lookupIdentifiers() identifiers {
	if !u.write.person.hasIdentifier(u.client.externalIDOnly) {
		return identifiers{}
	}
	return identifiersOf(u.write.person)
}

// create creates a profile.
func (u *upsert) create(ctx context.Context, write profileWrite) (*Response, error) {
	sent, answer, err := u.client.send(ctx, u.operation, u.operation.Path, write.body)
	if err != nil {
		return nil, err
	}
	sent.ProfileID = resourceID(answer)
	u.client.memory.learn(sent.ProfileID, identifiersOf(write.person))
	sent.Warnings = write.warnings
	return sent, nil
}

// update updates the profile with the id.
func (u *upsert) update(ctx context.Context, id string, write profileWrite) (*Response, error) {
	key := rejectedUpdate{id, identifiersOf(write.person)}
	if before, ok := u.rejected[key]; ok {
		return nil, &before
	}
	op := u.operation.UpdatedBy
	path, err := op.PathOf(id)
	if err != nil {
		return nil, invalidRequest(op, adviceInvalidID)
	}
	body, err := edit(write.body, "/data/id", func(json.RawMessage) json.RawMessage { return quote(id) })
	if err != nil {
		return nil, unencodable(op, err)
	}
	sent, _, err := u.client.send(ctx, op, path, body)
	if errors.Is(err, ErrNotFound) {
		u.client.memory.forget(id)
	}
	var conflict *Error
	if errors.As(err, &conflict) && errors.Is(err, ErrConflict) {
		again := *conflict
		again.Attempts, again.RateLimited = 0, 0
		u.rejected[key] = again
	}
	if err != nil {
		return nil, err
	}
	sent.ProfileID = id
	u.client.memory.learn(id, identifiersOf(write.person))
	sent.Warnings = write.warnings
	return sent, nil
}

// resourceID returns the id of the resource in a response, or "".
func resourceID(answer []byte) string {
	var single struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	_ = json.Unmarshal(answer, &single)
	return single.Data.ID
}

// callUpsert calls an operation that upserts. If the identifiers belong to several profiles, it
// omits the weaker ones.
func (c *Client) callUpsert(ctx context.Context, op *runtime.Operation, body []byte) (*Response, error) {
	write := newProfileWrite(op, body)
	var previous attemptCounts
	for {
		sent, answer, err := c.send(ctx, op, op.Path, write.body)
		if err == nil {
			sent.ProfileID = resourceID(answer)
			return previous.finish(sent, nil, write.warnings...)
		}
		rest, ok := write.afterConflict(err)
		if !ok {
			return previous.finish(nil, err)
		}
		previous.count(nil, err)
		write = rest
	}
}
