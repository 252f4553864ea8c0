package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// The accounts of the tests of the summary, by what is the matter with them.
func inState(name, state string) service.Status {
	s := service.Status{Name: name, Revision: "2026-07-15", Owner: "node-1", Owned: true, MaxBacklog: 1 << 20, In: make([]int64, 120), Out: make([]int64, 120)}
	switch state {
	case paused:
		s.Pause = &service.Pause{Reason: "unauthorized", Since: at, Next: at}
	case full:
		s.Backlog.FullSince = at
	case "paused and full":
		s.Pause, s.Backlog.FullSince = &service.Pause{Reason: "unauthorized", Since: at, Next: at}, at
	case elsewhere:
		s.Owner, s.Owned = "node-2", false
	case "full elsewhere":
		s.Owner, s.Owned, s.Backlog.FullSince = "node-2", false, at
	case unowned:
		s.Owner, s.Owned = "", false
	case unknown:
		s.Owner, s.Owned, s.Err = "", false, errors.New("the store is unavailable")
	case "dead letters":
		s.DeadLetters = map[string]int{"invalid": 1}
	}
	return s
}

// several are accounts a0, a1 and so on in a state.
func several(n int, state string) (all []service.Status) {
	for i := range n {
		all = append(all, inState(fmt.Sprintf("%s%d", state[:1], i), state))
	}
	return all
}

// pageWith is the text of the page, and of its summary.
func pageWith(t *testing.T, target string, statuses ...service.Status) (page, said string) {
	t.Helper()
	page = ask(newServer(t, Config{Accounts: &told{statuses: statuses}, ID: "node-1"}), http.MethodGet, target, "").Body.String()
	_, said, _ = strings.Cut(page, `<p id="summary" role="status">`)
	said, _, _ = strings.Cut(said, "</p>")
	said = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(said, "")
	return page, strings.TrimSpace(said)
}

// TestSummary names each kind of trouble, whatever else there is.
func TestSummary(t *testing.T) {
	for _, test := range []struct {
		states      []string
		want, title string
	}{
		{nil, "There are no accounts.", "rudderklaviyo"},
		{[]string{delivering}, "The account is delivering.", "rudderklaviyo"},
		{[]string{delivering, "dead letters"}, "All 2 accounts are delivering.", "rudderklaviyo"},
		{[]string{delivering, elsewhere}, "1 of 2 accounts is delivering. 1 is delivered by other services, whose pages show more.", "rudderklaviyo"},
		{[]string{elsewhere}, "1 is delivered by other services, whose pages show more.", "rudderklaviyo"},
		{[]string{paused, unknown}, "1 of 2 accounts is paused: a0. 1 has an unknown state: a1.", "1 paused, 1 unknown · rudderklaviyo"},
		{[]string{full}, "1 of 1 account has a full backlog: a0.", "1 full · rudderklaviyo"},
		{
			[]string{unknown, full, elsewhere, unowned, paused, delivering, paused},
			"2 of 7 accounts are paused: a4, a6. 1 has a full backlog: a1. 1 has an unknown state: a0. 1 is delivered by no service: a3. 1 is delivering. 1 is delivered by other services, whose pages show more.",
			"2 paused, 1 full, 1 unknown, 1 without a service · rudderklaviyo",
		},
		{[]string{"paused and full"}, "1 of 1 account is paused: a0. 1 has a full backlog: a0.", "1 paused, 1 full · rudderklaviyo"},
		{[]string{"full elsewhere"}, "1 of 1 account has a full backlog: a0. 1 is delivered by other services, whose pages show more.", "1 full · rudderklaviyo"},
		{
			slices.Repeat([]string{paused}, 13),
			"13 of 13 accounts are paused: a0, a1, a10, a11, a12, a2, a3, a4, a5, a6 and 3 more.", "13 paused · rudderklaviyo",
		},
	} {
		var statuses []service.Status
		for i, state := range test.states {
			statuses = append(statuses, inState(fmt.Sprint("a", i), state))
		}
		page, got := pageWith(t, "/", statuses...)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", test.states, diff)
		}
		if !strings.Contains(page, "<title>"+test.title+"</title>") {
			t.Errorf("%q: the title isn't %q", test.states, test.title)
		}
	}
}

