package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Letter is an event that can't be delivered.
type Letter struct {
	// Code is that of the reason: letters, digits, - and _.
	Code string
	// Seq and Event say which event it is: the sequence of its message, and its number
	// in there.
	Seq   uint64
	Event int
	// Record is the letter's text.
	Record []byte
	// ID is that of the letter once it is kept; later letters have higher ones.
	ID uint64
}

// lettersAtOnce and letterBytesAtOnce bound how many are on their way to the disk together, and
// so how many places a letter may be before or behind its own. A larger one goes alone.
const (
	lettersAtOnce     = 64
	letterBytesAtOnce = 512 << 10
)

func (a *Account) letterSubject(rest string) string { return "rk.letters." + a.name + "." + rest }

// KeepLetters returns once all the letters are on the disk. A letter for the same event and
// code takes the place of the one before. The errors are those of Publish; then some of the
// letters may be kept.
func (a *Account) KeepLetters(ctx context.Context, letters ...Letter) error {
	codes := make([]string, len(letters))
	for i, l := range letters {
		codes[i] = l.Code
		if !names.MatchString(l.Code) {
			return setup(nil, "a dead letter has the code %.80q: a code has 1 to 64 letters, digits, - or _", l.Code)
		}
		if len(l.Record) > MaxLetter {
			return tooLarge("dead letter", len(l.Record), MaxLetter)
		}
	}
	if err := a.noteCodes(ctx, codes); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lettersAtOnce)
	room := semaphore.NewWeighted(letterBytesAtOnce)
	for _, l := range letters {
		bytes := min(int64(len(l.Record)), letterBytesAtOnce)
		if err := room.Acquire(ctx, bytes); err != nil {
			return cmp.Or(group.Wait(), unavailable(err))
		}
		group.Go(func() error {
			defer room.Release(bytes)
			_, err := a.engine.publish(ctx, messageOf(a.letterSubject(fmt.Sprintf("%s.%d-%d", l.Code, l.Seq, l.Event)), l.Record, ""))
			return err
		})
	}
	return group.Wait()
}

// Letters gives the letters that are kept, in the order in which they were, after one with
// an id or all after 0. A code that isn't empty chooses those with it: the others aren't
// read. It ends at the last that is there when it begins.
func (a *Account) Letters(ctx context.Context, code string, after uint64) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		subject := a.letterSubject(">")
		if code != "" {
			if !names.MatchString(code) {
				return // no letter has it
			}
			subject = a.letterSubject(code + ".*")
		}
		info, err := a.info(ctx, a.letters)
		if err != nil {
			yield(Letter{}, err)
			return
		}
		for after < info.State.LastSeq {
			letter, err := a.letterAfter(ctx, subject, after)
			if err != nil {
				yield(Letter{}, err)
				return
			}
			if letter.ID == 0 || letter.ID > info.State.LastSeq || !yield(letter, nil) {
				return
			}
			after = letter.ID
		}
	}
}

// letterAfter gives the first letter of a subject after one with an id, or none.
func (a *Account) letterAfter(ctx context.Context, subject string, after uint64) (Letter, error) {
	var message *jetstream.RawStreamMsg
	err := a.engine.request(ctx, func(ctx context.Context) (err error) {
		message, err = a.letters.GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(subject))
		return err
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Letter{}, nil
	}
	if err != nil {
		return Letter{}, describe(err)
	}
	letter := Letter{ID: message.Sequence, Record: message.Data}
	rest := strings.TrimPrefix(message.Subject, a.letterSubject(""))
	code, place, _ := strings.Cut(rest, ".")
	letter.Code = code
	if _, err := fmt.Sscanf(place, "%d-%d", &letter.Seq, &letter.Event); err != nil {
		return Letter{}, fmt.Errorf("stream DL_%s: message %d has the subject %q, which isn't a dead letter's", a.name, message.Sequence, message.Subject)
	}
	return letter, nil
}

// DeleteLetters deletes letters by their ids. Those that are gone already are passed over.
func (a *Account) DeleteLetters(ctx context.Context, ids ...uint64) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lettersAtOnce)
	for _, id := range ids {
		group.Go(func() error {
			return describe(a.engine.request(ctx, func(ctx context.Context) error {
				err := a.letters.DeleteMsg(ctx, id)
				if !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
					return err
				}
				if _, e := a.letters.GetMsg(ctx, id); errors.Is(e, jetstream.ErrMsgNotFound) {
					return nil
				}
				return err
			}))
		})
	}
	return group.Wait()
}
