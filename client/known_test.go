package client_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

const (
	email      = "ada@example.com"
	phone      = "+12025550147"
	externalID = "42"
)

// methodsAndStatuses returns the requests that came and the statuses of their responses.
func methodsAndStatuses(k *klaviyotest.Klaviyo) []string {
	var got []string
	for _, r := range k.Requests() {
		got = append(got, r.Method+" "+http.StatusText(r.Status))
	}
	return got
}

func send(t *testing.T, c *client.Client, a klaviyo.ProfileCreateAttributes) *client.Response {
	t.Helper()
	sent, err := c.Send(t.Context(), profile(a))
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

// A known person takes one call, by whichever identifier.
func TestKnownProfile(t *testing.T) {
	full := klaviyo.ProfileCreateAttributes{Email: email, PhoneNumber: phone, ExternalID: externalID}
	for name, test := range map[string]struct {
		opts   []client.Option
		exists bool
		again  klaviyo.ProfileCreateAttributes
		want   string
	}{
		"created, by email":       {nil, false, klaviyo.ProfileCreateAttributes{Email: email}, "POST Created, PATCH OK"},
		"by email in other case":  {nil, false, klaviyo.ProfileCreateAttributes{Email: strings.ToUpper(email)}, "POST Created, PATCH OK"},
		"created, by phone":       {nil, false, klaviyo.ProfileCreateAttributes{PhoneNumber: phone}, "POST Created, PATCH OK"},
		"created, by external id": {[]client.Option{client.WithExternalIDOnly()}, false, klaviyo.ProfileCreateAttributes{ExternalID: externalID}, "POST Created, PATCH OK"},
		"existed, by phone":       {nil, true, klaviyo.ProfileCreateAttributes{PhoneNumber: phone}, "POST Created, POST Conflict, PATCH OK, PATCH OK"},
		"without memory":          {[]client.Option{client.WithProfileMemory(0)}, false, klaviyo.ProfileCreateAttributes{Email: email}, "POST Created, POST Conflict, PATCH OK"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New()
				if test.exists {
					send(t, newClient(t, over(k)), klaviyo.ProfileCreateAttributes{Email: email})
				}
				c := newClient(t, append(test.opts, over(k))...)
				first := send(t, c, full)
				second := send(t, c, test.again)
				if got := strings.Join(methodsAndStatuses(k), ", "); got != test.want {
					t.Errorf("calls: %s; want %s", got, test.want)
				}
				if second.ProfileID != first.ProfileID || second.Operation != klaviyo.OperationUpdateProfile || len(k.Profiles()) != 1 {
					t.Errorf("%+v, then %+v; want one profile", first, second)
				}
			})
		})
	}
}

// The memory doesn't let through what has too few identifiers.
func TestKnownProfileNeedsItsIdentifiers(t *testing.T) {
	k := klaviyotest.New()
	c := newClient(t, over(k))
	send(t, c, klaviyo.ProfileCreateAttributes{Email: email, ExternalID: externalID})
	_, err := c.Send(t.Context(), profile(klaviyo.ProfileCreateAttributes{ExternalID: externalID}))
	if !errors.Is(err, client.ErrMissingIdentifier) || len(k.Requests()) != 1 {
		t.Errorf("err = %v after %d requests, want ErrMissingIdentifier without another", err, len(k.Requests()))
	}
}

// A known profile that is gone is made again, and known again.
func TestKnownProfileIsGone(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusGone} {
		synctest.Test(t, func(t *testing.T) {
			k := klaviyotest.New()
			c := newClient(t, over(k))
			a := klaviyo.ProfileCreateAttributes{Email: email}
			old := send(t, c, a)
			k.DeleteProfile(old.ProfileID)
			k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationUpdateProfile, Status: status})
			made := send(t, c, a)
			if made.Operation != klaviyo.OperationCreateProfile || made.ProfileID == old.ProfileID || made.Attempts != 2 {
				t.Errorf("%+v, want another profile after 2 attempts", made)
			}
			if again := send(t, c, a); again.ProfileID != made.ProfileID || again.Attempts != 1 {
				t.Errorf("%+v, want profile %s at once", again, made.ProfileID)
			}
		})
	}
}

// It is forgotten at once, whatever becomes of the new one.
func TestKnownProfileIsForgotten(t *testing.T) {
	k := klaviyotest.New()
	c := newClient(t, over(k))
	a := klaviyo.ProfileCreateAttributes{Email: email}
	k.DeleteProfile(send(t, c, a).ProfileID)
	k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationCreateProfile, Status: http.StatusBadRequest})
	if _, err := c.Send(t.Context(), profile(a)); !errors.Is(err, client.ErrInvalidRequest) {
		t.Fatalf("err = %v, want ErrInvalidRequest", err)
	}
	if sent := send(t, c, a); sent.Operation != klaviyo.OperationCreateProfile || sent.Attempts != 1 {
		t.Errorf("%+v, want create_profile at once", sent)
	}
}

