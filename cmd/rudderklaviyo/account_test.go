package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// account is what a Klaviyo holds, but for ids and the times of requests.
type account struct {
	Profiles      map[string]profile
	Events        map[string]klaviyotest.Event // by unique id
	Subscriptions []string
}

type profile struct {
	Attributes string
	Lists      []string
}

func stateOf(t *testing.T, k *klaviyotest.Klaviyo) account {
	t.Helper()
	state := account{Profiles: map[string]profile{}, Events: map[string]klaviyotest.Event{}}
	emails := map[string]string{} // by profile id
	for _, p := range k.Profiles() {
		text, err := json.Marshal(p.Attributes)
		if err != nil {
			t.Fatal(err)
		}
		var attributes map[string]any
		if err := json.Unmarshal(text, &attributes); err != nil {
			t.Fatal(err)
		}
		withoutTimes(attributes)
		if text, err = json.Marshal(attributes); err != nil {
			t.Fatal(err)
		}
		email := fmt.Sprint(attributes["email"])
		emails[p.ID] = email
		if _, twice := state.Profiles[email]; twice {
			t.Errorf("two profiles of %s", email)
		}
		slices.Sort(p.Lists)
		state.Profiles[email] = profile{string(text), p.Lists}
	}
	latest := map[string]string{} // event by person
	for _, e := range k.Events() {
		if before := latest[e.ProfileID]; before > e.UniqueID {
			t.Errorf("event %s arrived after %s of the same person", e.UniqueID, before)
		}
		latest[e.ProfileID] = e.UniqueID
		e.ProfileID, e.ID, e.MetricID = emails[e.ProfileID], "", ""
		if _, twice := state.Events[e.UniqueID]; twice {
			t.Errorf("event %s counts twice", e.UniqueID)
		}
		state.Events[e.UniqueID] = e
	}
	for _, s := range k.Subscriptions() {
		state.Subscriptions = append(state.Subscriptions, fmt.Sprint(s.ListID, s.Email, s.PhoneNumber, s.Channels))
	}
	slices.Sort(state.Subscriptions)
	state.Subscriptions = slices.Compact(state.Subscriptions) // one sent twice is one
	return state
}

// withoutTimes takes out what tells when a request came.
func withoutTimes(object map[string]any) {
	for name, value := range object {
		switch value := value.(type) {
		case map[string]any:
			withoutTimes(value)
		default:
			if slices.Contains([]string{"created", "updated", "timestamp"}, name) {
				delete(object, name)
			}
		}
	}
}
