package client

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	served "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A success may tell that Klaviyo dropped a phone number. That is a warning, and a profile
// keeps the number by one more call.
func TestPartialFailure(t *testing.T) {
	const kept = `{"data":{"type":"profile","attributes":{"email":"a@example.com","properties":{"phone":"+1"}}}}`
	for name, tt := range map[string]struct {
		op     *runtime.Operation
		body   string
		answer *http.Response
		want   string // sent once more; empty if nothing is
	}{
		"profile": {served.OperationCreateOrUpdateProfile, `{"data":{"type":"profile","attributes":{"email":"a@example.com","phone_number":"+1"}}}`,
			answer(http.StatusCreated, `{"data":{"type":"profile","id":"01H","attributes":{}}}`), kept},
		"profile without another identifier": {served.OperationCreateOrUpdateProfile, `{"data":{"type":"profile","attributes":{"phone_number":"+1"}}}`,
			answer(http.StatusCreated, `{"data":{"type":"profile","id":"01H","attributes":{}}}`), ""},
		"upsert of ours": {klaviyo.OperationCreateProfile, `{"data":{"type":"profile","attributes":{"email":"a@example.com","phone_number":"+1"}}}`,
			answer(http.StatusCreated, `{"data":{"type":"profile","id":"01H","attributes":{}}}`), `{"data":{"type":"profile","attributes":{"email":"a@example.com","properties":{"phone":"+1"}},"id":"01H"}}`},
		"event": {served.OperationCreateEvent, `{"data":{"type":"event","attributes":{"profile":{"data":{"attributes":{"email":"a@example.com","phone_number":"+1"}}}}}}`,
			answer(http.StatusAccepted, ""), ""},
		"events of several": {served.OperationBulkImportProfiles, `{"data":{"attributes":{"profiles":{"data":[{"attributes":{"email":"a@example.com","phone_number":"+1"}},{"attributes":{"email":"b@example.com"}}]}}}}`,
			answer(http.StatusAccepted, `{"data":{"type":"profile-bulk-import-job","id":"J","attributes":{}}}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []string
			c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
				body, _ := io.ReadAll(req.Body)
				sent = append(sent, string(body))
				if len(sent) > 1 {
					return answer(http.StatusOK, `{"data":{"type":"profile","id":"01H","attributes":{}}}`), nil
				}
				tt.answer.Header = http.Header{"Content-Type": {"application/json"}, "X-Klaviyo-Partial-Failure": {"phone_number"}}
				return tt.answer, nil
			})
			rsp, err := c.Send(t.Context(), request{tt.op, json.RawMessage(tt.body)})
			if err != nil || len(rsp.Warnings) != 1 || rsp.Warnings[0].Code != WarningInvalidPhone || rsp.Attempts != len(sent) {
				t.Fatalf("%+v, %v; want one warning", rsp, err)
			}
			switch {
			case tt.want == "" && len(sent) != 1, tt.want != "" && (len(sent) != 2 || sent[1] != tt.want):
				t.Errorf("sent %q, want %q after it", sent, tt.want)
			}
		})
	}
}

// What Klaviyo drops that the Client knows nothing of is no reason to send again.
func TestPartialFailureOfAnotherField(t *testing.T) {
	sent := 0
	c := newTestClient(t, func(*http.Request) (*http.Response, error) {
		sent++
		resp := answer(http.StatusAccepted, "")
		resp.Header.Set("X-Klaviyo-Partial-Failure", "title")
		return resp, nil
	})
	rsp, err := c.Send(t.Context(), request{served.OperationCreateEvent, json.RawMessage(`{"data":{"attributes":{"profile":{"data":{"attributes":{"email":"a@example.com","phone_number":"+1"}}}}}}`)})
	if err != nil || sent != 1 || len(rsp.Warnings) != 0 {
		t.Errorf("%+v, %v after %d requests", rsp, err, sent)
	}
}
