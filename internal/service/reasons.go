package service

import (
	"context"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
)

// Reason is why an event is a dead letter, without what may quote the event.
type Reason struct {
	Code string
	// Field is the dotted path of the value at fault in the event, or empty.
	Field   string
	Message string
	// Status is that of Klaviyo's answer, 0 if there was none.
	Status int
	// Pointer is the JSON Pointer of what Klaviyo refuses in the request's body, or empty.
	Pointer string
}

// reasonFor is how long a reason that was read is shown at the most: the letter may have
// gone, and another come.
const reasonFor = time.Minute

// reasons remembers one letter's reason by code, and how many letters had the code then: as
// long as they are as many it is read only each minute. Where there are hundreds of thousands
// it takes a while to find the first of a code.
type reasons struct {
	mu   sync.Mutex
	read map[string]readReason
}

type readReason struct {
	Reason
	of int
	at time.Time
}

// Reasons gives, for each code of an account's dead letters, the reason of the one that has
// been kept longest.
func (s *Service) Reasons(ctx context.Context, name string) (map[string]Reason, error) {
	a := s.account(name)
	if a == nil {
		return nil, ErrNoAccount
	}
	counts, err := a.kept.LetterCounts(ctx)
	if err != nil {
		return nil, err
	}
	a.reasons.mu.Lock()
	defer a.reasons.mu.Unlock()
	read, all := make(map[string]readReason, len(counts)), make(map[string]Reason, len(counts))
	for code, n := range counts {
		known, ok := a.reasons.read[code]
		if !ok || known.of != n || time.Since(known.at) > reasonFor {
			known.of, known.at = n, time.Now()
			if known.Reason, err = a.firstReason(ctx, code); err != nil {
				return nil, err
			}
		}
		read[code], all[code] = known, known.Reason
	}
	a.reasons.read = read
	return all, nil
}

// firstReason is that of the first letter with a code.
func (a *account) firstReason(ctx context.Context, code string) (Reason, error) {
	for letter, err := range a.kept.Letters(ctx, code, 0) {
		if err != nil {
			return Reason{}, err
		}
		record, err := deadletter.Parse(letter.Record)
		if err != nil {
			return Reason{Code: code, Message: "the record can't be read"}, nil
		}
		e := record.Error
		return Reason{Code: code, Field: e.Field, Message: e.Message, Status: e.Status, Pointer: e.Pointer}, nil
	}
	return Reason{Code: code}, nil // it has just gone
}
