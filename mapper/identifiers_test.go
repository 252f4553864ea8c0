package mapper_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// people returns the objects that identify the people of a request, in the form of its revision.
func people(t *testing.T, r mapper.Request) []map[string]json.RawMessage {
	t.Helper()
	attributes := bodyOf(t, r, "data", "attributes")
	switch {
	case r.Kind() == mapper.KindEvent && r.Operation().Revision == served:
		return []map[string]json.RawMessage{flatPerson(bodyOf(t, r, "data", "attributes", "profile", "data"))}
	case r.Kind() == mapper.KindEvent:
		return []map[string]json.RawMessage{objectOf(attributes["profile"])}
	case r.Kind() == mapper.KindProfile:
		return []map[string]json.RawMessage{flatPerson(bodyOf(t, r, "data"))}
	case r.Kind() == mapper.KindMerge:
		return []map[string]json.RawMessage{{"id": bodyOf(t, r, "data")["id"]}}
	case r.Operation().Revision == served:
		var list []map[string]json.RawMessage
		var people []json.RawMessage
		unmarshal(t, bodyOf(t, r, "data", "attributes", "profiles")["data"], &people)
		for _, one := range people {
			list = append(list, flatPerson(objectOf(one)))
		}
		return list
	case r.Kind() == mapper.KindSubscription:
		var list []map[string]json.RawMessage
		unmarshal(t, attributes["subscriptions"], &list)
		return list
	}
	return []map[string]json.RawMessage{attributes}
}

// flatPerson returns the attributes of a profile together with its id.
func flatPerson(profile map[string]json.RawMessage) map[string]json.RawMessage {
	person := objectOf(profile["attributes"])
	if id := profile["id"]; id != nil {
		person = with(person, "id", id)
	}
	return person
}

// bodyOf returns an object within a request's body.
func bodyOf(t *testing.T, r mapper.Request, names ...string) map[string]json.RawMessage {
	t.Helper()
	object := objectOf(r.AppendBody(nil))
	if object == nil {
		t.Fatal("a body that isn't JSON")
	}
	for _, name := range names {
		object = objectOf(object[name])
	}
	return object
}

func checkIdentifier(t *testing.T, r mapper.Request, externalIDSuffices bool) {
	t.Helper()
	has := func(person map[string]json.RawMessage, names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return person[name] != nil && string(person[name]) != `""` })
	}
	email := []string{"email", "$email", "emails"}
	phone := []string{"phone_number", "$phone_number", "phone_numbers"}
	all := people(t, r)
	if len(all) == 0 {
		t.Errorf("%s without a person", r.Kind())
	}
	for _, person := range all {
		suffices := slices.Concat(email, phone)
		if r.Operation().Revision == served && r.Kind() != mapper.KindUnsubscription {
			suffices = append(suffices, "id")
		}
		if externalIDSuffices && (r.Kind() == mapper.KindProfile || r.Kind() == mapper.KindEvent) {
			suffices = append(suffices, "external_id", "$id")
		}
		if !has(person, suffices...) {
			t.Errorf("%s without an identifier", r.Kind())
		}
		channels := objectOf(person["channels"])
		if channels == nil {
			channels = objectOf(person["subscriptions"])
		}
		if channels["email"] != nil && !has(person, email...) || channels["sms"] != nil && !has(person, phone...) {
			t.Error("a channel without its identifier")
		}
		isOfChannels := r.Kind() == mapper.KindSubscription || r.Kind() == mapper.KindUnsubscription && r.Operation().Revision == served
		if isOfChannels && len(channels) == 0 {
			t.Errorf("%s without a channel", r.Kind())
		}
	}
}
