package admin

import (
	"net/url"
	"slices"
	"strings"
)

// mostShown is how many accounts the page shows unless it is asked for all: it is sent again each
// second.
const mostShown = 50

// choiceFrom is the number of accounts from which on the page has a form to choose some.
const choiceFrom = 9

// choice is which accounts a page shows.
type choice struct {
	Name string // a part of their names, or empty for all
	Kind string // the key of a kind, or empty for all
	All  bool   // also beyond the number that is shown at most
}

func choiceOf(query url.Values) choice {
	return choice{Name: strings.TrimSpace(query.Get("name")), Kind: query.Get("state"), All: query.Get("all") != ""}
}

// IsMade tells whether the choice leaves accounts out.
func (c choice) IsMade() bool { return c.Name != "" || c.Kind != "" }

// ShowAll is the address of a page of the choice with all its accounts.
func (c choice) ShowAll() string {
	query := url.Values{"all": {"1"}}
	if c.Name != "" {
		query.Set("name", c.Name)
	}
	if c.Kind != "" {
		query.Set("state", c.Kind)
	}
	return "?" + query.Encode()
}

// of gives the accounts that are shown, and how many are chosen.
func (c choice) of(accounts []accountView) (shown []accountView, chosen int) {
	at := slices.IndexFunc(kinds, func(k kind) bool { return k.Key == c.Kind })
	for _, a := range accounts {
		if strings.Contains(strings.ToLower(a.Name), strings.ToLower(c.Name)) && (at < 0 || kinds[at].is(a)) {
			shown = append(shown, a)
		}
	}
	chosen = len(shown)
	if !c.All {
		shown = shown[:min(chosen, mostShown)]
	}
	return shown, chosen
}
