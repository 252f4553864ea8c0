package service

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// membersOf are steady services that can own the same accounts.
func membersOf(n, accounts int) (members []stream.Member) {
	var names []string
	for i := range accounts {
		names = append(names, fmt.Sprintf("shop-%d", i))
	}
	for i := range n {
		members = append(members, stream.Member{ID: fmt.Sprintf("machine-%d", i), Steady: true, Accounts: names})
	}
	return members
}

// TestPlanIsEven checks that each service gets as many accounts as the others, and that few
// accounts move when a service is added.
func TestPlanIsEven(t *testing.T) {
	for accounts := range 40 {
		for n := 1; n < 8; n++ {
			members := membersOf(n+1, accounts)
			before, after := planFor(members[:n]), planFor(members)
			has := map[string]int{}
			for _, m := range before {
				has[m]++
			}
			for _, m := range members[:n] {
				if got := has[m.ID]; got != accounts/n && got != (accounts+n-1)/n {
					t.Errorf("%d accounts, %d services: %v", accounts, n, has)
				}
			}
			moved := 0
			for account, m := range before {
				if after[account] != m {
					moved++
				}
			}
			// A share has to move; the bound has some others move too.
			if len(before) != accounts || moved > accounts/(n+1)+accounts/3+2 {
				t.Errorf("%d accounts, %d services and one more: %d have moved", accounts, n, moved)
			}
		}
	}
}

// TestTurns has a free account left to those who come before, each for a moment.
func TestTurns(t *testing.T) {
	const account = "shop-0"
	members := membersOf(3, 1)
	first := planFor(members)[account]
	var other, third string
	for _, m := range members {
		switch {
		case m.ID == first:
		case other == "" || weight(account, m.ID) > weight(account, other):
			other, third = m.ID, other
		default:
			third = m.ID
		}
	}
	if third == "" {
		t.Fatal("there are too few services")
	}
	without := func(gone string) (left []stream.Member) {
		for _, m := range members {
			if m.ID != gone {
				left = append(left, m)
			}
		}
		return left
	}
	unsteady := append(without(first), stream.Member{ID: first, Accounts: []string{account}})
	unfit := append(without(first), stream.Member{ID: first, Steady: true})
	for _, test := range []struct {
		name    string
		members []stream.Member
		o       stream.Ownership
		turns   []string
	}{
		{"by the plan", members, stream.Ownership{}, []string{first, other, third}},
		{"an heir", members, stream.Ownership{Heir: third}, []string{third, first, other}},
		{"an heir that is gone", without(third), stream.Ownership{Heir: third}, []string{first, other}},
		{"a silent owner", members, stream.Ownership{Owner: first}, []string{other, third, first}},
		{"one that has just begun", unsteady, stream.Ownership{}, []string{other, third, first}},
		{"one that can't deliver it", unfit, stream.Ownership{}, []string{other, third, first}},
		{"one that nobody knows", members, stream.Ownership{}, []string{first, other, third, "unknown"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			for turn, id := range test.turns {
				s := newShares(id, DefaultLease)
				s.see(test.members)
				if !s.leaves(account, test.o, 0) {
					t.Errorf("%s: %s takes it as soon as it has begun", test.name, id)
				}
				time.Sleep(time.Minute)
				until := time.Duration(turn) * stepAside
				if id == "unknown" {
					until += stepAside
				}
				if until > 0 && !s.leaves(account, test.o, until-1) || s.leaves(account, test.o, until) {
					t.Errorf("%s: %s doesn't take it after %v", test.name, id, until)
				}
			}
		})
	}
}
