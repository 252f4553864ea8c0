package client

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestSend(t *testing.T) {
	var method, url, body string
	c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
		b, _ := io.ReadAll(req.Body)
		method, url, body = req.Method, req.URL.String(), string(b)
		return answer(http.StatusAccepted, ""), nil
	})
	sent, err := c.Send(t.Context(), request{klaviyo.OperationCreateEvent, klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
		Metric:     klaviyo.MetricCreateQuery{Name: "Signed Up"},
		Profile:    klaviyo.EventProfile{Email: "ada@example.com"},
		Properties: json.RawMessage(`{"big":12345678901234567890,"price":1.10,"html":"<b>&"}`),
	})})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Response{Operation: klaviyo.OperationCreateEvent, StatusCode: 202, Attempts: 1}); !reflect.DeepEqual(*sent, want) {
		t.Errorf("%+v, want %+v", *sent, want)
	}
	if method != "POST" || url != "https://a.klaviyo.com/api/events/" {
		t.Errorf("%s %s", method, url)
	}
	if want := `"properties":{"big":12345678901234567890,"price":1.10,"html":"<b>&"}`; !strings.Contains(body, want) {
		t.Errorf("body %s, want %s in it", body, want)
	}
}

// TestRequestID is in the Response and in the Error: a header's, also beside a fault's.
func TestRequestID(t *testing.T) {
	for status, body := range map[int]string{
		http.StatusAccepted:            "",
		http.StatusBadRequest:          `{"errors":[{"id":"e-1","code":"invalid"}]}`,
		http.StatusInternalServerError: "<html>",
	} {
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			rsp := answer(status, body)
			rsp.Header.Set("X-Request-Id", "r-1")
			return rsp, nil
		}, WithRetry(RetryPolicy{MaxAttempts: 1}))
		sent, err := c.Send(t.Context(), request{klaviyo.OperationCreateEvent, klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
			Metric: klaviyo.MetricCreateQuery{Name: "E"}, Profile: klaviyo.EventProfile{Email: "ada@example.com"},
		})})
		var failed *Error
		switch {
		case err == nil && sent.RequestID != "r-1":
			t.Errorf("%d: %+v", status, sent)
		case err != nil && (!errors.As(err, &failed) || failed.RequestID != "r-1"):
			t.Errorf("%d: %#v", status, err)
		}
	}
}

func TestSendRefuses(t *testing.T) {
	c := newTestClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	})
	for _, test := range []struct {
		name    string
		request Request
		want    string
	}{
		{"nothing", nil, "nil"},
		{"no operation", request{nil, nil}, "no operation"},
		{"a reading operation", request{klaviyo.OperationGetLists, nil}, "typed call"},
		{"an operation with an id", request{klaviyo.OperationUpdateProfile, klaviyo.ProfilePartialUpdateQuery{}}, "typed call"},
		{"a body that is no JSON", request{klaviyo.OperationCreateEvent, func() {}}, "JSON"},
		{"properties that are no JSON", request{klaviyo.OperationCreateEvent, klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{Properties: []byte("{")})}, "JSON"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.Send(t.Context(), test.request)
			if !errors.Is(err, ErrInvalidRequest) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want ErrInvalidRequest and %q", err, test.want)
			}
		})
	}
}
