package client

import (
	"context"
	"errors"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// settle updates the profile that was found by the strongest identifier of a
// request. Identifiers that belong to other profiles are left out, the one that the
// answer points at, or else the weakest first, and kept as custom properties. The
// strongest one stays: if that belongs elsewhere, the error is ErrConflict.
func (u *upsert) settle(ctx context.Context, id string, attributes klaviyo.ProfileCreateAttributes) (*Response, error) {
	var warnings []Warning
	for {
		sent, err := u.update(ctx, id, attributes)
		var conflict *Error
		if !errors.As(err, &conflict) || !errors.Is(err, ErrConflict) {
			if err == nil {
				sent.Warnings = warnings
			}
			return sent, err
		}
		field, ok := surplus(identifiersOf(attributes), conflict.Pointer)
		if !ok {
			return nil, err
		}
		u.count(sent, err)
		warnings = append(warnings, setAside[field](&attributes))
	}
}

// surplus is the identifier to leave out next; none if only the strongest is left.
func surplus(ids identifiers, pointer string) (field string, ok bool) {
	for i := ids.strongest() + 1; i < len(ids); i++ {
		if ids[i] == "" {
			continue
		}
		field, ok = identifierFields[i], true
		if strings.HasSuffix(pointer, "/"+field) {
			break
		}
	}
	return field, ok
}

// setAside turns an identifier into a custom property.
var setAside = map[string]func(*klaviyo.ProfileCreateAttributes) Warning{
	"phone_number": func(a *klaviyo.ProfileCreateAttributes) Warning {
		a.Properties = withProperty(a.Properties, phoneProperty, a.PhoneNumber)
		a.PhoneNumber = ""
		return Warning{WarningIdentifierConflict, "phone_number belongs to another profile; it is kept as the custom property phone"}
	},
	"external_id": func(a *klaviyo.ProfileCreateAttributes) Warning {
		a.Properties = withProperty(a.Properties, "external_id", a.ExternalID)
		a.ExternalID = ""
		return Warning{WarningIdentifierConflict, "external_id belongs to another profile; it is kept as the custom property external_id"}
	},
}
