package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// repairs are the identifiers that a request about one person can omit if Klaviyo rejects them
// and the person has the other one.
var repairs = []repair{
	{
		identifier: func(p runtime.People) string { return p.PhoneNumber },
		other:      func(p person) string { return p.email },
		value:      func(p person) string { return p.phoneNumber },
		consent:    func(p runtime.People) (own, other string) { return p.SMSConsent, p.EmailConsent },
		property:   phoneProperty, code: WarningInvalidPhone,
	},
	{
		identifier: func(p runtime.People) string { return p.Email },
		other:      func(p person) string { return p.phoneNumber },
		value:      func(p person) string { return p.email },
		consent:    func(p runtime.People) (own, other string) { return p.EmailConsent, p.SMSConsent },
		property:   emailProperty, code: WarningInvalidEmail,
	},
}

type repair struct {
	// identifier returns the location of the identifier.
	identifier func(runtime.People) string
	// value returns the identifier of a person, and other the one that remains.
	value, other func(person) string
	// consent returns the locations of the consent to the identifier's channel and to the other
	// channel.
	consent func(runtime.People) (own, other string)
	// property is the custom property that keeps the value, and code the code of the warning.
	property, code string
}

// Custom properties for identifiers that the profile can't have.
const (
	phoneProperty = "phone"
	emailProperty = "email"
)

// A remedy is how to proceed after Klaviyo rejected an identifier.
type remedy struct {
	warning   Warning
	retryBody []byte // the body to send instead, or nil
}

// remedyFor returns the remedy if a response rejects an identifier of a person who has another
// one: an error that points at the identifier, or a success that dropped it. Requests about
// several people aren't changed if they fail: the caller has to split them.
func remedyFor(op *runtime.Operation, body []byte, sent *Response, err error) (remedy, bool) {
	var refused *Error
	isRefused := errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest
	isDropped := func(pointer string) bool {
		return err == nil && slices.ContainsFunc(sent.dropped, func(field string) bool { return strings.HasSuffix(pointer, field) })
	}
	if !isRefused && (err != nil || len(sent.dropped) == 0) {
		return remedy{}, false
	}
	who, single := singlePerson(op, body)
	for _, places := range op.People {
		for _, r := range repairs {
			pointer := pointerTo(places, r.identifier(places))
			switch {
			case isDropped(pointer) && !single:
				return remedy{warning: Warning{r.code, "Klaviyo rejected the " + pointer[strings.LastIndexByte(pointer, '/')+1:] + " of one person, and accepted the rest of the request"}}, true
			case pointer == "" || !single:
			case isRefused && pointer == strings.TrimSuffix(refused.Pointer, "/"):
				return r.omit(body, places, who)
			case isDropped(pointer) && r.value(who) != "":
				return r.keepAsProperty(op, body, places, who), true
			}
		}
	}
	return remedy{}, false
}

// keepAsProperty sends a profile whose identifier was dropped again, to keep the identifier as
// a custom property. Other requests aren't sent again, since that would repeat their effects.
func (r repair) keepAsProperty(op *runtime.Operation, body []byte, places runtime.People, who person) remedy {
	if op.Upserts || op.UpdatedBy != nil {
		if again, ok := r.omit(body, places, who); ok {
			return again
		}
	}
	at := strings.TrimPrefix(pointerTo(places, r.identifier(places)), "/data/attributes/")
	return remedy{warning: Warning{r.code, "Klaviyo rejected " + at + ", and accepted the rest of the request"}}
}

// singlePerson returns the person in a body, and whether there is exactly one.
func singlePerson(op *runtime.Operation, body []byte) (person, bool) {
	var who person
	for _, places := range op.People {
		found, err := findPeople(places, body)
		if err != nil || len(found) > 1 {
			return person{}, false
		}
		for _, p := range found {
			who.email += p.email
			who.phoneNumber += p.phoneNumber
		}
	}
	return who, true
}

// pointerTo returns the pointer to a location of the only person in a body. It is empty if
// there is no such location.
func pointerTo(places runtime.People, place string) string {
	at := strings.ReplaceAll(places.At, "*", "0")
	switch place {
	case "":
		return ""
	case runtime.Self:
		return at
	}
	return at + place
}

// omit removes the identifier and the consent to its channel from the body. It reports false if
// the request is only for that channel.
func (r repair) omit(body json.RawMessage, places runtime.People, who person) (remedy, bool) {
	own, other := r.consent(places)
	own, other = pointerTo(places, own), pointerTo(places, other)
	hasConsent := func(consent string) bool { return consent != "" && lookUp(body, consent) != nil }
	if r.value(who) == "" || r.other(who) == "" || hasConsent(own) && !hasConsent(other) {
		return remedy{}, false
	}

	at := pointerTo(places, r.identifier(places))
	message := "Klaviyo rejected " + strings.TrimPrefix(at, "/data/attributes/") + "; the request was sent without it"
	if r.identifier(places) == runtime.Self {
		at = at[:strings.LastIndexByte(at, '/')] // also removes its list, which would be empty
	}
	body, err := edit(body, at, remove)
	if err == nil && own != "" {
		body, err = edit(body, own, remove)
	}
	if err == nil && places.Properties != "" {
		var property string
		body, property, err = addProperty(body, places, r.property, r.value(who))
		message += ", and the value is kept as the custom property " + property
	}
	if err != nil {
		return remedy{}, false
	}
	return remedy{Warning{r.code, message}, body}, true
}

// moveToProperty moves the identifier of the only person in a body to a custom property. It
// returns the name of the property.
func moveToProperty(body json.RawMessage, places runtime.People, place, name, value string) (json.RawMessage, string, error) {
	body, err := edit(body, pointerTo(places, place), remove)
	if err != nil {
		return nil, "", err
	}
	return addProperty(body, places, name, value)
}

// addProperty adds a custom property to the only person in a body.
func addProperty(body json.RawMessage, places runtime.People, name, value string) (kept json.RawMessage, as string, err error) {
	kept, err = edit(body, pointerTo(places, places.Properties), func(properties json.RawMessage) json.RawMessage {
		properties, as = withProperty(properties, name, value)
		return properties
	})
	return kept, as, err
}

// remove is a change for edit that removes the value.
func remove(json.RawMessage) json.RawMessage { return nil }

// quote encodes a JSON string.
func quote(s string) json.RawMessage {
	quoted, _ := encode(s) // encoding a string can't fail
	return quoted
}

// withProperty adds a member to the JSON object of custom properties. If the name has another
// value, it appends _2, _3 and so on. It returns the name that it used. Other members stay
// unchanged.
func withProperty(properties json.RawMessage, name, value string) (json.RawMessage, string) {
	var members map[string]json.RawMessage
	if len(properties) > 0 && json.Unmarshal(properties, &members) != nil {
		return properties, name
	}
	unusedName := name
	for i := 2; ; i++ {
		member, exists := members[unusedName]
		if !exists {
			break
		}
		var text string
		if json.Unmarshal(member, &text) == nil && text == value {
			return properties, unusedName
		}
		unusedName = fmt.Sprintf("%s_%d", name, i)
	}
	added, err := encode(map[string]string{unusedName: value})
	if err != nil || len(members) == 0 {
		return added, unusedName
	}
	object := bytes.TrimSpace(properties)
	object = append(bytes.Clone(object[:len(object)-1]), ',')
	return append(object, added[1:]...), unusedName
}
