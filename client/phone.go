package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// phoneProperty is the custom property that keeps a phone number which can't be
// the profile's.
const phoneProperty = "phone"

// withoutPhone gives what is left to send after an error that blames the phone
// number of somebody who has an email too.
func withoutPhone(op klaviyo.Operation, body []byte, err error) (rest []byte, warning Warning, ok bool) {
	var refused *Error
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusBadRequest {
		return nil, Warning{}, false
	}
	phone, ok := phones[op.ID]
	if !ok || !strings.HasSuffix(strings.TrimSuffix(refused.Pointer, "/"), "/attributes/"+phone.at) {
		return nil, Warning{}, false
	}
	rest, ok = phone.leaveOut(body)
	return rest, Warning{WarningInvalidPhone, phone.at + " was refused; the request was sent without it" + phone.kept}, ok
}

const keptAsProperty = ", and keeps it as the custom property " + phoneProperty

// phones says where an operation has the phone number of its one person, and how to
// go on without it. Requests about several people aren't here: that is for those to
// split who made one request of theirs.
var phones = map[klaviyo.OperationID]struct {
	at       string // below attributes
	kept     string
	leaveOut func(body []byte) ([]byte, bool)
}{
	klaviyo.OperationCreateProfile: {"phone_number", keptAsProperty, edit(func(q *klaviyo.ProfileCreateQuery) bool {
		a := &q.Data.Attributes
		if a.Email == "" || a.PhoneNumber == "" {
			return false
		}
		a.Properties = withProperty(a.Properties, phoneProperty, a.PhoneNumber)
		a.PhoneNumber = ""
		return true
	})},
	klaviyo.OperationCreateEvent: {"profile/$phone_number", keptAsProperty, edit(func(q *klaviyo.EventCreateQuery) bool {
		p := &q.Data.Attributes.Profile
		if p.Email == "" || p.PhoneNumber == "" {
			return false
		}
		p.Properties = withProperty(p.Properties, phoneProperty, p.PhoneNumber)
		p.PhoneNumber = ""
		return true
	})},
	klaviyo.OperationSubscribeProfiles: {"subscriptions/0/phone_number", "", edit(func(q *klaviyo.SubscriptionCreateJobCreateQuery) bool {
		subscriptions := q.Data.Attributes.Subscriptions
		if len(subscriptions) != 1 {
			return false
		}
		s := &subscriptions[0]
		// Without any channel Klaviyo takes the consent to be for email.
		smsOnly := len(s.Channels.SMS) > 0 && len(s.Channels.Email) == 0
		if s.Email == "" || s.PhoneNumber == "" || smsOnly {
			return false
		}
		s.PhoneNumber, s.Channels.SMS = "", nil
		return true
	})},
	klaviyo.OperationUnsubscribeProfiles: {"phone_numbers/0", "", edit(func(q *klaviyo.UnsubscriptionCreateJobCreateQuery) bool {
		a := &q.Data.Attributes
		if len(a.Emails) != 1 || len(a.PhoneNumbers) != 1 {
			return false
		}
		a.PhoneNumbers = nil
		return true
	})},
}

// edit changes a body of type T, unless change says that it can't.
func edit[T any](change func(*T) bool) func([]byte) ([]byte, bool) {
	return func(body []byte) ([]byte, bool) {
		var b T
		if json.Unmarshal(body, &b) != nil || !change(&b) {
			return nil, false
		}
		edited, err := encode(b)
		return edited, err == nil
	}
}

// withProperty adds a member to a JSON object of custom properties, unless it has
// one of that name. The others stay as they are written.
func withProperty(properties json.RawMessage, name, value string) json.RawMessage {
	var members map[string]json.RawMessage
	if len(properties) > 0 && json.Unmarshal(properties, &members) != nil {
		return properties
	}
	if _, ok := members[name]; ok {
		return properties
	}
	added, err := encode(map[string]string{name: value})
	if err != nil || len(members) == 0 {
		return added
	}
	object := bytes.TrimSpace(properties)
	object = append(bytes.Clone(object[:len(object)-1]), ',')
	return append(object, added[1:]...)
}
