package client_test

import (
	"encoding/json"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Left out, null and empty are three things when a profile is updated.
func TestUpdateNullAndOmitted(t *testing.T) {
	k := klaviyotest.New()
	api := klaviyo.NewAPI(newClient(t, over(k)))
	created, err := api.CreateProfile(t.Context(), klaviyo.ProfileCreateAttributes{
		Email:     "ada@example.com",
		FirstName: klaviyo.Set("Ada"),
		Title:     klaviyo.Set("Countess"),
		Image:     klaviyo.Set("https://example.com/ada.png"),
		Location:  klaviyo.ProfileLocation{City: klaviyo.Set("London"), Country: klaviyo.Set("United Kingdom")},
	})
	if err != nil {
		t.Fatal(err)
	}
	updated, err := api.UpdateProfile(t.Context(), created.Data.ID, klaviyo.ProfileUpdateAttributes{
		Title:    klaviyo.Null[string](),
		Image:    klaviyo.Set(""),
		Location: klaviyo.ProfileLocation{City: klaviyo.Null[string]()},
	})
	if err != nil {
		t.Fatal(err)
	}
	a := updated.Data.Attributes
	if a.FirstName != "Ada" || a.Title != "" || a.Location.City.IsSpecified() && !a.Location.City.IsNull() {
		t.Errorf("%+v: want the name kept, title and city cleared", a)
	}
	if country, err := a.Location.Country.Get(); err != nil || country != "United Kingdom" {
		t.Errorf("country %q, %v: want it kept", country, err)
	}
	var sent struct {
		Data struct{ Attributes map[string]any }
	}
	if err := json.Unmarshal(k.Requests()[1].Body, &sent); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(sent.Data.Attributes)
	if want := `{"image":"","location":{"city":null},"title":null}`; string(got) != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}
