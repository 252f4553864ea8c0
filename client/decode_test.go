package client

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// unlike is a profile with two values of another type than described, each of which
// ends the decoding of a type that reads itself, or of the object around it.
const unlike = `{"type":"profile","id":"01B","attributes":{"email":"bo@example.com","title":7,"subscriptions":{"email":{"marketing":{
	"consent":"SUBSCRIBED","double_optin":"True","suppressions":[{"reason":5}],"timestamp":"2023-02-21T20:07:38Z"}}},"created":"2023-02-21T20:07:38Z"},"links":{"self":"x"}}`

var unlikeFields = []string{"/attributes/subscriptions/email/marketing/double_optin", "/attributes/subscriptions/email/marketing/suppressions", "/attributes/title"}

// checkUnlike checks that the rest of the profile has been read.
func checkUnlike(t *testing.T, p klaviyo.Profile) {
	t.Helper()
	marketing := p.Attributes.Subscriptions.Email.Marketing
	if p.ID != "01B" || p.Attributes.Email != "bo@example.com" || p.Attributes.Created == "" || marketing.Consent != "SUBSCRIBED" || marketing.Timestamp == "" || p.Links.Self != "x" {
		t.Errorf("of the profile there is only %+v", p)
	}
	if p.Attributes.Title != "" || marketing.DoubleOptin || len(marketing.Suppressions) > 0 {
		t.Errorf("values of another type were read: %+v", p)
	}
}

// TestReadWithUnexpectedTypes give all that can be read, and warn of the rest.
func TestReadWithUnexpectedTypes(t *testing.T) {
	var log bytes.Buffer
	next := `"https://a.klaviyo.com/api/profiles/?page%5Bcursor%5D=two"`
	c := newTestClient(t, func(req *http.Request) (*http.Response, error) {
		const ada, cy = `{"type":"profile","id":"01A","attributes":{}}`, `{"type":"profile","id":"01C","attributes":{}}`
		switch {
		case strings.HasSuffix(req.URL.Path, "/01B/"):
			return answer(200, `{"data":`+unlike+`,"included":{}}`), nil
		case req.URL.Query().Get("page[cursor]") == "":
			return answer(200, `{"data":[`+ada+`,`+unlike+`],"links":{"self":1,"next":`+next+`}}`), nil
		}
		return answer(200, `{"data":[`+cy+`],"links":{"next":null}}`), nil
	}, WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))))

	one, err := klaviyo.NewAPI(c).GetProfile(t.Context(), "01B", nil)
	if err != nil {
		t.Fatal(err)
	}
	checkUnlike(t, one.Data)
	if strings.Contains(log.String(), "True") || !strings.Contains(log.String(), "/data/attributes/subscriptions/email/marketing/double_optin") {
		t.Errorf("log:\n%s", &log)
	}

	var ids []string
	for p, err := range klaviyo.NewAPI(c).AllProfiles(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if ids = append(ids, p.ID); p.ID == "01B" {
			checkUnlike(t, p)
		}
	}
	if !slices.Equal(ids, []string{"01A", "01B", "01C"}) {
		t.Errorf("profiles %q", ids)
	}
}

// TestReadWithoutEssentialValues fail: they would give items without an id, or end before the last page.
func TestReadWithoutEssentialValues(t *testing.T) {
	for _, test := range []struct{ answer, at string }{
		{`{"data":[{"type":"profile","id":1,"attributes":{}}],"links":{}}`, "/data/0/id"},
		{`{"data":["01A"],"links":{}}`, "/data/0"},
		{`{"data":[{"type":"profile","id":"01A","attributes":[]}],"links":{}}`, "/data/0/attributes"},
		{`{"data":[],"links":{"next":2}}`, "/links/next"},
		{`{"data":[],"links":"next"}`, "/links"},
	} {
		c := newTestClient(t, func(*http.Request) (*http.Response, error) { return answer(200, test.answer), nil })
		_, err := klaviyo.NewAPI(c).GetProfiles(t.Context(), nil)
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrUnexpectedResponse) || !slices.Equal(e.Undecoded, []string{test.at}) {
			t.Errorf("%s: %v, want %s unread", test.answer, err, test.at)
		}
	}
}

// TestWriteWithUnexpectedTypes says that the request was taken, with what could be read.
func TestWriteWithUnexpectedTypes(t *testing.T) {
	calls := 0
	c := newTestClient(t, func(*http.Request) (*http.Response, error) {
		calls++
		return answer(201, `{"data":`+unlike+`}`), nil
	})
	_, err := klaviyo.NewAPI(c).CreateProfile(t.Context(), klaviyo.ProfileCreateAttributes{Email: "bo@example.com"})
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrUnexpectedResponse) || calls != 1 {
		t.Fatalf("%v after %d calls", err, calls)
	}
	for _, other := range kinds {
		if other != ErrUnexpectedResponse && errors.Is(err, other) {
			t.Errorf("the error is also %v", other)
		}
	}
	read, ok := e.Decoded.(*klaviyo.ProfileDocument)
	if !ok || e.ResourceID != "01B" || e.StatusCode != 201 {
		t.Fatalf("%#v", e)
	}
	checkUnlike(t, read.Data)
	slices.Sort(e.Undecoded)
	for i, field := range unlikeFields {
		if i >= len(e.Undecoded) || e.Undecoded[i] != "/data"+field {
			t.Errorf("unread %q, want %q", e.Undecoded, unlikeFields)
		}
	}
	if !strings.Contains(err.Error(), "the request was accepted") || strings.Contains(err.Error(), "True") {
		t.Errorf("message %q", err)
	}

	// The upsert takes nothing but the id, which it has.
	if sent, err := c.Send(t.Context(), NewRequest(klaviyo.OperationCreateProfile, klaviyo.NewCreateProfileBody(klaviyo.ProfileCreateAttributes{Email: "bo@example.com"}))); err != nil || sent.ProfileID != "01B" {
		t.Errorf("%+v, %v", sent, err)
	}
}
