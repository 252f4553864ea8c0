package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// upsertRounds bounds how often an upsert begins again because the profile to
// update was deleted or merged away in between.
const upsertRounds = 2

// upsertProfile updates the profile that has a person's identifiers, or creates one.
// The body is of create_profile. Only the memory decides whether it begins with the
// update; what becomes of the profiles is the same.
func (c *Client) upsertProfile(ctx context.Context, body []byte) (*Response, error) {
	u := &upsert{client: c}
	var create klaviyo.ProfileCreateQuery
	if json.Unmarshal(body, &create) == nil {
		u.whole.attributes = create.Data.Attributes
	}
	return u.total(u.run(ctx, body))
}

// An upsert is one person's, with the calls that were made for it.
type upsert struct {
	client *Client
	whole  claim
	calls
}

func (u *upsert) run(ctx context.Context, body []byte) (*Response, error) {
	if id, by := u.client.memory.lookup(u.known()); id != "" {
		sent, err := u.settle(ctx, u.whole, owner{id, by})
		if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrConflict) {
			return sent, err
		}
		u.count(sent, err)
	}
	left := u.whole
	for round := 1; ; {
		sent, err := u.create(ctx, body, left)
		found, ok := duplicateIn(err, left)
		if !ok {
			return sent, err
		}
		u.count(sent, err)
		sent, err = u.settle(ctx, left, found)
		switch rest, ok := left.withoutWeakest(); {
		case errors.Is(err, ErrNotFound) && round < upsertRounds:
			round++
		case errors.Is(err, ErrConflict) && ok:
			// Nothing told whose the strongest identifier is: with fewer it will.
			left = rest
			body, _ = encode(klaviyo.NewCreateProfileBody(left.attributes))
		default:
			return sent, err
		}
		u.count(sent, err)
	}
}

// known are the identifiers to look up: none of a request that create_profile is to
// refuse for lack of them.
func (u *upsert) known() identifiers {
	a := u.whole.attributes
	p := person{email: a.Email, phoneNumber: a.PhoneNumber, externalID: a.ExternalID}
	if !p.identified(u.client.externalIDOnly) {
		return identifiers{}
	}
	return identifiersOf(a)
}

// create makes a profile of what is left of a claim, which the body says.
func (u *upsert) create(ctx context.Context, body []byte, left claim) (*Response, error) {
	op := klaviyo.OperationCreateProfile
	sent, answer, err := u.client.send(ctx, op, op.Path, body)
	if err != nil {
		return nil, err
	}
	var created struct {
		Data klaviyo.ProfileIdentifier `json:"data"`
	}
	if json.Unmarshal(answer, &created) == nil && isProfileID(created.Data.ID) {
		sent.ProfileID = created.Data.ID
		u.client.memory.learn(sent.ProfileID, identifiersOf(left.attributes))
	}
	sent.Warnings = left.warnings
	return sent, nil
}

// update makes a profile have what is left of a claim.
func (u *upsert) update(ctx context.Context, id string, left claim) (*Response, error) {
	op := klaviyo.OperationUpdateProfile
	body, err := encode(klaviyo.NewUpdateProfileBody(id, updateOf(left.attributes)))
	if err != nil {
		return nil, unwritable(op, err)
	}
	sent, _, err := u.client.send(ctx, op, strings.Replace(op.Path, "{id}", url.PathEscape(id), 1), body)
	if errors.Is(err, ErrNotFound) {
		u.client.memory.forget(id)
	}
	if err != nil {
		return nil, err
	}
	sent.ProfileID = id
	u.client.memory.learn(id, identifiersOf(left.attributes))
	sent.Warnings = left.warnings
	return sent, nil
}

// updateOf turns the attributes of create_profile into those of update_profile.
// What is left out stays left out, and what is null stays null.
func updateOf(a klaviyo.ProfileCreateAttributes) klaviyo.ProfileUpdateAttributes {
	return klaviyo.ProfileUpdateAttributes{
		Email:        given(a.Email),
		PhoneNumber:  given(a.PhoneNumber),
		ExternalID:   given(a.ExternalID),
		FirstName:    a.FirstName,
		LastName:     a.LastName,
		Title:        a.Title,
		Organization: a.Organization,
		Image:        a.Image,
		Location:     a.Location,
		Properties:   a.Properties,
	}
}

// given leaves out what is empty.
func given(s string) klaviyo.Nullable[string] {
	if s == "" {
		return klaviyo.Nullable[string]{}
	}
	return klaviyo.Set(s)
}

// isProfileID tells whether an id from the server can stand in a path.
func isProfileID(id string) bool {
	return looksLikeName(id) && !strings.ContainsAny(id, "/.")
}
