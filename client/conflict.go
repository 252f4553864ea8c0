package client

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A profileWrite is what a request says of a person, less the identifiers that turned out to
// be those of other profiles. These are custom properties, with a warning each.
type profileWrite struct {
	body     json.RawMessage
	person   person
	places   runtime.People
	warnings []Warning
}

// newProfileWrite is that of the body of an operation about one person. Of another body it is
// one of nobody.
func newProfileWrite(op *runtime.Operation, body []byte) profileWrite {
	c := profileWrite{body: body, places: op.People[0]}
	if people, err := findPeople(c.places, body); err == nil && len(people) == 1 {
		c.person = people[0]
	}
	return c
}

// An owner is a profile that has the identifier of index by, and maybe others.
type owner struct {
	id string
	by int
}

// duplicateIn gives the profile that a 409 names for a write.
func duplicateIn(err error, c profileWrite) (owner, bool) {
	var conflict *Error
	if !errors.As(err, &conflict) || !errors.Is(err, ErrConflict) || !isID(conflict.DuplicateProfileID) {
		return owner{}, false
	}
	ids := identifiersOf(c.person)
	by, ok := ids.at(conflict.Pointer)
	if !ok {
		by = ids.weakest() // which it has or else a stronger one
	}
	return owner{conflict.DuplicateProfileID, by}, true
}

// resolveConflict writes to the profile that has the strongest identifier of those
// that any profile has. It begins with one that has some of them, and goes by the
// identifier that a 409 points at: a stronger one than this profile is known by leads
// to the profile that the 409 names, and a weaker one is left out. Where a 409 doesn't
// point, the profile of the strongest identifier is given as many of the others as it
// takes. The error is ErrConflict if all this doesn't tell which profile to write.
func (u *upsert) resolveConflict(ctx context.Context, whole profileWrite, o owner) (*Response, error) {
	left, fewer := whole, whole.fewer()
	for moves := 0; ; {
		sent, err := u.update(ctx, o.id, left)
		var conflict *Error
		if !errors.As(err, &conflict) || !errors.Is(err, ErrConflict) {
			return sent, err
		}
		ids := identifiersOf(left.person)
		other, named := duplicateIn(err, left)
		at, points := ids.at(conflict.Pointer)
		switch {
		case points && at > o.by:
			left = left.without(at)
		case points && named && moves < len(ids):
			moves++
			o, left, fewer = other, whole, whole.fewer()
		case !points && len(fewer) > 0 && o.by == ids.strongest():
			left, fewer = fewer[0], fewer[1:]
		default:
			return nil, err
		}
		u.count(sent, err)
	}
}

// fewer are a write's ways to do without some of its identifiers but the strongest, in
// the order in which to try them: without the weakest, the one before it, and both.
func (c profileWrite) fewer() []profileWrite {
	ids := identifiersOf(c.person)
	ways := []profileWrite{c}
	for i := len(ids) - 1; i > ids.strongest(); i-- {
		if ids[i] == "" {
			continue
		}
		for _, with := range ways[:len(ways):len(ways)] {
			ways = append(ways, with.without(i))
		}
	}
	return ways[1:]
}

// conceding is what is left of a write after a 409: without the identifier that it points
// at or, where that is the strongest or it doesn't point, without the weakest. The
// strongest alone is left to nobody.
func (c profileWrite) conceding(err error) (profileWrite, bool) {
	var conflict *Error
	if !errors.As(err, &conflict) || !errors.Is(err, ErrConflict) {
		return profileWrite{}, false
	}
	ids := identifiersOf(c.person)
	if at, points := ids.at(conflict.Pointer); points && at != ids.strongest() {
		return c.without(at), true
	}
	return c.withoutWeakest()
}

// withoutWeakest leaves the weakest identifier out, unless it is the only one.
func (c profileWrite) withoutWeakest() (profileWrite, bool) {
	ids := identifiersOf(c.person)
	if ids.weakest() == ids.strongest() {
		return profileWrite{}, false
	}
	return c.without(ids.weakest()), true
}

// without makes an identifier, which isn't the strongest, a custom property.
func (c profileWrite) without(identifier int) profileWrite {
	field := identifierFields[identifier]
	property, place, value := "external_id", c.places.ExternalID, &c.person.externalID
	if field == "phone_number" {
		property, place, value = phoneProperty, c.places.PhoneNumber, &c.person.phoneNumber
	}
	body, property, err := setAside(c.body, c.places, place, property, *value)
	*value = ""
	if err != nil {
		return c // a body that can't be read is refused by others
	}
	c.body = body
	c.warnings = append(slices.Clip(c.warnings), Warning{WarningIdentifierConflict,
		field + " belongs to another profile; it is kept as the custom property " + property})
	return c
}

// at gives the identifier that a 409 is about: the one that its pointer names, or the only
// one there is.
func (ids identifiers) at(pointer string) (identifier int, ok bool) {
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
