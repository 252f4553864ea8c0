package deadletter

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"os"
)

// Letters gives the records that stand in the file, whoever wrote them, and makes sure
// that they are on the disk. Lines that are no records are passed over. A pipe has none.
func (f *File) Letters() iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		if !f.regular {
			return
		}
		// A program that was killed may have written what it didn't sync.
		if err := f.file.Sync(); err != nil {
			yield(Letter{}, err)
			return
		}
		file, err := os.Open(f.name)
		if err != nil {
			yield(Letter{}, err)
			return
		}
		defer file.Close()
		lines := bufio.NewReader(file)
		for {
			line, err := lines.ReadBytes('\n')
			if letter, noRecord := Parse(line); noRecord == nil && !yield(letter, nil) {
				return
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Letter{}, err)
				return
			}
		}
	}
}
