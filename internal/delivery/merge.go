package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// mergeProfiles gives the attributes that have the result of two requests for one
// profile: field by field the later value counts, null too. Custom properties are
// fields in this sense, what is in them isn't.
func mergeProfiles(earlier, later klaviyo.ProfileCreateAttributes) (klaviyo.ProfileCreateAttributes, error) {
	properties, err := mergeProperties(earlier.Properties, later.Properties)
	return klaviyo.ProfileCreateAttributes{
		// The two have the same identifiers.
		Email:       later.Email,
		PhoneNumber: later.PhoneNumber,
		ExternalID:  later.ExternalID,

		FirstName:    latest(earlier.FirstName, later.FirstName),
		LastName:     latest(earlier.LastName, later.LastName),
		Title:        latest(earlier.Title, later.Title),
		Organization: latest(earlier.Organization, later.Organization),
		Image:        latest(earlier.Image, later.Image),
		Location:     mergeLocations(earlier.Location, later.Location),
		Properties:   properties,
	}, err
}

func mergeLocations(earlier, later klaviyo.ProfileLocation) klaviyo.ProfileLocation {
	return klaviyo.ProfileLocation{
		Address1:  latest(earlier.Address1, later.Address1),
		Address2:  latest(earlier.Address2, later.Address2),
		City:      latest(earlier.City, later.City),
		Country:   latest(earlier.Country, later.Country),
		Latitude:  latestCoordinate(earlier.Latitude, later.Latitude),
		Longitude: latestCoordinate(earlier.Longitude, later.Longitude),
		Region:    latest(earlier.Region, later.Region),
		Timezone:  latest(earlier.Timezone, later.Timezone),
		Zip:       latest(earlier.Zip, later.Zip),
	}
}

func latest(earlier, later klaviyo.Nullable[string]) klaviyo.Nullable[string] {
	if later.IsSpecified() {
		return later
	}
	return earlier
}

func latestCoordinate(earlier, later klaviyo.Coordinate) klaviyo.Coordinate {
	if reflect.ValueOf(later).IsZero() {
		return earlier
	}
	return later
}

// mergeProperties merges objects of custom properties name by name. Values keep
// their bytes.
func mergeProperties(earlier, later json.RawMessage) (json.RawMessage, error) {
	if len(earlier) == 0 {
		return later, nil
	}
	if len(later) == 0 {
		return earlier, nil
	}
	merged, err := properties(earlier)
	if err != nil {
		return nil, err
	}
	index := make(map[string]int, len(merged))
	for i, p := range merged {
		index[p.name] = i
	}
	changes, err := properties(later)
	if err != nil {
		return nil, err
	}
	for _, p := range changes {
		if i, ok := index[p.name]; ok {
			merged[i] = p
		} else {
			merged = append(merged, p)
		}
	}

	object := make([]byte, 0, len(earlier)+len(later))
	for _, p := range merged {
		object = append(object, ',')
		object = append(object, p.quoted...)
		object = append(object, ':')
		object = append(object, p.value...)
	}
	if len(object) == 0 {
		return later, nil
	}
	object[0] = '{'
	return append(object, '}'), nil
}

var errNoObject = errors.New("custom properties are no object")

// property is a custom property, as it came.
type property struct {
	name          string
	quoted, value []byte
}

// properties reads an object, which the mapping has let through as it is: it may
// hold a lone surrogate.
func properties(object json.RawMessage) ([]property, error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(object), jsontext.AllowInvalidUTF8(true))
	if token, err := decoder.ReadToken(); err != nil || token.Kind() != '{' {
		return nil, errors.Join(errNoObject, err)
	}
	var found []property
	for decoder.PeekKind() != '}' {
		quoted, err := decoder.ReadValue()
		if err != nil {
			return nil, err
		}
		p := property{quoted: bytes.Clone(quoted)}
		name, _ := jsontext.AppendUnquote(nil, quoted) // fails on a lone surrogate only, which it replaces
		p.name = string(name)
		value, err := decoder.ReadValue()
		if err != nil {
			return nil, err
		}
		p.value = bytes.Clone(value)
		found = append(found, p)
	}
	return found, nil
}
