package client

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestCheckIdentifiers(t *testing.T) {
	const (
		email = "/data/attributes/email"
		phone = "/data/attributes/phone_number"
	)
	eventPointers := []string{"/data/attributes/profile/$email", "/data/attributes/profile/$phone_number"}
	for _, test := range []struct {
		name       string
		op         *klaviyo.Operation
		attributes string // the body's data.attributes
		missing    []string
		// missingByID is what is missing with WithExternalIDOnly.
		missingByID []string
	}{
		{"profile, email", klaviyo.OperationCreateProfile, `{"email":"ada@example.com"}`, nil, nil},
		{"profile, phone number", klaviyo.OperationCreateProfile, `{"phone_number":"+12025550147"}`, nil, nil},
		{"profile, external id", klaviyo.OperationCreateProfile, `{"external_id":"42"}`, []string{email, phone}, nil},
		{"profile, blank", klaviyo.OperationCreateProfile, `{"email":" \t","phone_number":"","external_id":" "}`, []string{email, phone}, []string{email, phone}},
		{"profile, nothing", klaviyo.OperationCreateProfile, `{"properties":{"email":"ada@example.com"}}`, []string{email, phone}, []string{email, phone}},

		{"client profile, email", klaviyo.OperationCreateClientProfile, `{"email":"ada@example.com"}`, nil, nil},
		{"client profile, external id", klaviyo.OperationCreateClientProfile, `{"external_id":"42"}`, []string{email, phone}, nil},
		{"client profile, anonymous id", klaviyo.OperationCreateClientProfile, `{"anonymous_id":"42"}`, []string{email, phone}, []string{email, phone}},

		{"event, email", klaviyo.OperationCreateEvent, `{"profile":{"$email":"ada@example.com"}}`, nil, nil},
		{"event, phone number", klaviyo.OperationCreateEvent, `{"profile":{"$phone_number":"+12025550147"}}`, nil, nil},
		{"event, external id", klaviyo.OperationCreateEvent, `{"profile":{"$id":"42"}}`, eventPointers, nil},
		{"event, custom property", klaviyo.OperationCreateEvent, `{"profile":{"email":"ada@example.com"}}`, eventPointers, eventPointers},
		{"client event, email", klaviyo.OperationCreateClientEvent, `{"profile":{"$email":"ada@example.com"}}`, nil, nil},
		{"client event, external id", klaviyo.OperationCreateClientEvent, `{"profile":{"$id":"42"}}`, eventPointers, nil},

		{"subscription, both", klaviyo.OperationSubscribeProfiles, `{"subscriptions":[{"email":"ada@example.com"},{"phone_number":"+12025550147"}]}`, nil, nil},
		{"subscription, one lacks it", klaviyo.OperationSubscribeProfiles, `{"subscriptions":[{"email":"ada@example.com"},{"profile_id":"01A"},{"email":" "}]}`,
			[]string{"/data/attributes/subscriptions/1", "/data/attributes/subscriptions/2"}, []string{"/data/attributes/subscriptions/1", "/data/attributes/subscriptions/2"}},
		{"subscription, none", klaviyo.OperationSubscribeProfiles, `{"subscriptions":[]}`, []string{"/data/attributes/subscriptions"}, []string{"/data/attributes/subscriptions"}},

		{"unsubscription, emails", klaviyo.OperationUnsubscribeProfiles, `{"emails":["ada@example.com"]}`, nil, nil},
		{"unsubscription, phone numbers", klaviyo.OperationUnsubscribeProfiles, `{"phone_numbers":["+12025550147"]}`, nil, nil},
		{"unsubscription, blank", klaviyo.OperationUnsubscribeProfiles, `{"emails":["ada@example.com",""]}`, []string{"/data/attributes/emails/1"}, []string{"/data/attributes/emails/1"}},
		{"unsubscription, none", klaviyo.OperationUnsubscribeProfiles, `{"list_id":"L1"}`,
			[]string{"/data/attributes/emails", "/data/attributes/phone_numbers"}, []string{"/data/attributes/emails", "/data/attributes/phone_numbers"}},

		{"suppression", klaviyo.OperationSuppressProfiles, `{"suppressions":[{"email":"ada@example.com"}]}`, nil, nil},
		{"suppression, one lacks it", klaviyo.OperationSuppressProfiles, `{"suppressions":[{}]}`, []string{"/data/attributes/suppressions/0"}, []string{"/data/attributes/suppressions/0"}},
		{"unsuppression", klaviyo.OperationUnsuppressProfiles, `{"suppressions":[{"email":"ada@example.com"}]}`, nil, nil},
		{"unsuppression, none", klaviyo.OperationUnsuppressProfiles, `{}`, []string{"/data/attributes/suppressions"}, []string{"/data/attributes/suppressions"}},

		{"client subscription, email", klaviyo.OperationCreateClientSubscription, `{"email":"ada@example.com"}`, nil, nil},
		{"client subscription, nothing", klaviyo.OperationCreateClientSubscription, `{"list_id":"L1"}`, []string{email, phone}, []string{email, phone}},

		{"deletion, email", klaviyo.OperationRequestProfileDeletion, `{"email":"ada@example.com"}`, nil, nil},
		{"deletion, profile id", klaviyo.OperationRequestProfileDeletion, `{"profile_id":"01A"}`, nil, nil},
		{"deletion, nothing", klaviyo.OperationRequestProfileDeletion, `{}`, []string{email, phone, "/data/attributes/profile_id"}, []string{email, phone, "/data/attributes/profile_id"}},

		{"update", klaviyo.OperationUpdateProfile, `{}`, nil, nil},
		{"list", klaviyo.OperationCreateList, `{"name":"News"}`, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			op := operation(test.op)
			for externalIDOnly, missing := range map[bool][]string{false: test.missing, true: test.missingByID} {
				body := `{"data":{"attributes":` + test.attributes + `}}`
				var sent string
				checked := chain(roundTripperFunc(func(req *http.Request) (*http.Response, error) {
					b, err := io.ReadAll(req.Body)
					sent = string(b)
					return answer(http.StatusAccepted, ""), err
				}), checkIdentifiers(externalIDOnly))
				req, _ := http.NewRequest(op.Method, DefaultBaseURL, strings.NewReader(body))
				_, err := checked.RoundTrip(req.WithContext(withCall(t.Context(), &call{operation: op, body: []byte(body)})))

				if len(missing) == 0 {
					if err != nil || sent != body {
						t.Errorf("external id only %v: err = %v, sent %q; want the body sent", externalIDOnly, err, sent)
					}
					continue
				}
				var e *Error
				if !errors.As(err, &e) || !errors.Is(err, ErrMissingIdentifier) || sent != "" {
					t.Fatalf("external id only %v: err = %v, sent %q; want ErrMissingIdentifier", externalIDOnly, err, sent)
				}
				if !slices.Equal(e.Missing, missing) {
					t.Errorf("external id only %v: missing %q, want %q", externalIDOnly, e.Missing, missing)
				}
				if !strings.Contains(err.Error(), missing[0]) {
					t.Errorf("message %q doesn't name %s", err, missing[0])
				}
			}
		})
	}
}

func TestCheckIdentifiersNamesAFewOfMany(t *testing.T) {
	c := newTestClient(t, nil)
	_, err := c.Send(t.Context(), request{klaviyo.OperationSubscribeProfiles,
		klaviyo.NewSubscribeProfilesBody(klaviyo.SubscriptionJobAttributes{Subscriptions: make([]klaviyo.Subscription, 100)})})
	if want := "/data/attributes/subscriptions/2, and at 97 more"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("err = %v, want %q in it", err, want)
	}
}

func TestCheckIdentifiersRefusesAnotherBody(t *testing.T) {
	c := newTestClient(t, nil)
	_, err := c.Send(t.Context(), request{klaviyo.OperationCreateProfile, []string{"ada@example.com"}})
	if !errors.Is(err, ErrInvalidRequest) || strings.Contains(err.Error(), "ada") {
		t.Errorf("err = %v, want ErrInvalidRequest without values", err)
	}
}
