package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/nullable"
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
		u.attributes = create.Data.Attributes
	}
	return u.total(u.run(ctx, body))
}

// An upsert is one person's, with the calls that were made for it.
type upsert struct {
	client     *Client
	attributes klaviyo.ProfileCreateAttributes
	calls
}

func (u *upsert) run(ctx context.Context, body []byte) (*Response, error) {
	memory := u.client.memory
	if id, byStrongest := memory.lookup(u.known()); id != "" {
		update := u.update
		if byStrongest {
			update = u.settle
		}
		sent, err := update(ctx, id, u.attributes)
		switch {
		case errors.Is(err, ErrNotFound):
			memory.forget(id)
		case !errors.Is(err, ErrConflict):
			return sent, err
		}
		u.count(sent, err)
	}
	for round := 1; ; round++ {
		sent, err := u.create(ctx, body)
		var conflict *Error
		if errors.As(err, &conflict) && errors.Is(err, ErrConflict) && isProfileID(conflict.DuplicateProfileID) {
			u.count(sent, err)
			sent, err = u.settle(ctx, conflict.DuplicateProfileID, u.attributes)
			if errors.Is(err, ErrNotFound) && round < upsertRounds {
				u.count(sent, err)
				continue
			}
		}
		return sent, err
	}
}

// known are the identifiers to look up: none of a request that create_profile is to
// refuse for lack of them.
func (u *upsert) known() identifiers {
	ids := identifiersOf(u.attributes)
	p := person{identifiers: []string{u.attributes.Email, u.attributes.PhoneNumber}, externalID: u.attributes.ExternalID}
	if !p.identified(u.client.externalIDOnly) {
		return identifiers{}
	}
	return ids
}

func (u *upsert) create(ctx context.Context, body []byte) (*Response, error) {
	op, _ := klaviyo.LookupOperation(klaviyo.OperationCreateProfile)
	sent, answer, err := u.client.send(ctx, op, op.Path, body)
	if err != nil {
		return nil, err
	}
	var created struct {
		Data klaviyo.ProfileIdentifier `json:"data"`
	}
	if json.Unmarshal(answer, &created) == nil && isProfileID(created.Data.ID) {
		sent.ProfileID = created.Data.ID
		u.client.memory.learn(sent.ProfileID, identifiersOf(u.attributes))
	}
	return sent, nil
}

func (u *upsert) update(ctx context.Context, id string, attributes klaviyo.ProfileCreateAttributes) (*Response, error) {
	op, _ := klaviyo.LookupOperation(klaviyo.OperationUpdateProfile)
	body, err := encode(klaviyo.NewUpdateProfileBody(id, updateOf(attributes)))
	if err != nil {
		return nil, unwritable(op.ID, err)
	}
	sent, _, err := u.client.send(ctx, op, strings.Replace(op.Path, "{id}", url.PathEscape(id), 1), body)
	if err != nil {
		return nil, err
	}
	sent.ProfileID = id
	u.client.memory.learn(id, identifiersOf(attributes))
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
func given(s string) nullable.Nullable[string] {
	if s == "" {
		return nullable.Nullable[string]{}
	}
	return nullable.NewNullableWithValue(s)
}

// isProfileID tells whether an id from the server can stand in a path.
func isProfileID(id string) bool {
	return looksLikeName(id) && !strings.ContainsAny(id, "/.")
}
