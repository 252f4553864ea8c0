package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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

// withoutRefused gives what is left to send after an error that blames an identifier of
// somebody who has another one too. Requests about several people are for those to split
// who made one request of theirs.
func withoutRefused(op *runtime.Operation, body []byte, err error) (rest []byte, warning Warning, ok bool) {
	var refused *Error
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusBadRequest {
		return nil, Warning{}, false
	}
	whole, ok := theOne(op, body)
	if !ok {
		return nil, Warning{}, false
	}
	for _, places := range op.People {
		for _, r := range repairs {
			if pointer := pointerTo(places, r.identifier(places)); pointer != "" && pointer == strings.TrimSuffix(refused.Pointer, "/") {
				return r.leaveOut(body, places, whole)
			}
		}
	}
	return nil, Warning{}, false
}

// theOne is the person whom a body is about, if it is about a single one.
func theOne(op *runtime.Operation, body []byte) (person, bool) {
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
	case runtime.Itself:
		return at
	}
	return at + place
}

// leaveOut takes the identifier out of the body, and the consent to its channel.
// A request for that channel alone can't do without it.
func (r repair) leaveOut(body json.RawMessage, places runtime.People, whole person) ([]byte, Warning, bool) {
	own, other := r.consent(places)
	own, other = pointerTo(places, own), pointerTo(places, other)
	isFor := func(consent string) bool { return consent != "" && look(body, consent) != nil }
	if r.value(whole) == "" || r.other(whole) == "" || isFor(own) && !isFor(other) {
		return nil, Warning{}, false
	}

	at := pointerTo(places, r.identifier(places))
	message := strings.TrimPrefix(at, "/data/attributes/") + " was refused; the request was sent without it"
	if r.identifier(places) == runtime.Itself {
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
	return body, Warning{r.code, message}, err == nil
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
