package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"testing"

	served "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// An upsert of Klaviyo's own that is answered 409 does without the identifier that the
// answer points at, else without the weakest, and never without the strongest.
func TestCallUpsert(t *testing.T) {
	const (
		all     = `{"email":"a@example.com","external_id":"7","phone_number":"+1"}`
		noID    = `{"email":"a@example.com","phone_number":"+1","properties":{"external_id":"7"}}`
		noPhone = `{"email":"a@example.com","external_id":"7","properties":{"phone":"+1"}}`
		alone   = `{"email":"a@example.com","properties":{"external_id":"7","phone":"+1"}}`
	)
	for name, tt := range map[string]struct {
		attributes string
		conflicts  []string // where the 409s point, before a success
		sent       []string
		isConflict bool
	}{
		"no conflict":         {all, nil, []string{all}, false},
		"points at the phone": {all, []string{"/data/attributes/phone_number"}, []string{all, noPhone}, false},
		"points at the id":    {all, []string{"/data/attributes/external_id"}, []string{all, noID}, false},
		"points nowhere":      {all, []string{""}, []string{all, noID}, false},
		"points at the email": {all, []string{"/data/attributes/email"}, []string{all, noID}, false},
		"twice":               {all, []string{"/data/attributes/phone_number", ""}, []string{all, noPhone, alone}, false},
		"the strongest alone": {all, []string{"", "", ""}, []string{all, noID, alone}, true},
		"only one":            {`{"phone_number":"+1"}`, []string{"/data/attributes/phone_number"}, []string{`{"phone_number":"+1"}`}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []any
			c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
				body, _ := io.ReadAll(req.Body)
				var q struct{ Data struct{ Attributes any } }
				if err := json.Unmarshal(body, &q); err != nil {
					t.Error(err)
				}
				sent = append(sent, q.Data.Attributes)
				if n := len(sent); n <= len(tt.conflicts) {
					return answer(http.StatusConflict, fmt.Sprintf(
						`{"errors":[{"code":"duplicate_profile","source":{"pointer":%q},"meta":{"duplicate_profile_id":"01OTHER"}}]}`, tt.conflicts[n-1])), nil
				}
				return answer(http.StatusOK, `{"data":{"type":"profile","id":"01H","attributes":{}}}`), nil
			})
			rsp, err := c.Send(t.Context(), request{served.OperationCreateOrUpdateProfile, json.RawMessage(`{"data":{"type":"profile","attributes":` + tt.attributes + `}}`)})
			var want []any
			for _, text := range tt.sent {
				var v any
				_ = json.Unmarshal([]byte(text), &v)
				want = append(want, v)
			}
			if !reflect.DeepEqual(sent, want) {
				t.Errorf("sent %v, want %v", sent, want)
			}
			if tt.isConflict {
				var e *Error
				if !errors.As(err, &e) || !errors.Is(err, ErrConflict) || e.Attempts != len(want) {
					t.Errorf("err = %v, want ErrConflict after %d attempts", err, len(want))
				}
				return
			}
			if err != nil || rsp.ProfileID != "01H" || rsp.Attempts != len(want) || len(rsp.Warnings) != len(want)-1 {
				t.Fatalf("%+v, %v", rsp, err)
			}
			for _, w := range rsp.Warnings {
				if w.Code != WarningIdentifierConflict {
					t.Errorf("warning %+v", w)
				}
			}
		})
	}
}
