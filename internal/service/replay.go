package service

import (
	"context"
	"fmt"
	"iter"
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

// Replay puts the events of an account's dead letters behind those that wait, to be delivered
// again, and tells how many. A code that isn't empty chooses those with that reason. One that
// fails again becomes another letter. A letter without its event stays, and so does one that
// is too large for a message.
//
// A letter leaves only once its event is kept. Should that fail it stays, and its event may
// be delivered all the same, which Klaviyo counts once.
func (s *Service) Replay(ctx context.Context, name, code string) (replayed int, err error) {
	a := s.account(name)
	if a == nil {
		return 0, ErrNoAccount
	}
	defer a.retry() // it may have waited for room
	for letter, err := range a.kept.Letters(ctx, code, 0) {
		if err != nil {
			return replayed, err
		}
		record, err := deadletter.Parse(letter.Record)
		if err != nil || record.Event == nil {
			continue
		}
		message := inbox.Append(nil, inbox.Request{Kind: inbox.Event, Received: time.Now(), Body: record.Event})
		if len(message) > stream.MaxMessage { // all of a damaged message
			continue
		}
		if err := s.Publish(ctx, name, message, 1, fmt.Sprintf("letter-%d", letter.ID)); err != nil {
			return replayed, err
		}
		if err := a.kept.DeleteLetters(ctx, letter.ID); err != nil {
			return replayed, err
		}
		replayed++
	}
	return replayed, nil
}

// Delete deletes an account's dead letters of a code, or all of them if it is empty, and tells
// how many.
func (s *Service) Delete(ctx context.Context, name, code string) (deleted int, err error) {
	a := s.account(name)
	if a == nil {
		return 0, ErrNoAccount
	}
	defer a.retry() // it may have waited for room
	for letter, err := range a.kept.Letters(ctx, code, 0) {
		if err == nil {
			err = a.kept.DeleteLetters(ctx, letter.ID)
		}
		if err != nil {
			return deleted, err
		}
		deleted++
	}
	return deleted, nil
}
