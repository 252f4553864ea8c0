package service

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// shares says which of a cluster's services had best own which account. All that see the same
// members come to the same. It is advice: who owns an account is said by its lease alone.
type shares struct {
	id    string
	lease time.Duration

	mu      sync.Mutex
	members []stream.Member // that are there, in the order of their ids
	joined  time.Time       // when this service was first seen among them, zero before
	changed time.Time       // when the steady ones among them, or their accounts, last changed
	plans   map[string]plan // by the member that is left out
	avoided map[string]time.Time
}

// plan is which member has which account.
type plan map[string]string

const (
	// stepAside is how long a service leaves a free account to each that comes before it. A
	// free account is looked at each second.
	stepAside = 2 * time.Second
	// quietFor is for how many leases the steady members have to be the same, and an account
	// owned, until accounts are handed over. A service that is only restarted is back by then.
	quietFor = 2
	// avoidedFor is for how many leases nothing is handed over to a service that didn't take
	// what it was left.
	avoidedFor = 20
)

func newShares(id string, lease time.Duration) *shares {
	return &shares{id: id, lease: lease, plans: map[string]plan{}, avoided: map[string]time.Time{}}
}

// see takes note of who is there.
func (s *shares) see(members []stream.Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.EqualFunc(steady(s.members), steady(members), isAsBefore) {
		s.changed = time.Now()
	}
	if s.joined.IsZero() && slices.ContainsFunc(members, s.isSelf) {
		s.joined = time.Now()
	}
	if !slices.EqualFunc(s.members, members, isAsBefore) {
		clear(s.plans)
	}
	s.members = members
	for _, m := range members {
		if !m.Steady { // it has begun anew
			delete(s.avoided, m.ID)
		}
	}
}

func isAsBefore(a, b stream.Member) bool {
	return a.ID == b.ID && a.Steady == b.Steady && slices.Equal(a.Accounts, b.Accounts)
}

func (s *shares) isSelf(m stream.Member) bool { return m.ID == s.id }

func steady(members []stream.Member) (all []stream.Member) {
	for _, m := range members {
		if m.Steady {
			all = append(all, m)
		}
	}
	return all
}

// leaves tells whether this service leaves an account to others that has been free for a time:
// to all who come before it, and for a moment after it has begun, when it may not have heard of
// them.
func (s *shares) leaves(account string, o stream.Ownership, free time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := time.Duration(s.rank(account, o)) * stepAside
	if s.joined.IsZero() {
		return free < turn+stepAside
	}
	return min(free, time.Since(s.joined)-stepAside) < turn
}

// rank counts those who come before this service. First is the heir that the last owner has
// named, or else the member that has the account by the plan; then come the steady ones, then
// those that have just begun, and last who can't own it and an owner that was silent.
func (s *shares) rank(account string, o stream.Ownership) (rank int) {
	first := o.Heir
	if !s.canOwn(first, account) {
		first = s.plan(o.Owner)[account]
	}
	order := func(m stream.Member) (int, uint64) {
		switch {
		case m.ID == first:
			return 3, 0
		case m.ID == o.Owner, !slices.Contains(m.Accounts, account):
			return 0, 0
		case m.Steady:
			return 2, weight(account, m.ID)
		}
		return 1, weight(account, m.ID)
	}
	self := slices.IndexFunc(s.members, s.isSelf)
	if self < 0 {
		return len(s.members)
	}
	group, own := order(s.members[self])
	for _, m := range s.members {
		if g, w := order(m); g > group || g == group && w > own {
			rank++
		}
	}
	return rank
}

// canOwn tells whether a member is there and can own the account.
func (s *shares) canOwn(id, account string) bool {
	return slices.ContainsFunc(s.members, func(m stream.Member) bool { return m.ID == id && slices.Contains(m.Accounts, account) })
}

// heir is who had best own the account when this service lets it go, empty if nobody is known.
func (s *shares) heir(account string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plan(s.id)[account]
}

// handOver gives the first of the accounts that another service is to have, and that service.
// The accounts are given with the time since when each is owned. Nothing is handed over before
// all has been quiet for a while.
func (s *shares) handOver(owned map[string]time.Time) (account, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.changed) < quietFor*s.lease || !slices.ContainsFunc(steady(s.members), s.isSelf) {
		return "", ""
	}
	plan := s.plan("")
	for _, account := range slices.Sorted(maps.Keys(owned)) {
		if time.Since(owned[account]) < quietFor*s.lease {
			continue
		}
		if to := plan[account]; to != "" && to != s.id && s.isWell(to) {
			return account, to
		}
	}
	return "", ""
}

// isWell tells whether a member has missed no renewal, of which there are six in a lease, and
// has taken what it was left.
func (s *shares) isWell(id string) bool {
	return time.Since(s.avoided[id]) >= avoidedFor*s.lease &&
		slices.ContainsFunc(s.members, func(m stream.Member) bool { return m.ID == id && time.Since(m.Heard) < s.lease/3 })
}

// avoid hands nothing over to a service for a while.
func (s *shares) avoid(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.avoided[id] = time.Now()
}

// plan shares the accounts out among the steady members, or among all if none is steady, but
// for one that is left out.
func (s *shares) plan(without string) plan {
	if p, ok := s.plans[without]; ok {
		return p
	}
	isOut := func(m stream.Member) bool { return m.ID == without }
	members := slices.DeleteFunc(steady(s.members), isOut)
	if len(members) == 0 {
		members = slices.DeleteFunc(slices.Clone(s.members), isOut)
	}
	p := planFor(members)
	s.plans[without] = p
	return p
}

// planFor is rendezvous hashing with a bound, so that all get as many, and few accounts move when
// a member comes or goes. Of all pairs of an account and a member that can own it the one with
// the greatest weight comes first, as long as the member has less than its share; accounts that
// fewer can own come before. What is left goes to those that then have the fewest.
func planFor(members []stream.Member) plan {
	type pair struct {
		account, member string
		weight          uint64
	}
	var pairs []pair
	accounts := map[string]int{} // in how many pairs each is
	for _, m := range members {
		for _, account := range m.Accounts {
			accounts[account]++
			pairs = append(pairs, pair{account, m.ID, weight(account, m.ID)})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(accounts[a.account], accounts[b.account]), cmp.Compare(b.weight, a.weight), cmp.Compare(a.account, b.account), cmp.Compare(a.member, b.member))
	})
	p, has := plan{}, map[string]int{}
	for share := len(accounts) / max(len(members), 1); len(p) < len(accounts); share++ {
		pairs = slices.DeleteFunc(pairs, func(pair pair) bool {
			if p[pair.account] == "" && has[pair.member] < share {
				p[pair.account] = pair.member
				has[pair.member]++
			}
			return p[pair.account] != ""
		})
	}
	return p
}

// weight is that of a member for an account. Names differ in a digit, and their weights have
// to in all.
func weight(account, member string) uint64 {
	hash := sha256.Sum256(fmt.Appendf(nil, "%s/%s", account, member))
	return binary.BigEndian.Uint64(hash[:])
}
