package client

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A profileWrite is the content of a request about one person. Identifiers that belong to other
// profiles are moved to custom properties, each with a warning.
type profileWrite struct {
	body     json.RawMessage
	person   person
	places   runtime.People
	warnings []Warning
}

// newProfileWrite returns the profileWrite of a body. If the body isn't about exactly one
// person, the person is empty.
func newProfileWrite(op *runtime.Operation, body []byte) profileWrite {
	c := profileWrite{body: body, places: op.People[0]}
	if people, err := findPeople(c.places, body); err == nil && len(people) == 1 {
		c.person = people[0]
	}
	return c
}

// An owner is a profile that has the identifier with the index matchedBy, and possibly others.
type owner struct {
	id        string
	matchedBy int
}

// duplicateProfile returns the profile that a 409 response to a write names.
func duplicateProfile(err error, c profileWrite) (owner, bool) {
	var conflict *Error
	if !errors.As(err, &conflict) || !errors.Is(err, ErrConflict) || !isID(conflict.DuplicateProfileID) {
		return owner{}, false
	}
	ids := identifiersOf(c.person)
	by, ok := ids.blamed(conflict.Pointer)
	if !ok {
		by = ids.weakest() // it has this identifier or a stronger one
	}
	return owner{conflict.DuplicateProfileID, by}, true
}

// resolveConflict updates the profile that has the strongest identifier of those that any
// profile has. It starts with a profile that has some of them. If a 409 points at a stronger
// identifier than the one that this profile was found by, it goes on with the profile that the
// 409 names. If a 409 points at a weaker identifier, that is omitted. If a 409 points at none,
// and the profile has the strongest identifier, the update is tried without some of the others.
// It returns ErrConflict if it can't be determined which profile to update.
func (u *upsert) resolveConflict(ctx context.Context, original profileWrite, o owner) (*Response, error) {
	write, alternatives := original, original.alternatives()
	for moves := 0; ; {
		sent, err := u.update(ctx, o.id, write)
		var conflict *Error
		if !errors.As(err, &conflict) || !errors.Is(err, ErrConflict) {
			return sent, err
		}
		ids := identifiersOf(write.person)
		other, named := duplicateProfile(err, write)
		at, points := ids.blamed(conflict.Pointer)
		switch {
		case points && at > o.matchedBy:
			write = write.without(at)
		case points && named && moves < len(ids):
			moves++
			o, write, alternatives = other, original, original.alternatives()
		case !points && len(alternatives) > 0 && o.matchedBy == ids.strongest():
			write, alternatives = alternatives[0], alternatives[1:]
		default:
			return nil, err
		}
		u.count(sent, err)
	}
}

// alternatives returns writes without some of the identifiers, always with the strongest, in
// the order to try them: without the weakest, without the second weakest, and without both.
func (c profileWrite) alternatives() []profileWrite {
	ids := identifiersOf(c.person)
	alternatives := []profileWrite{c}
	for i := len(ids) - 1; i > ids.strongest(); i-- {
		if ids[i] == "" {
			continue
		}
		for _, alternative := range alternatives[:len(alternatives):len(alternatives)] {
			alternatives = append(alternatives, alternative.without(i))
		}
	}
	return alternatives[1:]
}

// afterConflict returns the write to send after a 409: without the identifier that it points at
// or, if that is the strongest or there is none, without the weakest. It reports false if only
// the strongest is left.
func (c profileWrite) afterConflict(err error) (profileWrite, bool) {
	var conflict *Error
	if !errors.As(err, &conflict) || !errors.Is(err, ErrConflict) {
		return profileWrite{}, false
	}
	ids := identifiersOf(c.person)
	if at, points := ids.blamed(conflict.Pointer); points && at != ids.strongest() {
		return c.without(at), true
	}
	return c.withoutWeakest()
}

// withoutWeakest omits the weakest identifier. It reports false if it is the only one.
func (c profileWrite) withoutWeakest() (profileWrite, bool) {
	ids := identifiersOf(c.person)
	if ids.weakest() == ids.strongest() {
		return profileWrite{}, false
	}
	return c.without(ids.weakest()), true
}

// without moves an identifier, which isn't the strongest, to a custom property.
func (c profileWrite) without(identifier int) profileWrite {
	field := identifierFields[identifier]
	property, place, value := "external_id", c.places.ExternalID, &c.person.externalID
	if field == "phone_number" {
		property, place, value = phoneProperty, c.places.PhoneNumber, &c.person.phoneNumber
	}
	body, property, err := moveToProperty(c.body, c.places, place, property, *value)
	*value = ""
	if err != nil {
		return c // the identifier check rejects an invalid body
	}
	c.body = body
	c.warnings = append(slices.Clip(c.warnings), Warning{WarningIdentifierConflict,
		field + " belongs to another profile; it is kept as the custom property " + property})
	return c
}

// blamed returns the identifier that a 409 is about: the one that pointer names, or the only
// one there is.
func (ids identifiers) blamed(pointer string) (identifier int, ok bool) {
	if only := ids.weakest(); only >= 0 && only == ids.strongest() {
		return only, true
	}
	for i, value := range ids {
		if value != "" && strings.HasSuffix(pointer, "/"+identifierFields[i]) {
			return i, true
		}
	}
	return 0, false
}
