package client

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// TestResponsesNotFromTheAPI tells a delivery from a page that swallows it.
func TestResponsesNotFromTheAPI(t *testing.T) {
	const (
		page       = "<html>Please log in</html>"
		unknowable = `{"errors":[]}` // it might be the API's
	)
	track, create, update := klaviyo.OperationCreateEvent, klaviyo.OperationCreateProfile, klaviyo.OperationUpdateProfile
	get, list := klaviyo.OperationGetProfile, klaviyo.OperationGetProfiles
	for _, tt := range []struct {
		op     *klaviyo.Operation
		status int
		body   string
		want   error
	}{
		{track, 202, "", nil},
		{track, 202, " \n", nil},
		{track, 202, unknowable, nil},
		{track, 202, page, ErrMisdirected},
		{track, 202, "ok", ErrMisdirected},
		{track, 202, `{"data":`, ErrMisdirected},
		{track, 200, "", ErrMisdirected},
		{track, 200, page, ErrMisdirected},
		{track, 201, `{"data":{"id":"01A"}}`, ErrMisdirected},
		{track, 204, "", ErrMisdirected},
		{track, 205, "", ErrMisdirected},
		{track, 206, "", ErrMisdirected},
		{track, 299, "", ErrMisdirected},
		{create, 201, `{"data":{"id":"01A"}}`, nil},
		{create, 201, `{"data":{"id":"01A","type":7,"attributes":"none"}}`, nil},
		{create, 201, `{"data":[{"id":"01A"}]}`, ErrMisdirected},
		{create, 201, "", ErrMisdirected},
		{create, 201, `{}`, ErrMisdirected},
		{create, 201, `{"data":null}`, ErrMisdirected},
		{create, 201, `{"data":{}}`, ErrMisdirected},
		{create, 201, `{"data":{"id":null}}`, ErrMisdirected},
		{create, 201, `{"data":{"id":""}}`, ErrMisdirected},
		{create, 201, `{"data":{"id":17}}`, ErrMisdirected},
		{create, 201, `{"data":{"id":"../lists"}}`, ErrMisdirected},
		{create, 201, `{"data":{"id":".."}}`, ErrMisdirected},
		{create, 201, `{"data":{"id":"01A"}`, ErrMisdirected},
		{create, 200, `{"data":{"id":"01A"}}`, ErrMisdirected},
		{create, 202, "", ErrMisdirected},
		{update, 200, `{"data":{"id":"01A"}}`, nil},
		{update, 200, "", ErrMisdirected},
		{update, 204, "", ErrMisdirected},
		{get, 200, `{"data":{"id":"01A"}}`, nil},
		{get, 200, `{"status":"ok"}`, ErrMisdirected},
		{list, 200, `{"data":[]}`, nil},
		{list, 200, `{"data":{"id":"01A"}}`, ErrMisdirected},
		{list, 200, `{"data":null}`, ErrMisdirected},
		{list, 200, "", ErrMisdirected},
		{klaviyo.OperationCreateListRelationships, 204, "", nil},
		{klaviyo.OperationCreateListRelationships, 200, "", ErrMisdirected},
	} {
		calls := 0
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			calls++
			return answer(tt.status, tt.body), nil
		})
		op := operation(tt.op)
		err := c.Call(t.Context(), klaviyo.Call{Operation: op, PathParams: []string{"01A"}, Body: bodyFor(op)})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s %d %q: %v, want %v", tt.op, tt.status, tt.body, err, tt.want)
		}
		if calls != 1 {
			t.Errorf("%s %d %q: %d attempts", tt.op, tt.status, tt.body, calls)
		}
	}
}

// bodyFor names a person, where the operation asks for one.
func bodyFor(op *klaviyo.Operation) any {
	switch op {
	case klaviyo.OperationCreateEvent:
		return event().Body()
	case klaviyo.OperationCreateProfile:
		return profileOf(`{"email":"ada@example.com"}`).Body()
	}
	return nil
}

