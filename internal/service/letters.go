package service

import (
	"context"
	"regexp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// letters keeps an account's dead letters in its stream, in the records that send writes.
type letters struct {
	ctx      context.Context // of the ownership
	account  *stream.Account
	revision string
	kept     func(at stream.Position, code string)
}

// Keep returns once the letters are on disk. One that is kept again, after a run that ended
// before its place was kept, takes the place of the first.
func (l *letters) Keep(some []transfer.Letter) error {
	records := make([]stream.Letter, len(some))
	for i, letter := range some {
		at := letter.Position
		record := deadletter.Letter{
			Line: at.Line, Number: at.Event, Event: letter.Text, Error: letter.Reason, Attempts: letter.Attempts, Revision: l.revision,
		}
		text := record.Record()
		if len(text) > stream.MaxLetter {
			record.Error = record.Error.Truncate()
			text = record.Record()
		}
		records[i] = stream.Letter{Code: codeInSubject(letter.Reason.Code), Seq: uint64(at.Line), Event: at.Event, Record: text}
	}
	if err := l.account.KeepLetters(l.ctx, records...); err != nil {
		return err
	}
	for _, record := range records {
		l.kept(stream.Position{Seq: record.Seq, Event: record.Event}, record.Code)
	}
	return nil
}

// codeInSubject is a code as it can stand in a subject: Klaviyo may send any.
func codeInSubject(code string) string {
	code = notInSubject.ReplaceAllString(code, "_")
	if code == "" {
		return "unknown"
	}
	return code[:min(len(code), 64)]
}

var notInSubject = regexp.MustCompile(`[^A-Za-z0-9_-]`)
