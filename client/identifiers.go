package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// checkIdentifiers refuses a request that doesn't say whom it is about, before
// anything is sent.
func checkIdentifiers(externalIDOnly bool) link {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			op := callOf(req).operation.ID
			people, ok := peopleOf[op]
			if !ok {
				return next.RoundTrip(req)
			}
			req, body, err := withBody(req)
			if err != nil {
				return nil, unwritable(op, err)
			}
			named, err := people(body)
			if err != nil {
				e := refuse(op, "give the body that the operation has in package klaviyo")
				e.cause = err
				return nil, e
			}
			var missing []string
			for _, p := range named {
				if !p.identified(externalIDOnly) {
					missing = append(missing, p.pointers...)
				}
			}
			if len(missing) > 0 {
				return nil, &Error{Operation: op, Missing: missing, kind: ErrMissingIdentifier,
					advice: "give an email or a phone number"}
			}
			return next.RoundTrip(req)
		})
	}
}

// withBody reads a request's body and gives a request that has it still.
func withBody(req *http.Request) (*http.Request, []byte, error) {
	if req.Body == nil {
		return req, nil, nil
	}
	body, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, nil, err
	}
	req = req.Clone(req.Context())
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body, _ = req.GetBody()
	return req, body, nil
}

// A person is someone whom a body has to name.
type person struct {
	// identifiers are those that suffice, each by itself.
	identifiers []string
	// externalID suffices with WithExternalIDOnly.
	externalID string
	// pointers say where to put an identifier.
	pointers []string
}

func (p person) identified(externalIDOnly bool) bool {
	for _, id := range p.identifiers {
		if strings.TrimSpace(id) != "" {
			return true
		}
	}
	return externalIDOnly && strings.TrimSpace(p.externalID) != ""
}

// peopleOf gives the people in the body of an operation. Operations that aren't
// here read, create no profile, or name profiles by Klaviyo's own ids.
var peopleOf = map[klaviyo.OperationID]func(body []byte) ([]person, error){
	klaviyo.OperationCreateProfile: in(func(q klaviyo.ProfileCreateQuery) []person {
		a := q.Data.Attributes
		return []person{{[]string{a.Email, a.PhoneNumber}, a.ExternalID, inAttributes("email", "phone_number")}}
	}),
	klaviyo.OperationCreateClientProfile: in(func(q klaviyo.OnsiteProfileCreateQuery) []person {
		a := q.Data.Attributes
		return []person{{[]string{a.Email, a.PhoneNumber}, a.ExternalID, inAttributes("email", "phone_number")}}
	}),
	klaviyo.OperationCreateEvent:       in(eventPeople),
	klaviyo.OperationCreateClientEvent: in(eventPeople),
	klaviyo.OperationSubscribeProfiles: in(func(q klaviyo.SubscriptionCreateJobCreateQuery) []person {
		// Nor does a profile id suffice here: the consent is that of an address.
		return each("subscriptions", q.Data.Attributes.Subscriptions, func(s klaviyo.Subscription) []string {
			return []string{s.Email, s.PhoneNumber}
		})
	}),
	klaviyo.OperationUnsubscribeProfiles: in(func(q klaviyo.UnsubscriptionCreateJobCreateQuery) []person {
		a := q.Data.Attributes
		if len(a.Emails)+len(a.PhoneNumbers) == 0 {
			return []person{{pointers: inAttributes("emails", "phone_numbers")}}
		}
		var people []person
		if len(a.Emails) > 0 {
			people = append(people, each("emails", a.Emails, itself)...)
		}
		if len(a.PhoneNumbers) > 0 {
			people = append(people, each("phone_numbers", a.PhoneNumbers, itself)...)
		}
		return people
	}),
	klaviyo.OperationSuppressProfiles: in(func(q klaviyo.SuppressionCreateJobCreateQuery) []person {
		return each("suppressions", q.Data.Attributes.Suppressions, suppressed)
	}),
	klaviyo.OperationUnsuppressProfiles: in(func(q klaviyo.UnsuppressionCreateJobCreateQuery) []person {
		return each("suppressions", q.Data.Attributes.Suppressions, suppressed)
	}),
	klaviyo.OperationCreateClientSubscription: in(func(q klaviyo.OnsiteSubscriptionCreateQuery) []person {
		a := q.Data.Attributes
		return []person{{[]string{a.Email, a.PhoneNumber}, "", inAttributes("email", "phone_number")}}
	}),
	klaviyo.OperationRequestProfileDeletion: in(func(q klaviyo.DataPrivacyCreateDeletionJobQuery) []person {
		a := q.Data.Attributes
		return []person{{[]string{a.Email, a.PhoneNumber, a.ProfileID}, "", inAttributes("email", "phone_number", "profile_id")}}
	}),
}

func eventPeople(q klaviyo.EventCreateQuery) []person {
	p := q.Data.Attributes.Profile
	return []person{{[]string{p.Email, p.PhoneNumber}, p.ID, inAttributes("profile/$email", "profile/$phone_number")}}
}

func suppressed(s klaviyo.Suppression) []string { return []string{s.Email} }

func itself(s string) []string { return []string{s} }

// each makes a person of each element of a list, and an unnamed one of a list
// without elements.
func each[T any](list string, elements []T, identifiers func(T) []string) []person {
	if len(elements) == 0 {
		return []person{{pointers: inAttributes(list)}}
	}
	people := make([]person, len(elements))
	for i, element := range elements {
		people[i] = person{identifiers: identifiers(element), pointers: inAttributes(fmt.Sprintf("%s/%d", list, i))}
	}
	return people
}

// in decodes a body of type T for people.
func in[T any](people func(T) []person) func([]byte) ([]person, error) {
	return func(body []byte) ([]person, error) {
		var b T
		if err := json.Unmarshal(body, &b); err != nil {
			return nil, err
		}
		return people(b), nil
	}
}

func inAttributes(names ...string) []string {
	pointers := make([]string, len(names))
	for i, name := range names {
		pointers[i] = "/data/attributes/" + name
	}
	return pointers
}
