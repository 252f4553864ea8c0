package service

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// Letters gives an account's dead letters, in the order in which they were kept. A code that
// isn't empty chooses those with that reason.
func (s *Service) Letters(ctx context.Context, name, code string) (iter.Seq2[stream.Letter, error], error) {
	a := s.account(name)
	if a == nil {
		return nil, ErrNoAccount
	}
	return a.kept.Letters(ctx, code, 0), nil
}

// Replay puts the events of an account's dead letters behind those that wait, in the order in
// which they came, to be delivered again, and tells how many. A code that isn't empty chooses
// those with that reason. One that fails again becomes another letter. A letter without its
// event stays, and so does one that is too large for a message.
//
// A letter leaves only once its event is kept. Should that fail it stays, and its event may
// be delivered all the same, which Klaviyo counts once.
func (s *Service) Replay(ctx context.Context, name, code string) (replayed int, err error) {
	a := s.account(name)
	if a == nil {
		return 0, ErrNoAccount
	}
	defer a.retry() // it may have waited for room
	var waiting letterQueue
	send := func() error {
		some := waiting.next()
		if err := s.Publish(ctx, name, some.message, len(some.ids), some.id()); err != nil {
			return err
		}
		if err := a.kept.DeleteLetters(ctx, some.ids...); err != nil {
			return err
		}
		replayed += len(some.ids)
		return nil
	}
	for letter, err := range a.kept.Letters(ctx, code, 0) {
		if err != nil {
			return replayed, err
		}
		record, err := deadletter.Parse(letter.Record)
		if err != nil || record.Event == nil {
			continue
		}
		letter.Record = inbox.Append(nil, inbox.Request{Kind: inbox.Event, Received: time.Now(), Body: record.Event})
		if len(letter.Record) > stream.MaxMessage { // all of a damaged message
			continue
		}
		waiting.add(letter)
		for waiting.isLong() {
			if err := send(); err != nil {
				return replayed, err
			}
		}
	}
	for len(waiting.letters) > 0 {
		if err := send(); err != nil {
			return replayed, err
		}
	}
	return replayed, nil
}

// Letters go together, for one by one each would wait twice for the disk: a million for hours.
const (
	lettersTogether = 256
	bytesTogether   = 512 << 10 // a larger event goes alone
)

// letterQueue puts letters, whose records are requests, into the order of their events.
// Letters that are kept at once come in any order, and a person's events among them.
type letterQueue struct {
	letters []stream.Letter
	bytes   int
}

func (q *letterQueue) add(l stream.Letter) {
	q.letters = append(q.letters, l)
	q.bytes += len(l.Record)
}

// isLong says whether those that go together can't come after any that is yet to be read.
func (q *letterQueue) isLong() bool {
	return len(q.letters) >= 2*lettersTogether || q.bytes > 2*bytesTogether
}

// next takes the first letters that go together.
func (q *letterQueue) next() (some handful) {
	slices.SortStableFunc(q.letters, func(a, b stream.Letter) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Event, b.Event))
	})
	for len(some.ids) < min(lettersTogether, len(q.letters)) {
		l := q.letters[len(some.ids)]
		if len(some.ids) > 0 && len(some.message)+len(l.Record) > bytesTogether {
			break
		}
		some.ids, some.message = append(some.ids, l.ID), append(some.message, l.Record...)
	}
	q.letters, q.bytes = slices.Delete(q.letters, 0, len(some.ids)), q.bytes-len(some.message)
	return some
}

// handful are letters that are replayed together.
type handful struct {
	ids     []uint64
	message []byte
}

// id is the same for the same letters, so that they are kept once, and another for others.
func (h handful) id() string {
	var all []byte
	for _, id := range h.ids {
		all = binary.AppendUvarint(all, id)
	}
	return fmt.Sprintf("letters-%x", sha256.Sum256(all))
}

// Delete deletes an account's dead letters of a code, or all of them if it is empty, and tells
// how many.
func (s *Service) Delete(ctx context.Context, name, code string) (deleted int, err error) {
	a := s.account(name)
	if a == nil {
		return 0, ErrNoAccount
	}
	defer a.retry() // it may have waited for room
	var ids []uint64
	drop := func() error {
		if err := a.kept.DeleteLetters(ctx, ids...); err != nil {
			return err
		}
		deleted += len(ids)
		ids = ids[:0]
		return nil
	}
	for letter, err := range a.kept.Letters(ctx, code, 0) {
		if err != nil {
			return deleted, err
		}
		if ids = append(ids, letter.ID); len(ids) == lettersTogether {
			if err := drop(); err != nil {
				return deleted, err
			}
		}
	}
	err = drop()
	return deleted, err
}
