package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	rest, property, ok := phone.leaveOut(body)
	message := phone.at + " was refused; the request was sent without it"
	if property != "" {
		message += ", and keeps it as the custom property " + property
	}
	return rest, Warning{WarningInvalidPhone, message}, ok
}

// phones says where an operation has the phone number of its one person, and how to
// go on without it: as which custom property, if any, or that it can't. Requests about several people aren't here: that is for those to
// split who made one request of theirs.
var phones = map[klaviyo.OperationID]struct {
	at       string // below attributes
	leaveOut func(body []byte) (rest []byte, property string, ok bool)
}{
	klaviyo.OperationCreateProfile: {"phone_number", edit(func(q *klaviyo.ProfileCreateQuery) (property string, ok bool) {
		a := &q.Data.Attributes
		if a.Email == "" || a.PhoneNumber == "" {
			return "", false
		}
		a.Properties, property = withProperty(a.Properties, phoneProperty, a.PhoneNumber)
		a.PhoneNumber = ""
		return property, true
	})},
	klaviyo.OperationCreateEvent: {"profile/$phone_number", edit(func(q *klaviyo.EventCreateQuery) (property string, ok bool) {
		p := &q.Data.Attributes.Profile
		if p.Email == "" || p.PhoneNumber == "" {
			return "", false
		}
		p.Properties, property = withProperty(p.Properties, phoneProperty, p.PhoneNumber)
		p.PhoneNumber = ""
		return property, true
	})},
	klaviyo.OperationSubscribeProfiles: {"subscriptions/0/phone_number", edit(func(q *klaviyo.SubscriptionCreateJobCreateQuery) (property string, ok bool) {
		subscriptions := q.Data.Attributes.Subscriptions
		if len(subscriptions) != 1 {
			return "", false
		}
		s := &subscriptions[0]
		// Without any channel Klaviyo takes the consent to be for email.
		smsOnly := len(s.Channels.SMS) > 0 && len(s.Channels.Email) == 0
		if s.Email == "" || s.PhoneNumber == "" || smsOnly {
			return "", false
		}
		s.PhoneNumber, s.Channels.SMS = "", nil
		return "", true
	})},
	klaviyo.OperationUnsubscribeProfiles: {"phone_numbers/0", edit(func(q *klaviyo.UnsubscriptionCreateJobCreateQuery) (property string, ok bool) {
		a := &q.Data.Attributes
		if len(a.Emails) != 1 || len(a.PhoneNumbers) != 1 {
			return "", false
		}
		a.PhoneNumbers = nil
		return "", true
	})},
}

// edit changes a body of type T, unless change says that it can't.
func edit[T any](change func(*T) (property string, ok bool)) func([]byte) ([]byte, string, bool) {
	return func(body []byte) ([]byte, string, bool) {
		var b T
		if json.Unmarshal(body, &b) != nil {
			return nil, "", false
		}
		property, ok := change(&b)
		if !ok {
			return nil, "", false
		}
		edited, err := encode(b)
		return edited, property, err == nil
	}
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