// shownAccounts are those of a page, in its order.
func shownAccounts(page string) (names []string) {
	for _, found := range regexp.MustCompile(`<article class="account" id="account-(\w+)"`).FindAllStringSubmatch(page, -1) {
		names = append(names, found[1])
	}
	return names
}

// TestChoice shows accounts that need attention first, and no more than are asked for.
func TestChoice(t *testing.T) {
	all := slices.Concat(several(69, delivering), several(2, elsewhere), several(1, unowned), several(1, paused), several(1, full), []service.Status{inState("z0", "dead letters")})
	for _, test := range []struct {
		query string
		first []string
		n     int
		says  string
	}{
		{"", []string{"p0", "f0", "u0", "d0"}, 50, `50 of 75 accounts are shown, those that need attention first. <a href="?all=1">`},
		{"?all=1", []string{"p0", "f0", "u0", "d0"}, 75, ""},
		{"?name=D6", []string{"d6", "d60"}, 10, ""},
		{"?name=d&state=delivering", []string{"d0"}, 50, `<a href="?all=1&amp;name=d&amp;state=delivering">`},
		{"?state=full", []string{"f0"}, 1, ""},
		{"?state=elsewhere", []string{"e0", "e1"}, 2, ""},
		{"?state=dead-letters", []string{"z0"}, 1, ""},
		{"?state=none", []string{"p0"}, 50, ""}, // of another version of the page
		{"?name=" + url.QueryEscape(`"><b>`), nil, 0, "No account matches."},
	} {
		page, said := pageWith(t, "/"+test.query, all...)
		got := shownAccounts(page)
		if len(got) != test.n || !slices.Equal(got[:min(len(got), len(test.first))], test.first) || !strings.Contains(page, test.says) {
			t.Errorf("%s: %d accounts, %q, want %d beginning with %q, and %q", test.query, len(got), got, test.n, test.first, test.says)
		}
		if !strings.HasPrefix(said, "1 of 75 accounts is paused") || strings.Contains(page, "<b>\"") {
			t.Errorf("%s: the summary is %q", test.query, said)
		}
		if !strings.Contains(page, `<form class="choice"`) {
			t.Errorf("%s: there is nothing to choose with", test.query)
		}
	}
	if page, _ := pageWith(t, "/", several(8, delivering)...); strings.Contains(page, `<form class="choice"`) {
		t.Error("eight accounts have a form to choose some")
	}
	if page, _ := pageWith(t, "/?name=d1", slices.Concat(several(2, delivering), several(1, paused))...); !strings.Contains(page, `href="?name=p0#account-p0"`) {
		t.Error("the summary leads to an account that isn't shown")
	}
}

// TestFull says how a full backlog empties.
func TestFull(t *testing.T) {
	slow := inState("a", full)
	slow.Backlog = stream.Backlog{Events: 600, FullSince: at}
	slow.Out = slices.Repeat([]int64{5}, 120)
	for _, test := range []struct {
		status service.Status
		state  string
		want   string
	}{
		{slow, "Backlog full", "At the present rate all of it takes 2 min 0 s."},
		{inState("a", full), "Backlog full", "Nothing was delivered in the last ten seconds."},
		{inState("a", "paused and full"), "Paused", "It has room again once delivery resumes."},
		{inState("a", "full elsewhere"), "Delivered by another service", "It has room again once node-2 has delivered some of it."},
	} {
		page, _ := pageWith(t, "/", test.status)
		for _, want := range []string{test.state + "</p>", "<strong>The backlog is full.</strong>", test.want, `<svg class="meter full"`, "since <time datetime=\"2026-03-01T09:30:00Z\">"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page doesn't say %q", test.state, want)
			}
		}
	}
	// Almost full isn't full.
	almost := inState("a", delivering)
	almost.Backlog = stream.Backlog{Events: 1, Messages: 1, Bytes: almost.MaxBacklog - 1, Oldest: time.Now()}
	if page, _ := pageWith(t, "/", almost); strings.Contains(page, "The backlog is full.") || !strings.Contains(page, "Delivering</p>") {
		t.Error("a backlog that has refused nothing is shown as full")
	}
}