// Identifiers of several profiles: the strongest one's is updated, the same every
// time, whatever the client remembers.
func TestIdentifierConflict(t *testing.T) {
	const phoneWarning = "phone_number belongs to another profile; it is kept as the custom property phone"
	const externalIDWarning = "external_id belongs to another profile; it is kept as the custom property external_id"
	type attributes = klaviyo.ProfileCreateAttributes
	for name, test := range map[string]struct {
		profiles   []attributes // the first one is to be updated
		request    attributes
		want       attributes
		properties map[string]any
		warnings   []string
	}{
		"email and phone": {
			profiles:   []attributes{{Email: email}, {PhoneNumber: phone}},
			request:    attributes{Email: email, PhoneNumber: phone, ExternalID: externalID},
			want:       attributes{Email: email, ExternalID: externalID},
			properties: map[string]any{"phone": phone},
			warnings:   []string{phoneWarning},
		},
		"each of another profile": {
			profiles:   []attributes{{Email: email}, {PhoneNumber: phone}, {Email: "bob@example.com", ExternalID: externalID}},
			request:    attributes{Email: email, PhoneNumber: phone, ExternalID: externalID},
			want:       attributes{Email: email},
			properties: map[string]any{"phone": phone, "external_id": externalID},
			warnings:   []string{externalIDWarning, phoneWarning},
		},
		"phone and external id": {
			profiles:   []attributes{{PhoneNumber: phone}, {Email: "bob@example.com", ExternalID: externalID}},
			request:    attributes{Email: email, PhoneNumber: phone, ExternalID: externalID},
			want:       attributes{Email: email, PhoneNumber: phone},
			properties: map[string]any{"external_id": externalID},
			warnings:   []string{externalIDWarning},
		},
		"the properties are taken": {
			profiles:   []attributes{{Email: email}, {PhoneNumber: phone}},
			request:    attributes{Email: email, PhoneNumber: phone, Properties: json.RawMessage(`{"phone":"mine","n":1}`)},
			want:       attributes{Email: email},
			properties: map[string]any{"phone": "mine", "phone_2": phone, "n": 1.0},
			warnings:   []string{phoneWarning + "_2"},
		},
	} {
		for _, remembered := range []string{"nobody", "the first", "all"} {
			t.Run(name+"/remembers "+remembered, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					k := klaviyotest.New()
					c := newClient(t, over(k), client.WithExternalIDOnly())
					var ids []string
					for i, a := range test.profiles {
						by := c
						if remembered == "nobody" || remembered == "the first" && i > 0 {
							by = newClient(t, over(k), client.WithExternalIDOnly())
						}
						ids = append(ids, send(t, by, a).ProfileID)
					}
					sent := send(t, c, test.request)
					if sent.ProfileID != ids[0] {
						t.Errorf("%s was updated, want the first of %v", sent.ProfileID, ids)
					}
					var warnings []string
					for _, w := range sent.Warnings {
						if w.Code != client.WarningIdentifierConflict {
							t.Errorf("code %s", w.Code)
						}
						warnings = append(warnings, w.Message)
					}
					if !reflect.DeepEqual(warnings, test.warnings) {
						t.Errorf("warnings %q, want %q", warnings, test.warnings)
					}
					p, _ := k.Profile(ids[0])
					got := attributes{Email: p.Attributes.Email, PhoneNumber: p.Attributes.PhoneNumber, ExternalID: p.Attributes.ExternalID}
					if !reflect.DeepEqual(got, test.want) {
						t.Errorf("the profile has %+v, want %+v", got, test.want)
					}
					var properties map[string]any
					if err := json.Unmarshal(p.Attributes.Properties, &properties); err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(properties, test.properties) {
						t.Errorf("properties %v, want %v", properties, test.properties)
					}
				})
			})
		}
	}
}

// What the client remembers may have changed hands since.
func TestKnownIdentifierHasMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		c, other := newClient(t, over(k)), newClient(t, over(k))
		a := klaviyo.ProfileCreateAttributes{Email: email, PhoneNumber: phone}
		old := send(t, c, a)
		// Another program gives the profile another email, and the email another profile.
		send(t, other, klaviyo.ProfileCreateAttributes{Email: "bob@example.com", PhoneNumber: phone})
		now := send(t, other, klaviyo.ProfileCreateAttributes{Email: email})
		if sent := send(t, c, a); sent.ProfileID != now.ProfileID || sent.ProfileID == old.ProfileID || len(sent.Warnings) != 1 {
			t.Errorf("%+v, want profile %s, which has the email now", sent, now.ProfileID)
		}
		if sent := send(t, c, klaviyo.ProfileCreateAttributes{Email: email}); sent.ProfileID != now.ProfileID || sent.Attempts != 1 {
			t.Errorf("%+v, want profile %s at once", sent, now.ProfileID)
		}
	})
}

// BenchmarkKnownProfiles prints the calls for each identify, 90 % of which are of
// people who were there before.
func BenchmarkKnownProfiles(b *testing.B) {
	const identifies = 10_000
	for name, opts := range map[string][]client.Option{"memory": nil, "no memory": {client.WithProfileMemory(0)}} {
		b.Run(name, func(b *testing.B) {
			var requests int64
			for b.Loop() {
				inVirtualTime(b, func(t *testing.T) {
					c := newClient(t, append(opts, far(klaviyotest.New(klaviyotest.WithoutRequestLog()), 0))...)
					random := rand.New(rand.NewPCG(1, 2))
					for i := range identifies {
						who := i / 10
						if i%10 > 0 {
							who = random.IntN(i/10 + 1)
						}
						send(t, c, klaviyo.ProfileCreateAttributes{Email: address(who)})
					}
					requests = c.Stats().Requests
				})
			}
			b.ReportMetric(float64(requests)/identifies, "calls/identify")
		})
	}
}
