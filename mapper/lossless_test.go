package mapper_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// typedTraits are the traits that become typed fields instead of custom properties, with the names
// of the fields in a profile and in an event's profile.
var typedTraits = map[string][2]string{
	"email": {"email", "$email"}, "phone": {"phone_number", "$phone_number"},
	"firstName": {"first_name", "$first_name"}, "firstname": {"first_name", "$first_name"}, "first_name": {"first_name", "$first_name"},
	"lastName": {"last_name", "$last_name"}, "lastname": {"last_name", "$last_name"}, "last_name": {"last_name", "$last_name"},
	"title": {"title", "$title"}, "organization": {"organization", "$organization"}, "image": {"image", "$image"},
	"timezone": {"location.timezone", "$timezone"}, "city": {"location.city", "$city"},
	"region": {"location.region", "$region"}, "country": {"location.country", "$country"}, "zip": {"location.zip", "$zip"},
	"id": {"external_id", "$id"}, "userId": {"external_id", "$id"}, "external_id": {"external_id", "$id"},
	"phone_number": {"phone_number", "$phone_number"},
	"latitude":     {"location.latitude", ""}, "longitude": {"location.longitude", ""},
}

// checkLossless checks that every trait and property of the event is in the requests: under its
// own name, as a typed field or as a mapped property, or that a warning names it.
func checkLossless(t *testing.T, event []byte, cfg mapper.Config, result mapper.Result) {
	t.Helper()
	var e struct {
		Traits  json.RawMessage
		Context struct {
			Traits              json.RawMessage
			MappedToDestination json.RawMessage
		}
		Properties json.RawMessage
	}
	// encoding/json ignores the case of names, so this check can't read an event with two names
	// that differ only in case, or with a context that isn't an object.
	if json.Unmarshal(event, &e) != nil || hasOddNames(event) {
		return
	}
	if len(e.Context.MappedToDestination) > 0 {
		return // rETL renames traits; golden cases show how
	}
	named := make(map[string]bool)
	for _, w := range result.Warnings {
		named[w.Field] = true
	}
	var traits map[string]json.RawMessage
	var typed int
	person := people(t, result.Requests[0])[0]
	switch kind := result.Requests[0].Kind(); {
	case kind == mapper.KindProfile || kind == mapper.KindEvent && result.Requests[0].Operation().Revision == served:
		traits = objectOf(person["properties"])
		for name, v := range person {
			if name != "properties" {
				traits = with(traits, "attributes."+name, v)
			}
		}
		for name, v := range objectOf(person["location"]) {
			traits = with(traits, "attributes.location."+name, v)
		}
		traits = withPatched(t, traits, result.Requests[0])
	case kind == mapper.KindEvent:
		typed = 1
		traits = person
		for name, v := range maps.Clone(person) {
			traits = with(traits, "attributes."+name, v)
		}
	default:
		return // other requests have no traits
	}
	if result.Requests[0].Kind() == mapper.KindEvent {
		attributes := bodyOf(t, result.Requests[0], "data", "attributes")
		checkProperties(t, cfg, objectOf(e.Properties), objectOf(attributes["properties"]), attributes["value"], named)
	}
	own := objectOf(e.Traits)
	for _, place := range []struct {
		name   string
		traits map[string]json.RawMessage
	}{{"traits", own}, {"context.traits", objectOf(e.Context.Traits)}} {
		for name, v := range place.traits {
			_, shadowed := own[name]
			switch {
			case place.name == "context.traits" && shadowed:
			case cfg.Revision == served && slices.Contains(unsetNames(event), name):
			case name == "properties" && objectOf(v) != nil, name == "anonymousId":
			case named[place.name+"."+name], string(v) == "null" && !cfg.SendNulls:
			case isBlank(v) && typedTraits[name] != [2]string{}:
			case typedTraits[name] != [2]string{}:
				_, kept := traits[name]
				_, asID := traits["_id"]
				field := typedTraits[name][typed]
				value, set := traits["attributes."+field]
				switch {
				case set:
					checkTyped(t, field, value, event, cfg)
				case !kept && !(asID && cfg.EnforceEmailAsPrimary) && string(v) != "null":
					t.Errorf("%s.%s is neither a field nor a property", place.name, name)
				}
			case cfg.FlattenProperties && !sameJSON(v, traits[name]): // what patches a profile stays whole
				checkFlattened(t, place.name, name, v, traits, named)
			default:
				checkSame(t, place.name+"."+name, v, traits[name])
			}
		}
	}
}

// withPatched adds the traits that patch a profile's properties to its other traits.
func withPatched(t *testing.T, traits map[string]json.RawMessage, r mapper.Request) map[string]json.RawMessage {
	t.Helper()
	patch := bodyOf(t, r, "data", "meta", "patch_properties")
	if r.Kind() == mapper.KindEvent {
		patch = bodyOf(t, r, "data", "attributes", "profile", "data", "attributes", "meta", "patch_properties")
	}
	for _, change := range []string{"append", "unappend"} {
		for name, v := range objectOf(patch[change]) {
			traits = with(traits, name, v)
		}
	}
	return traits
}

// unsetNames are the traits that the event wants removed.
func unsetNames(event []byte) []string {
	list, _ := klaviyoOption(pairsOf(event), "fieldsToUnset")
	var names []string
	if kindOf(list) == '[' {
		for _, name := range listOf(list) {
			if kindOf(name) == '"' {
				names = append(names, textOf(name))
			}
		}
	}
	return names
}

