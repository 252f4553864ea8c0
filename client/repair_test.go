package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	served "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// blames is a 400 that points at something.
func blames(pointer string) *http.Response {
	return answer(http.StatusBadRequest, fmt.Sprintf(`{"errors":[{"id":"1","code":"invalid","title":"","detail":"","source":{"pointer":%q}}]}`, pointer))
}

// bodyOf makes a request of the attributes in JSON.
func bodyOf(op *klaviyo.Operation, attributes string) Request {
	return request{op, json.RawMessage(`{"data":{"type":"x","attributes":` + attributes + `}}`)}
}

const (
	servedEvent    = `{"profile":{"data":{"type":"profile","attributes":{%s}}},"metric":{"data":{}},"properties":{}}`
	servedProfiles = `{"profiles":{"data":[{"type":"profile","attributes":{%s}}]}}`
)

const subscription = `{"list_id":"L","subscriptions":[%s]}`

func TestRefusedIdentifier(t *testing.T) {
	for name, test := range map[string]struct {
		op         *klaviyo.Operation
		attributes string
		pointer    string
		want       string // the attributes sent again; empty if they aren't
	}{
		"profile": {klaviyo.OperationCreateProfile, `{"email":"ada@example.com","phone_number":"+1","external_id":"42"}`, "phone_number",
			`{"email":"ada@example.com","external_id":"42","properties":{"phone":"+1"}}`},
		"profile with properties": {klaviyo.OperationCreateProfile, `{"email":"ada@example.com","phone_number":"+1","properties":{"big":12345678901234567890}}`, "phone_number",
			`{"email":"ada@example.com","properties":{"big":12345678901234567890,"phone":"+1"}}`},
		"profile with the property": {klaviyo.OperationCreateProfile, `{"email":"ada@example.com","phone_number":"+1","properties":{"phone":null}}`, "phone_number",
			`{"email":"ada@example.com","properties":{"phone":null,"phone_2":"+1"}}`},
		"profile with the property twice": {klaviyo.OperationCreateProfile, `{"email":"ada@example.com","phone_number":"+1","properties":{"phone":"+2","phone_2":"+3"}}`, "phone_number",
			`{"email":"ada@example.com","properties":{"phone":"+2","phone_2":"+3","phone_3":"+1"}}`},
		"profile with the property and its value": {klaviyo.OperationCreateProfile, `{"email":"ada@example.com","phone_number":"+1","properties":{"phone":"+1"}}`, "phone_number",
			`{"email":"ada@example.com","properties":{"phone":"+1"}}`},
		"profile without an email": {klaviyo.OperationCreateProfile, `{"phone_number":"+1","external_id":"42"}`, "phone_number", ""},
		"profile, another field":   {klaviyo.OperationCreateProfile, `{"email":"ada@example.com","phone_number":"+1"}`, "first_name", ""},
		"profile, email": {klaviyo.OperationCreateProfile, `{"email":"ada@example","phone_number":"+12025550147","properties":{"a":1.10}}`, "email",
			`{"phone_number":"+12025550147","properties":{"a":1.10,"email":"ada@example"}}`},
		"event, email": {klaviyo.OperationCreateEvent, `{"profile":{"$email":"ada@example","$phone_number":"+12025550147"},"metric":{"name":"m"},"properties":{}}`, "profile/$email",
			`{"profile":{"$phone_number":"+12025550147","email":"ada@example"},"metric":{"name":"m"},"properties":{}}`},
		"subscription, email": {klaviyo.OperationSubscribeProfiles, fmt.Sprintf(subscription, `{"email":"ada@example","phone_number":"+12025550147","channels":{"email":["MARKETING"],"sms":["MARKETING"]}}`), "subscriptions/0/email",
			fmt.Sprintf(subscription, `{"phone_number":"+12025550147","channels":{"sms":["MARKETING"]}}`)},
		"event without a phone number": {klaviyo.OperationCreateEvent, `{"profile":{"$email":"ada@example"},"metric":{"name":"m"},"properties":{}}`, "profile/$email", ""},
		"profile, a property of that name": {klaviyo.OperationCreateProfile, `{"email":"ada@example.com","phone_number":"+1","properties":{"phone_number":"x"}}`,
			"properties/phone_number", ""},
		"event": {klaviyo.OperationCreateEvent, `{"profile":{"$email":"ada@example.com","$phone_number":"+1","plan":"pro"},"metric":{"name":"m"},"properties":{"a":1.10},"value":1.10}`, "profile/$phone_number",
			`{"profile":{"$email":"ada@example.com","plan":"pro","phone":"+1"},"metric":{"name":"m"},"properties":{"a":1.10},"value":1.10}`},
		"event without an email": {klaviyo.OperationCreateEvent, `{"profile":{"$phone_number":"+1"},"metric":{"name":"m"},"properties":{}}`, "profile/$phone_number", ""},
		"subscription": {klaviyo.OperationSubscribeProfiles, fmt.Sprintf(subscription, `{"email":"ada@example.com","phone_number":"+1","channels":{"email":["MARKETING"],"sms":["MARKETING"]}}`), "subscriptions/0/phone_number",
			fmt.Sprintf(subscription, `{"email":"ada@example.com","channels":{"email":["MARKETING"]}}`)},
		"subscription to any channel": {klaviyo.OperationSubscribeProfiles, fmt.Sprintf(subscription, `{"email":"ada@example.com","phone_number":"+1"}`), "subscriptions/0/phone_number",
			fmt.Sprintf(subscription, `{"email":"ada@example.com"}`)},
		"subscription to sms alone": {klaviyo.OperationSubscribeProfiles, fmt.Sprintf(subscription, `{"email":"ada@example.com","phone_number":"+1","channels":{"sms":["MARKETING"]}}`), "subscriptions/0/phone_number", ""},
		"subscriptions of several":  {klaviyo.OperationSubscribeProfiles, fmt.Sprintf(subscription, `{"email":"ada@example.com","phone_number":"+1"},{"email":"bob@example.com"}`), "subscriptions/0/phone_number", ""},
		"unsubscription": {klaviyo.OperationUnsubscribeProfiles, `{"list_id":"L","emails":["ada@example.com"],"phone_numbers":["+1"]}`, "phone_numbers/0",
			`{"list_id":"L","emails":["ada@example.com"]}`},
		"unsubscriptions of several": {klaviyo.OperationUnsubscribeProfiles, `{"emails":["ada@example.com"],"phone_numbers":["+1","+2"]}`, "phone_numbers/0", ""},
		"unsubscription by phone":    {klaviyo.OperationUnsubscribeProfiles, `{"phone_numbers":["+1"]}`, "phone_numbers/0", ""},
		"served: event": {served.OperationCreateEvent, fmt.Sprintf(servedEvent, `"email":"ada@example.com","phone_number":"+1","properties":{"plan":"pro"}`), "profile/data/attributes/phone_number",
			fmt.Sprintf(servedEvent, `"email":"ada@example.com","properties":{"plan":"pro","phone":"+1"}`)},
		"served: event, email": {served.OperationCreateEvent, fmt.Sprintf(servedEvent, `"email":"ada@example","phone_number":"+12025550147"`), "profile/data/attributes/email",
			fmt.Sprintf(servedEvent, `"phone_number":"+12025550147","properties":{"email":"ada@example"}`)},
		"served: event without an email": {served.OperationCreateEvent, fmt.Sprintf(servedEvent, `"phone_number":"+1"`), "profile/data/attributes/phone_number", ""},
		"served: client event": {served.OperationCreateClientEvent, fmt.Sprintf(servedEvent, `"email":"ada@example.com","phone_number":"+1"`), "profile/data/attributes/phone_number",
			fmt.Sprintf(servedEvent, `"email":"ada@example.com"`)},
		"served: profile": {served.OperationCreateOrUpdateProfile, `{"email":"ada@example.com","phone_number":"+1"}`, "phone_number",
			`{"email":"ada@example.com","properties":{"phone":"+1"}}`},
		"served: profile, email": {served.OperationCreateOrUpdateProfile, `{"email":"ada@example","phone_number":"+12025550147"}`, "email",
			`{"phone_number":"+12025550147","properties":{"email":"ada@example"}}`},
		"served: subscription": {served.OperationBulkSubscribeProfiles, fmt.Sprintf(servedProfiles, `"email":"ada@example.com","phone_number":"+1","subscriptions":{"email":{"a":1},"sms":{"a":1}}`), "profiles/data/0/attributes/phone_number",
			fmt.Sprintf(servedProfiles, `"email":"ada@example.com","subscriptions":{"email":{"a":1}}`)},
		"served: subscription, email": {served.OperationBulkSubscribeProfiles, fmt.Sprintf(servedProfiles, `"email":"ada@example","phone_number":"+12025550147","subscriptions":{"email":{"a":1},"sms":{"a":1}}`), "profiles/data/0/attributes/email",
			fmt.Sprintf(servedProfiles, `"phone_number":"+12025550147","subscriptions":{"sms":{"a":1}}`)},
		"served: subscription to sms alone": {served.OperationBulkSubscribeProfiles, fmt.Sprintf(servedProfiles, `"email":"ada@example.com","phone_number":"+1","subscriptions":{"sms":{"a":1}}`), "profiles/data/0/attributes/phone_number", ""},
		"served: unsubscription": {served.OperationBulkUnsubscribeProfiles, fmt.Sprintf(servedProfiles, `"email":"ada@example.com","phone_number":"+1","subscriptions":{"email":{"a":1},"sms":{"a":1}}`), "profiles/data/0/attributes/phone_number",
			fmt.Sprintf(servedProfiles, `"email":"ada@example.com","subscriptions":{"email":{"a":1}}`)},
		"served: unsubscription, email": {served.OperationBulkUnsubscribeProfiles, fmt.Sprintf(servedProfiles, `"email":"ada@example","phone_number":"+12025550147","subscriptions":{"email":{"a":1},"sms":{"a":1}}`), "profiles/data/0/attributes/email",
			fmt.Sprintf(servedProfiles, `"phone_number":"+12025550147","subscriptions":{"sms":{"a":1}}`)},
		"served: subscriptions of several": {served.OperationBulkSubscribeProfiles, fmt.Sprintf(servedProfiles, `"email":"ada@example.com","phone_number":"+1"}},{"attributes":{"email":"bob@example.com"`), "profiles/data/0/attributes/phone_number", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var bodies []string
			c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
				body, _ := io.ReadAll(req.Body)
				bodies = append(bodies, string(body))
				if len(bodies) == 1 {
					return blames("/data/attributes/" + test.pointer), nil
				}
				return success(req), nil
			}, WithCompanyID("AbC123"))
			sent, err := c.Send(t.Context(), bodyOf(test.op, test.attributes))
			if test.want == "" {
				if !errors.Is(err, ErrInvalidRequest) || len(bodies) != 1 {
					t.Errorf("err = %v after %d attempts, want ErrInvalidRequest at once", err, len(bodies))
				}
				return
			}
			if err != nil || len(bodies) != 2 || sent.Attempts != 2 {
				t.Fatalf("%+v, %v; want success at the second attempt", sent, err)
			}
			var got, want any
			var body struct {
				Data struct{ Attributes json.RawMessage }
			}
			if err := errors.Join(json.Unmarshal([]byte(bodies[1]), &body), json.Unmarshal(body.Data.Attributes, &got), json.Unmarshal([]byte(test.want), &want)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) || strings.Contains(test.want, "12345678901234567890") != strings.Contains(bodies[1], "12345678901234567890") {
				t.Errorf("sent %s, want %s", body.Data.Attributes, test.want)
			}
			code := WarningInvalidPhone
			if strings.HasSuffix(test.pointer, "email") {
				code = WarningInvalidEmail
			}
			if len(sent.Warnings) != 1 || sent.Warnings[0].Code != code || !strings.Contains(sent.Warnings[0].Message, test.pointer) {
				t.Errorf("warnings %+v, want one that names %s", sent.Warnings, test.pointer)
			}
			if strings.Contains(sent.Warnings[0].Message, "+1") || strings.Contains(sent.Warnings[0].Message, "@") {
				t.Error("the warning shows the identifier")
			}
		})
	}
}

