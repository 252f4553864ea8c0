package stream

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Member is a service that shares the accounts of a cluster, as it says of itself. It is
// advice on who had best own what: only a [Lease] says who does.
type Member struct {
	ID string `json:"id"`
	// Steady says that it has been there for the length of its lease without a break.
	Steady bool `json:"steady"`
	// Accounts are the names of those that it can own.
	Accounts []string `json:"accounts"`

	// Lease is the length of its leases. It is gone once it has been silent for as long.
	Lease time.Duration `json:"lease"`
	// Process tells processes with the same id apart.
	Process string `json:"process"`

	// Heard is when it last renewed that, by this machine's clock.
	Heard time.Time `json:"-"`
}

// Announcement says what a service tells the others of a cluster, and who hears of them.
type Announcement struct {
	// ID names the service; no other may have the name at the same time.
	ID string
	// Lease is the length of its leases.
	Lease time.Duration
	// Accounts gives the names of the accounts that it can own, at each renewal.
	Accounts func() []string
	// Seen is given the members that are there, this one included, in the order of their ids,
	// after each renewal and each that fails.
	Seen func([]Member)
}

// Announce makes a service a member until ctx is done. As the leases are, this is renewed each
// sixth of their length, and each second until it is steady, so that those that begin at the
// same time know each other soon. A renewal that fails shows that nothing can be kept: also to
// [Engine.Available] where the service owns nothing.
func (e *Engine) Announce(ctx context.Context, a Announcement) {
	m := &membership{engine: e, announcement: a, sightings: map[string]*sighting{}}
	for ctx.Err() == nil && e.ctx.Err() == nil {
		begun, wait := time.Now(), a.Lease/6
		err := attempt(ctx, m.renew)
		e.note(ctx, err)
		if err == nil {
			err = attempt(ctx, m.look)
		}
		if err != nil {
			e.log.Debug("the services of the cluster aren't known", "error", err)
		}
		if err != nil || time.Since(m.since) < a.Lease {
			wait = min(wait, time.Second)
		}
		a.Seen(m.living())
		e.pause(ctx, wait-time.Since(begun))
	}
	m.resign(context.WithoutCancel(ctx))
}

// membership is that of this process, and what it sees of the others.
type membership struct {
	engine       *Engine
	announcement Announcement

	revision   uint64    // of what was announced last
	since      time.Time // of the renewals without a break
	renewed    time.Time // when the last one that succeeded began
	duplicated time.Time // when another process was last seen that has the same id

	sightings map[string]*sighting // by key
}

// sighting is what a member has announced last.
type sighting struct {
	Member
	revision uint64
}

// memberKeys begin with what no account's name has in it. An id may have any characters.
const memberKeys = "member."

func memberKey(id string) string {
	return memberKeys + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// renew announces this process.
func (m *membership) renew(ctx context.Context) error {
	a := m.announcement
	for {
		now := time.Now()
		if now.Sub(m.renewed) >= a.Lease {
			m.since = now
		}
		self := Member{ID: a.ID, Steady: now.Sub(m.since) >= a.Lease, Accounts: a.Accounts(), Lease: a.Lease, Process: m.engine.process}
		revision, err := m.engine.replace(ctx, memberKey(a.ID), self, m.revision)
		if err == nil {
			m.revision, m.renewed = revision, now
			return nil
		}
		if !errors.Is(err, errChanged) {
			return err
		}
		if err := m.whoElse(ctx); err != nil {
			return err
		}
	}
}

// whoElse finds out who has changed what this process had announced: it may be itself, if an
// answer was lost, and is a process before at the beginning. Of two with the same id none is
// steady.
func (m *membership) whoElse(ctx context.Context) error {
	var other Member
	revision, err := m.engine.entry(ctx, memberKey(m.announcement.ID), &other)
	if err != nil {
		return err
	}
	if m.revision != 0 && revision > m.revision && other.Process != m.engine.process {
		m.since = time.Now()
		if m.duplicated.IsZero() || time.Since(m.duplicated) > time.Minute {
			m.engine.log.Error("another service has the same id", "id", m.announcement.ID, "advice", "give each service its own --id: until then neither gets a share of the accounts")
			m.duplicated = time.Now()
		}
	}
	m.revision = revision
	return nil
}

// look sees which members have renewed.
func (m *membership) look(ctx context.Context) error {
	const subjects = "$KV." + bucket + "."
	info, err := leaderInfo(ctx, m.engine.ownersStream, jetstream.WithSubjectFilter(subjects+memberKeys+"*"))
	if err != nil {
		return err
	}
	seen := map[string]*sighting{}
	for subject := range info.State.Subjects {
		key := strings.TrimPrefix(subject, subjects)
		s := &sighting{Member: Member{Heard: time.Now()}}
		s.revision, err = m.engine.entry(ctx, key, &s.Member)
		if err != nil && !errors.Is(err, ErrSetup) {
			return err
		}
		switch before := m.sightings[key]; {
		case before != nil && s.revision <= before.revision: // silent, or read of a server that is behind
			s = before
		case s.revision == 0:
			continue // gone meanwhile, or not one of this program's
		}
		if time.Since(s.Heard) >= removedAfter*m.length(s) {
			m.purge(ctx, key)
		}
		seen[key] = s
	}
	m.sightings = seen
	return nil
}

// removedAfter is after how many leases what a member has announced is removed. One that
// was only stopped announces itself anew.
const removedAfter = 10

// length is after how long a member is gone that is silent.
func (m *membership) length(s *sighting) time.Duration { return max(m.announcement.Lease, s.Lease) }

// living are the members that have renewed not too long ago, by the clock of this machine.
func (m *membership) living() []Member {
	var living []Member
	for _, s := range m.sightings {
		if time.Since(s.Heard) < m.length(s) {
			living = append(living, s.Member)
		}
	}
	slices.SortFunc(living, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	return living
}

// resign tells the others that this member has gone, unless another process has its id.
func (m *membership) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	var last Member
	key := memberKey(m.announcement.ID)
	if _, err := m.engine.entry(ctx, key, &last); err == nil && last.Process == m.engine.process {
		m.purge(ctx, key)
	}
}

// purge removes a key, and all traces of it. It may fail: a member that is silent is gone, too.
func (m *membership) purge(ctx context.Context, key string) {
	if err := m.engine.ownersStream.Purge(ctx, jetstream.WithPurgeSubject("$KV."+bucket+"."+key)); err != nil {
		m.engine.log.Debug("a member that is gone isn't removed yet", "error", err)
	}
}
