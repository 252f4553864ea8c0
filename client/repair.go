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

// repairs are the identifiers that a request about one person can do without if
// Klaviyo refuses them and the person has the other one.
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
	// identifier is its place, value what a person has there, and other what suffices.
	identifier   func(runtime.People) string
	value, other func(person) string
	// consent are the places of the consents to its channel and to that of the other.
	consent func(runtime.People) (own, other string)
	// property is the custom property that keeps the value, code that of the warning.
	property, code string
}

// The custom properties that keep identifiers which can't be the profile's.
const (
	phoneProperty = "phone"
	emailProperty = "email"
)

// A remedy is what there is to do about an identifier that Klaviyo refused.
type remedy struct {
	warning Warning
	rest    []byte // to send instead; nil where nothing more is to be sent
}

// remedyFor is that of an answer which blames an identifier of somebody who has another
// one too: an error that points at it or a success that dropped it. Requests about
// several people are for those to split who made one request of theirs.
func remedyFor(op *runtime.Operation, body []byte, sent *Response, err error) (remedy, bool) {
	var refused *Error
	isRefused := errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest
	isDropped := func(pointer string) bool {
		return err == nil && slices.ContainsFunc(sent.dropped, func(field string) bool { return strings.HasSuffix(pointer, field) })
	}
	if !isRefused && (err != nil || len(sent.dropped) == 0) {
		return remedy{}, false
	}
	whole, isOne := singlePerson(op, body)
	for _, places := range op.People {
		for _, r := range repairs {
			pointer := pointerTo(places, r.identifier(places))
			switch {
			case isDropped(pointer) && !isOne:
				return remedy{warning: Warning{r.code, pointer[strings.LastIndexByte(pointer, '/')+1:] + " of somebody was refused; Klaviyo took the rest of the request"}}, true
			case pointer == "" || !isOne:
			case isRefused && pointer == strings.TrimSuffix(refused.Pointer, "/"):
				return r.leaveOut(body, places, whole)
			case isDropped(pointer) && r.value(whole) != "":
				return r.keepDropped(op, body, places, whole), true
			}
		}
	}
	return remedy{}, false
}

// keepDropped sends a profile whose identifier was dropped once more, to keep it as a custom
// property. Other requests would do again what they have done.
func (r repair) keepDropped(op *runtime.Operation, body []byte, places runtime.People, whole person) remedy {
	if op.Upserts || op.UpdatedBy != nil {
		if again, ok := r.leaveOut(body, places, whole); ok {
			return again
		}
	}
	at := strings.TrimPrefix(pointerTo(places, r.identifier(places)), "/data/attributes/")
	return remedy{warning: Warning{r.code, at + " was refused; Klaviyo took the rest of the request"}}
}

// singlePerson is the person whom a body is about, if it is about a single one.
func singlePerson(op *runtime.Operation, body []byte) (person, bool) {
	var whole person
	for _, places := range op.People {
		found, err := findPeople(places, body)
		if err != nil || len(found) > 1 {
			return person{}, false
		}
		for _, p := range found {
			whole.email += p.email
			whole.phoneNumber += p.phoneNumber
		}
	}
	return whole, true
}

// pointerTo leads to a place of a body's only person, or is empty if there is none.
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

// leaveOut takes the identifier out of the body, and the consent to its channel.
// A request for that channel alone can't do without it.
func (r repair) leaveOut(body json.RawMessage, places runtime.People, whole person) (remedy, bool) {
	own, other := r.consent(places)
	own, other = pointerTo(places, own), pointerTo(places, other)
	isFor := func(consent string) bool { return consent != "" && look(body, consent) != nil }
	if r.value(whole) == "" || r.other(whole) == "" || isFor(own) && !isFor(other) {
		return remedy{}, false
	}

	at := pointerTo(places, r.identifier(places))
	message := strings.TrimPrefix(at, "/data/attributes/") + " was refused; the request was sent without it"
	if r.identifier(places) == runtime.Self {
		at = at[:strings.LastIndexByte(at, '/')] // and its list, which is empty then
	}
	body, err := edit(body, at, nothing)
	if err == nil && own != "" {
		body, err = edit(body, own, nothing)
	}
	if err == nil && places.Properties != "" {
		var property string
		body, property, err = keep(body, places, r.property, r.value(whole))
		message += ", and keeps it as the custom property " + property
	}
	if err != nil {
		return remedy{}, false
	}
	return remedy{Warning{r.code, message}, body}, true
}

// setAside makes the identifier at a place of a body's only person a custom property,
// whose name it gives.
func setAside(body json.RawMessage, places runtime.People, place, name, value string) (json.RawMessage, string, error) {
	body, err := edit(body, pointerTo(places, place), nothing)
	if err != nil {
		return nil, "", err
	}
	return keep(body, places, name, value)
}

// keep adds a custom property to those of a body's only person.
func keep(body json.RawMessage, places runtime.People, name, value string) (kept json.RawMessage, as string, err error) {
	kept, err = edit(body, pointerTo(places, places.Properties), func(properties json.RawMessage) json.RawMessage {
		properties, as = withProperty(properties, name, value)
		return properties
	})
	return kept, as, err
}

// nothing takes a value away.
func nothing(json.RawMessage) json.RawMessage { return nil }

// quote is a string in JSON.
func quote(s string) json.RawMessage {
	quoted, _ := encode(s) // a string can be encoded
	return quoted
}

// withProperty adds a member to a JSON object of custom properties, and gives its name:
// the one asked for or, where another value has it, with _2 and so on after it. The
// others stay as they are written.
func withProperty(properties json.RawMessage, name, value string) (json.RawMessage, string) {
	var members map[string]json.RawMessage
	if len(properties) > 0 && json.Unmarshal(properties, &members) != nil {
		return properties, name
	}
	free := name
	for i := 2; ; i++ {
		member, taken := members[free]
		if !taken {
			break
		}
		var text string
		if json.Unmarshal(member, &text) == nil && text == value {
			return properties, free
		}
		free = fmt.Sprintf("%s_%d", name, i)
	}
	added, err := encode(map[string]string{free: value})
	if err != nil || len(members) == 0 {
		return added, free
	}
	object := bytes.TrimSpace(properties)
	object = append(bytes.Clone(object[:len(object)-1]), ',')
	return append(object, added[1:]...), free
}
