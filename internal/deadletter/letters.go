package deadletter

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// Letters gives the records that stand in the file, whoever wrote them, and makes sure
// that they are on the disk. Lines that are no records, or are longer than limit bytes,
// are passed over. A pipe has none.
func (f *File) Letters(ctx context.Context, limit int) iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		if !f.regular {
			return
		}
		// A program that was killed may have written what it didn't sync.
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
