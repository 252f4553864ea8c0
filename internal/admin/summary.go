package admin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// kind is a set of accounts that the page counts and can be reduced to.
type kind struct {
	Key, Label string // in the address, and in words
	is         func(accountView) bool
	// one and many say what an account of a kind is that needs attention, and short does so in
	// the title.
	one, many, short string
}

// kinds are in the order in which the page shows them. An account can be of several.
var kinds = []kind{
	{paused, "Paused", func(a accountView) bool { return a.State == paused }, "is paused", "are paused", "paused"},
	{full, "Backlog full", func(a accountView) bool { return a.IsFull }, "has a full backlog", "have a full backlog", "full"},
	{unknown, "Unknown", func(a accountView) bool { return a.Err != nil }, "has an unknown state", "have an unknown state", "unknown"},
	{unowned, "Delivered by no service yet", func(a accountView) bool { return a.State == unowned }, "is delivered by no service", "are delivered by no service", "without a service"},
	{Key: delivering, Label: "Delivering", is: func(a accountView) bool { return a.State == delivering }},
	{Key: elsewhere, Label: "Delivered by another service", is: func(a accountView) bool { return a.State == elsewhere }},
	{Key: "dead-letters", Label: "With dead letters", is: func(a accountView) bool { return len(a.Letters) > 0 }},
}

// isTrouble says whether accounts of the kind need attention.
func (k kind) isTrouble() bool { return k.one != "" }

// trouble are the accounts of one kind that need attention.
type trouble struct {
	Key, Text string
	Named     []string
	More      int // that aren't named
}

// mostNamed is how many accounts of a kind the summary names.
const mostNamed = 10

// summary counts the accounts.
type summary struct {
	All, Delivering, Elsewhere int
	Troubles                   []trouble
}

// summaryOf counts all accounts, whichever the page shows.
func summaryOf(accounts []accountView) summary {
	s := summary{All: len(accounts)}
	for _, k := range kinds {
		var names []string
		for _, a := range accounts {
			if k.is(a) {
				names = append(names, a.Name)
			}
		}
		switch {
		case k.Key == delivering:
			s.Delivering = len(names)
		case k.Key == elsewhere:
			s.Elsewhere = len(names)
		case k.isTrouble() && len(names) > 0:
			t := trouble{Key: k.Key, Text: k.many, Named: names[:min(len(names), mostNamed)]}
			if len(names) == 1 {
				t.Text = k.one
			}
			t.More = len(names) - len(t.Named)
			t.Text = fmt.Sprintf("%s %s", count(len(names)), t.Text)
			s.Troubles = append(s.Troubles, t)
		}
	}
	if len(s.Troubles) > 0 {
		first := &s.Troubles[0]
		n, is, _ := strings.Cut(first.Text, " ")
		first.Text = fmt.Sprintf("%s of %s %s %s", n, count(s.All), plural(s.All, "account", "accounts"), is)
	}
	return s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// title says in a few words what needs attention.
func (s summary) title() string {
	var parts []string
	for _, t := range s.Troubles {
		n, _, _ := strings.Cut(t.Text, " ")
		at := slices.IndexFunc(kinds, func(k kind) bool { return k.Key == t.Key })
		parts = append(parts, n+" "+kinds[at].short)
	}
	if parts == nil {
		return "rudderklaviyo"
	}
	return strings.Join(parts, ", ") + " · rudderklaviyo"
}

// attentionFirst puts the accounts first that need attention, in the order of the kinds, and then
// of their names.
func attentionFirst(accounts []accountView) {
	rank := func(a accountView) int {
		at := slices.IndexFunc(kinds, func(k kind) bool { return k.isTrouble() && k.is(a) })
		if at < 0 {
			return len(kinds)
		}
		return at
	}
	slices.SortStableFunc(accounts, func(a, b accountView) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name)) })
}