// fieldNames are further traits that can become a typed field, by its name in a profile and in an
// event's profile.
var fieldNames = map[string][]string{
	"image": {"avatar"}, "$image": {"avatar"},
	"email": {"userId", "id", "external_id"}, "$email": {"userId", "id", "external_id"},
	"organization": {"company", "name"}, "$organization": {"company", "name"},
	"location.country": {"country_code", "countryCode"}, "$country": {"country_code", "countryCode"},
	"location.region": {"state", "province"}, "$region": {"state", "province"},
	"location.zip": {"postalcode", "postalCode", "postal_code"}, "$zip": {"postalcode", "postalCode", "postal_code"},
}

// checkTyped checks that the event has the value of a typed field under one of the field's names.
// TestPlain checks which name takes precedence.
func checkTyped(t *testing.T, field string, value json.RawMessage, event []byte, cfg mapper.Config) {
	t.Helper()
	names := slices.Clone(fieldNames[field])
	for name, fields := range typedTraits {
		if fields[0] == field || fields[1] == field {
			names = append(names, name)
		}
	}
	e := pairsOf(event)
	v, _ := e.get("context")
	places := []pairs{e, pairsOf(v)} // userId, timezone
	for _, in := range []pairs{e, pairsOf(v)} {
		traits, _ := in.get("traits")
		address, _ := pairsOf(traits).get("address")
		company, _ := pairsOf(traits).get("company")
		location, _ := in.get("location")
		places = append(places, pairsOf(traits), pairsOf(address), pairsOf(company), pairsOf(location))
	}
	properties, _ := e.get("properties")
	places = append(places, pairsOf(properties))
	got := textOf(value)
	person := &plain{cfg: cfg}
	traits, _ := e.get("traits")
	person.t = pairsOf(traits)
	traits, _ = pairsOf(v).get("traits")
	person.c = pairsOf(traits)
	for _, place := range places {
		for _, p := range place {
			if !slices.Contains(names, p.name) || kindOf(p.raw) == '{' || kindOf(p.raw) == '[' {
				continue
			}
			text := textOf(p.raw)
			switch p.name {
			case "phone", "phone_number":
				text = person.plainPhone(text)
			case "email":
				text = plainEmail(text)
			}
			if strings.TrimSpace(text) == strings.TrimSpace(got) {
				return
			}
		}
	}
	t.Errorf("%s has a value that the event has under none of %v", field, names)
}

func checkProperties(t *testing.T, cfg mapper.Config, in, out map[string]json.RawMessage, value json.RawMessage, named map[string]bool) {
	t.Helper()
	all := string(bytes.Join(values(out), []byte(" "))) + " " + string(value)
	for name, v := range in {
		kept, ok := out[name]
		switch {
		case named["properties."+name]:
		case name == "email" || name == "phone":
		case name == "items" && cfg.ItemFields == mapper.ItemFieldsTransformer: // those of an e-commerce event keep that name
		case ok && !cfg.FlattenProperties:
			if !sameJSON(kept, v) && !strings.Contains(all, string(v)) {
				t.Errorf("properties.%s was replaced", name)
			}
		case name == "items" || name == "products":
			// The fields of items have other names; golden cases show which.
		case cfg.FlattenProperties && len(v) > 0 && (v[0] == '{' || v[0] == '['):
			checkFlattened(t, "properties", name, v, out, named)
		default:
			if !containsValue(out, v) && !sameNumber(value, v) {
				t.Errorf("properties.%s is missing from the result", name)
			}
		}
	}
}

// checkFlattened checks that the leaves of a nested value are there under their dotted keys.
func checkFlattened(t *testing.T, place, key string, v json.RawMessage, out map[string]json.RawMessage, named map[string]bool) {
	t.Helper()
	if o := objectOf(v); len(o) > 0 {
		for name, inner := range o {
			checkFlattened(t, place, key+"."+name, inner, out, named)
		}
		return
	}
	var list []json.RawMessage
	if len(v) > 0 && v[0] == '[' && json.Unmarshal(v, &list) == nil && len(list) > 0 && (list[0][0] == '{' || list[0][0] == 'n') {
		for i, inner := range list {
			checkFlattened(t, place, fmt.Sprintf("%s[%d]", key, i), inner, out, named)
		}
		return
	}
	if !named[place+"."+key] && !containsValue(out, v) {
		t.Errorf("%s.%s is missing from the result", place, key)
	}
}

func checkSame(t *testing.T, field string, in, out json.RawMessage) {
	t.Helper()
	if out == nil {
		t.Errorf("%s is missing from the result", field)
	} else if !sameJSON(in, out) {
		t.Errorf("%s changed", field)
	}
}

// hasOddNames reports whether encoding/json, which ignores case, would read the event's parts
// differently from the mapper.
func hasOddNames(event []byte) bool {
	parts := map[string]bool{"traits": true, "context": true, "properties": true, "mappedToDestination": true}
	odd := func(o map[string]json.RawMessage) bool {
		for name := range o {
			for part := range parts {
				if name != part && strings.EqualFold(name, part) {
					return true
				}
			}
		}
		return false
	}
	o := objectOf(event)
	return odd(o) || odd(objectOf(o["context"]))
}
