package command

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// wordlessOps are what was done with a file, of which its user need not know.
var wordlessOps = []string{"stat", "lstat", "open", "read", "lock", "replay"}

// plainly is the text of an error with the file as its user knows it: by its name and
// what is wrong with it.
func plainly(err error) string {
	text := err.Error()
	var link *os.LinkError
	if errors.As(err, &link) {
		text = strings.Replace(text, link.Error(), fmt.Sprintf("%s %s: %v", link.Op, input.Name(link.New), link.Err), 1)
	}
	var file *fs.PathError
	if !errors.As(err, &file) {
		return text
	}
	if !slices.Contains(wordlessOps, file.Op) {
		return strings.Replace(text, file.Error(), fmt.Sprintf("%s %s: %v", file.Op, input.Name(file.Path), file.Err), 1)
	}
	what := file.Err.Error()
	if folder := filepath.Dir(file.Path); errors.Is(file, fs.ErrNotExist) && file.Path != "" && isMissing(folder) {
		what = "there is no folder " + input.Name(folder)
	}
	return strings.Replace(text, file.Error(), cmp.Or(input.Name(file.Path), `""`)+": "+what, 1)
}

func isMissing(name string) bool {
	_, err := os.Stat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// withoutPlace is the reason why reading stopped at a position of a file, without what
// of its text says that again.
func withoutPlace(reason error, at input.Position, file string) error {
	var read *input.ReadError
	if errors.As(reason, &read) && read.Index == at.File {
		reason = read.Err
		if read.Line != at.Line {
			reason = fmt.Errorf("can't be read at line %d: %w", read.Line, read.Err)
		}
	}
	var path *fs.PathError
	if errors.As(reason, &path) && path.Path == file {
		reason = path.Err
	}
	return reason
}
