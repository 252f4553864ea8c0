package deadletter

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Letters iterates over the records in the file, including those of other programs, and syncs
// them to disk first. Lines that aren't records, or exceed limit bytes, are skipped. A pipe has
// no records.
func (f *File) Letters(ctx context.Context, limit int) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		if !f.regular {
			return
		}
		// A program that was killed may not have synced its records.
		if err := f.file.Sync(); err != nil {
			yield(Letter{}, err)
			return
		}
		lines, err := input.Open(input.Config{Files: []string{f.name}, Limit: limit, Verbatim: true})
		if err != nil {
			yield(Letter{}, err)
			return
		}
		defer lines.Close()
		for {
			line, err := lines.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Letter{}, err)
				return
			}
			if letter, noRecord := Parse(line.Text); noRecord == nil && !yield(letter, nil) {
				return
			}
		}
	}
}
