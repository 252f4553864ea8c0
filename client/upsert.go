package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/oapi-codegen/nullable"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// upsertRounds bounds how often an upsert begins again because the profile to
// update was deleted or merged away in between.
const upsertRounds = 2

// upsertProfile creates a profile or, where one has its identifiers already,
// updates that one. The body is of create_profile.
func (c *Client) upsertProfile(ctx context.Context, body []byte) (*Response, error) {
	var attempts, rateLimited int // of the calls before the last
	for round := 1; ; round++ {
		sent, err := c.createProfile(ctx, body)
		var conflict *Error
		if errors.As(err, &conflict) && errors.Is(err, ErrConflict) && isProfileID(conflict.DuplicateProfileID) {
			attempts += conflict.Attempts
			rateLimited += conflict.RateLimited
			sent, err = c.updateProfile(ctx, conflict.DuplicateProfileID, body)
		}

		var failed *Error
		if errors.As(err, &failed) {
			again := failed.Operation == klaviyo.OperationUpdateProfile && errors.Is(err, ErrNotFound)
			if again && round < upsertRounds {
				attempts += failed.Attempts
				rateLimited += failed.RateLimited
				continue
			}
			failed.Attempts += attempts
			failed.RateLimited += rateLimited
			return nil, failed
		}
		sent.Attempts += attempts
		sent.RateLimited += rateLimited
		return sent, nil
	}
}

func (c *Client) createProfile(ctx context.Context, body []byte) (*Response, error) {
	op, _ := klaviyo.LookupOperation(klaviyo.OperationCreateProfile)
	sent, answer, err := c.send(ctx, op, op.Path, body)
	if err != nil {
		return nil, err
	}
	var created struct {
		Data klaviyo.ProfileIdentifier `json:"data"`
	}
	if json.Unmarshal(answer, &created) == nil {
		sent.ProfileID = created.Data.ID
	}
	return sent, nil
}

func (c *Client) updateProfile(ctx context.Context, id string, createBody []byte) (*Response, error) {
	op, _ := klaviyo.LookupOperation(klaviyo.OperationUpdateProfile)
	var create klaviyo.ProfileCreateQuery
	if err := json.Unmarshal(createBody, &create); err != nil {
		return nil, refuse(op.ID, "the body is not that of create_profile")
	}
	body, err := encode(klaviyo.NewUpdateProfileBody(id, updateOf(create.Data.Attributes)))
	if err != nil {
		return nil, unwritable(op.ID, err)
	}
	sent, _, err := c.send(ctx, op, strings.Replace(op.Path, "{id}", url.PathEscape(id), 1), body)
	if err != nil {
		return nil, err
	}
	sent.ProfileID = id
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
		return nil
	}
	return nullable.NewNullableWithValue(s)
}

// isProfileID tells whether an id from the server can stand in a path.
func isProfileID(id string) bool {
	return looksLikeName(id) && !strings.ContainsAny(id, "/.")
}