// An existing profile's number is refused by the update.
func TestInvalidPhoneOfAnUpdate(t *testing.T) {
	c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(req.Body)
		switch {
		case req.Method == http.MethodPost:
			return answer(http.StatusConflict, duplicateOf("01A")), nil
		case strings.Contains(string(body), "phone_number"):
			return blames("/data/attributes/phone_number"), nil
		}
		return success(req), nil
	})
	sent, err := c.Send(t.Context(), profileOf(`{"email":"ada@example.com","phone_number":"+1"}`))
	if err != nil || sent.ProfileID != "01A" || sent.Attempts != 4 || len(sent.Warnings) != 1 {
		t.Errorf("%+v, %v; want profile 01A after 4 attempts with a warning", sent, err)
	}
}

// There is one repair, and the last error counts.
func TestInvalidPhoneIsRepairedOnce(t *testing.T) {
	for _, second := range []string{"/data/attributes/profile/$phone_number", "/data/attributes/metric/name"} {
		attempts := 0
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			if attempts++; attempts == 1 {
				return blames("/data/attributes/profile/$phone_number"), nil
			}
			return blames(second), nil
		})
		_, err := c.Send(t.Context(), bodyOf(klaviyo.OperationCreateEvent, `{"profile":{"$email":"ada@example.com","$phone_number":"+1"},"metric":{"name":""},"properties":{}}`))
		var e *Error
		if !errors.As(err, &e) || e.Pointer != second || e.Attempts != 2 || attempts != 2 {
			t.Errorf("err = %v after %d attempts, want one at %s after 2", err, attempts, second)
		}
	}
}
