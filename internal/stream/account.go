package stream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Limits bound what an account may take of the disk, in bytes. 0 is the default.
type Limits struct {
	// MaxBacklog is that of the events that wait, 2 GiB by default.
	MaxBacklog int64
	// MaxLetters is that of the dead letters, 1 GiB by default.
	MaxLetters int64
}

// Account is what is kept of one account. It is safe for concurrent use.
type Account struct {
	engine *Engine
	name   string

	events  jetstream.Stream
	letters jetstream.Stream

	refusal refusal
	counts  letterCounts
	codes   notedCodes
}

// names are those that can stand in a subject, a stream's name and a file's name.
var names = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// eventsPrefix begins the names of the streams of events.
const eventsPrefix = "EV_"

// lettersPrefix begins the names of the streams of dead letters.
const lettersPrefix = "DL_"

// sameIDWithin is how long the server knows the ids of messages. It has to be longer than
// a publish is repeated.
const sameIDWithin = 20 * time.Second

// Account gives an account, and makes its streams or sets their limits. Its name has
// letters, digits, - and _, at most 64.
func (e *Engine) Account(ctx context.Context, name string, limits Limits) (*Account, error) {
	if !names.MatchString(name) {
		return nil, setup(nil, "account %.80q: a name has 1 to 64 letters, digits, - or _", name)
	}
	a := &Account{engine: e, name: name}
	var err error
	a.events, err = e.stream(ctx, jetstream.StreamConfig{
		Name:       eventsPrefix + name,
		Subjects:   []string{a.subject("*")},
		MaxBytes:   orDefault(limits.MaxBacklog, 2<<30),
		Duplicates: sameIDWithin,
	})
	if err != nil {
		return nil, err
	}
	a.letters, err = e.stream(ctx, jetstream.StreamConfig{
		Name:              lettersPrefix + name,
		Subjects:          []string{a.letterSubject(">")},
		MaxBytes:          orDefault(limits.MaxLetters, 1<<30),
		MaxMsgsPerSubject: 1,
		Duplicates:        sameIDWithin,
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

func orDefault(n, def int64) int64 {
	if n == 0 {
		return def
	}
	return n
}

// Name is the account's.
func (a *Account) Name() string { return a.name }

func (a *Account) subject(events string) string { return "rk.events." + a.name + "." + events }

// Backlog is what waits.
type Backlog struct {
	Events   int
	Messages int
	// Bytes is what they take on the disk of one server.
	Bytes int64
	// Oldest is when the first of them was kept, zero if none waits.
	Oldest time.Time
	// FullSince is since when it has no room for a message that this process was given, zero
	// if it has.
	FullSince time.Time
}

// Backlog tells what is kept and not yet purged.
func (a *Account) Backlog(ctx context.Context) (Backlog, error) {
	refusals := a.refusal.seen()
	info, err := a.info(ctx, a.events, jetstream.WithSubjectFilter(a.subject("*")))
	if err != nil {
		return Backlog{}, err
	}
	if info.State.Msgs == 0 { // a message that doesn't fit now never will
		a.refusal.fullSince(math.MaxInt64, refusals)
		return Backlog{}, nil
	}
	full := a.refusal.fullSince(info.Config.MaxBytes-int64(info.State.Bytes), refusals)
	b := Backlog{Messages: int(info.State.Msgs), Bytes: int64(info.State.Bytes), Oldest: info.State.FirstTime, FullSince: full}
	for subject, messages := range info.State.Subjects {
		n, err := strconv.Atoi(subject[strings.LastIndexByte(subject, '.')+1:])
		if err != nil {
			return Backlog{}, fmt.Errorf("stream EV_%s: a message has the subject %q, which doesn't end with its number of events", a.name, subject)
		}
		b.Events += n * int(messages)
	}
	return b, nil
}

// Purge removes the messages up to a sequence, and that one. It removes none of a stream that
// ends before: that was made anew, and the server would pass over what is to come.
func (a *Account) Purge(ctx context.Context, upTo uint64) error {
	if upTo == 0 {
		return nil
	}
	info, err := a.info(ctx, a.events)
	if err != nil || info.State.LastSeq < upTo {
		return err
	}
	err = a.engine.request(ctx, func(ctx context.Context) error {
		return a.events.Purge(ctx, jetstream.WithPurgeSequence(upTo+1))
	})
	return describe(err)
}

func (a *Account) info(ctx context.Context, s jetstream.Stream, opts ...jetstream.StreamInfoOpt) (info *jetstream.StreamInfo, err error) {
	err = a.engine.request(ctx, func(ctx context.Context) error {
		info, err = leaderInfo(ctx, s, opts...)
		return err
	})
	return info, describe(err)
}

// leaderInfo gives what the stream's leader knows. A server that has lost the others answers
// too, and doesn't know what they have kept since.
func leaderInfo(ctx context.Context, s jetstream.Stream, opts ...jetstream.StreamInfoOpt) (*jetstream.StreamInfo, error) {
	info, err := s.Info(ctx, opts...)
	if err == nil && info.Cluster != nil && info.Cluster.Leader == "" {
		return nil, fmt.Errorf("stream %s has no leader", info.Config.Name)
	}
	return info, err
}

// describe makes an error of the server one of ours.
func describe(err error) error {
	if err == nil || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrSetup) || errors.Is(err, ErrFull) {
		return err
	}
	return unavailable(err)
}