// TestHugeSuccess is the path's fault where nothing asked for so much.
func TestHugeSuccess(t *testing.T) {
	for op, want := range map[*klaviyo.Operation]error{klaviyo.OperationCreateEvent: ErrMisdirected, klaviyo.OperationGetProfiles: ErrInvalidRequest} {
		c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
			resp := success(req)
			resp.Body = io.NopCloser(io.MultiReader(resp.Body, strings.NewReader(strings.Repeat(" ", maxBody+1))))
			return resp, nil
		})
		err := c.Call(t.Context(), klaviyo.Call{Operation: operation(op), Body: bodyFor(operation(op))})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", op, err, want)
		}
	}
}

// TestResponseForms reads what Klaviyo answers otherwise than its description says:
// suppressions come as a list, and what isn't there is null.
func TestResponseForms(t *testing.T) {
	tests := []struct {
		name, marketing string
		want            []string // the reasons
	}{
		{"lists", `"suppressions":[{"reason":"HARD_BOUNCE"},{"reason":"USER_SUPPRESSED"}],"list_suppressions":[{"list_id":"L","reason":"UNSUBSCRIBE"}]`,
			[]string{"HARD_BOUNCE", "USER_SUPPRESSED", "UNSUBSCRIBE"}},
		{"empty lists", `"suppressions":[],"list_suppressions":[]`, nil},
		{"null", `"suppressions":null,"list_suppressions":null,"timestamp":null,"method":null,"double_optin":null`, nil},
		{"a time without a zone, as in the description's examples", `"suppressions":[{"reason":"HARD_BOUNCE","timestamp":"2023-02-21T20:07:38.123456"}]`, []string{"HARD_BOUNCE"}},
		{"nothing", `"consent":"SUBSCRIBED"`, nil},
		{"as described", `"suppressions":{"reason":"HARD_BOUNCE"},"list_suppressions":{"list_id":"L","reason":"UNSUBSCRIBE"}`,
			[]string{"HARD_BOUNCE", "UNSUBSCRIBE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := `{"data":{"type":"profile","id":"1","attributes":{"email":"ada@example.com","location":{"latitude":null,"longitude":null,"city":null},
				"subscriptions":{"email":{"marketing":{` + tt.marketing + `}},"sms":null}}}}`
			c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
			})
			profile, err := klaviyo.NewAPI(c).GetProfile(t.Context(), "1", nil)
			if err != nil {
				t.Fatal(err)
			}
			marketing := profile.Data.Attributes.Subscriptions.Email.Marketing
			var got []string
			for _, s := range marketing.Suppressions {
				got = append(got, s.Reason)
			}
			for _, s := range marketing.ListSuppressions {
				got = append(got, s.Reason)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("reasons %q, want %q", got, tt.want)
			}
			latitude := profile.Data.Attributes.Location.Latitude
			if degrees, err := latitude.AsCoordinateDegrees(); err == nil {
				t.Errorf("a latitude that is null is %v degrees", degrees)
			}
			if text, err := latitude.AsCoordinateText(); err == nil {
				t.Errorf("a latitude that is null is the text %q", text)
			}
		})
	}
}

func TestBaseURLForms(t *testing.T) {
	for base, ok := range map[string]bool{
		"http://127.0.0.1:8080":       true,
		"http://127.0.0.1:8080/":      true,
		"https://proxy.example/a/b/":  true,
		"http://127.0.0.1:8080//":     false,
		"https://proxy.example/a//b":  false,
		"https://proxy.example/./":    false,
		"https://proxy.example/a/../": false,
		"https://proxy.example/..":    false,
		"http://127.0.0.1:":           false,
	} {
		_, err := New("pk_test", WithBaseURL(base))
		if (err == nil) != ok {
			t.Errorf("%s: %v", base, err)
		}
	}
}

// TestTimestamp reads every form that times have in answers and in the description's
// examples.
func TestTimestamp(t *testing.T) {
	moment := time.Date(2023, 2, 21, 20, 7, 38, 500_000_000, time.UTC)
	for _, tt := range []struct {
		text klaviyo.Timestamp
		want time.Time
	}{
		{"2023-02-21T20:07:38.5Z", moment},
		{"2023-02-21T21:07:38.5+01:00", moment},
		{"2023-02-21T20:07:38.5", moment},
		{"2023-02-21 20:07:38.5+00:00", moment},
		{"2023-02-21 12:07:38.5-08:00", moment},
		{"2023-02-21 20:07:38.500000", moment},
		{"2023-02-21T20:07:38+00:00", moment.Truncate(time.Second)},
		{"2023-02-21 20:07:38+00:00", moment.Truncate(time.Second)},
		{"2023-02-21T20:07:38", moment.Truncate(time.Second)},
		{klaviyo.NewTimestamp(moment), moment},
	} {
		if got, err := tt.text.Time(); err != nil || !got.Equal(tt.want) {
			t.Errorf("%s: %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
	for _, text := range []klaviyo.Timestamp{"", "yesterday", "2023-02-21", "2023-02-30T20:07:38Z", "1676927258"} {
		if got, err := text.Time(); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// TestResponseTimes are read in whatever form klaviyotest, and so Klaviyo, writes them.
func TestResponseTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(123 * time.Millisecond)
		now := time.Now().Truncate(time.Second)
		k := klaviyotest.New(klaviyotest.WithList("L", "Newsletter"))
		c := newTestClient(t, k.Transport().RoundTrip)
		if _, err := c.Send(t.Context(), NewRequest(klaviyo.OperationCreateProfile, klaviyo.NewCreateProfileBody(klaviyo.ProfileCreateAttributes{Email: "ada@example.com"}))); err != nil {
			t.Fatal(err)
		}
		if err := klaviyo.NewAPI(c).CreateEvent(t.Context(), klaviyo.EventCreateAttributes{Profile: klaviyo.EventProfile{Email: "ada@example.com"}, Metric: klaviyo.MetricCreateQuery{Name: "Paid"}}); err != nil {
			t.Fatal(err)
		}
		profiles, err := klaviyo.NewAPI(c).GetProfiles(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		events, err := klaviyo.NewAPI(c).GetEvents(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		lists, err := klaviyo.NewAPI(c).GetLists(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]klaviyo.Timestamp{
			"a profile's created":         profiles.Data[0].Attributes.Created,
			"a profile's updated":         profiles.Data[0].Attributes.Updated,
			"a profile's last_event_date": profiles.Data[0].Attributes.LastEventDate,
			"an event's datetime":         events.Data[0].Attributes.Datetime,
			"a list's created":            lists.Data[0].Attributes.Created,
		} {
			if got, err := text.Time(); err != nil || !got.Equal(now) {
				t.Errorf("%s: %s is %v, %v; want %v", name, text, got, err, now)
			}
		}
		if profiles.Links.NextCursor() != "" || profiles.Data[0].Attributes.PhoneNumber != "" {
			t.Errorf("null is read as %+v", profiles)
		}
	})
}

func TestUpsertProfile(t *testing.T) {
	var bodies []string
	c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, req.Method+" "+string(body))
		return answer(http.StatusCreated, `{"data":{"type":"profile","id":"01"}}`), nil
	})
	attributes := klaviyo.ProfileCreateAttributes{Email: "ada@example.com", Location: klaviyo.ProfileLocation{Latitude: klaviyo.Degrees(48.2), Longitude: klaviyo.NullCoordinate()}}
	sent, err := c.Send(t.Context(), NewRequest(klaviyo.OperationCreateProfile, klaviyo.NewCreateProfileBody(attributes)))
	if err != nil || sent.ProfileID != "01" {
		t.Fatal(sent, err)
	}
	const want = `POST {"data":{"attributes":{"email":"ada@example.com","location":{"latitude":48.2,"longitude":null}},"type":"profile"}}`
	if len(bodies) != 1 || bodies[0] != want {
		t.Errorf("sent %q, want %s", bodies, want)
	}
	if _, err := c.Send(t.Context(), NewRequest(klaviyo.OperationCreateProfile, klaviyo.NewCreateProfileBody(klaviyo.ProfileCreateAttributes{}))); !errors.Is(err, ErrMissingIdentifier) {
		t.Errorf("%v", err)
	}
}
