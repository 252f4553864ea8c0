package deadletter

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime"

	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/flock"
)

// A Rewriter rewrites a file from its own records. The old file stays, and no program can
// append to it, until the new one is complete.
type Rewriter struct {
	name string
	old  *os.File
	new  atomicfile.Replacement
	// midLine is the offset in the old file where the last copied bytes end within a line, or
	// 0.
	midLine int64
}

// ErrNotRegular means that a file isn't regular and can't be replaced.
var ErrNotRegular = errors.New("not a regular file")

// Rewrite starts to rewrite a file. It returns an error if another program writes to the file.
func Rewrite(name string) (*Rewriter, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "replay", Path: name, Err: ErrNotRegular}
	}
	old, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := lockCurrent(old, name, flock.Exclusive); err != nil {
		return nil, errors.Join(err, old.Close())
	}
	file, err := atomicfile.Create(name, info.Mode().Perm())
	if err != nil {
		return nil, errors.Join(err, old.Close())
	}
	return &Rewriter{name: name, old: old, new: file}, nil
}

// Keep copies the bytes from begin to end of the old file: whole records, of which the last may
// lack a line ending. If its writer is still writing it, what follows in the old file continues
// the line.
func (r *Rewriter) Keep(begin, end int64) error {
	_, err := r.keep(begin, end)
	return err
}

func (r *Rewriter) keep(begin, end int64) (int64, error) {
	if err := r.endLine(begin); err != nil {
		return 0, err
	}
	section := io.NewSectionReader(r.old, begin, end-begin)
	n, err := io.Copy(r.new, section)
	if err != nil || n == 0 {
		return n, err
	}
	last := make([]byte, 1)
	if _, err := r.old.ReadAt(last, begin+n-1); err != nil {
		return n, err
	}
	if last[0] != '\n' {
		r.midLine = begin + n
	}
	return n, nil
}

// endLine ends an incomplete line of the new file, unless the old file continues it at begin.
func (r *Rewriter) endLine(begin int64) error {
	if r.midLine == 0 {
		return nil
	}
	goesOn := begin == r.midLine && !r.isRecord(begin)
	r.midLine = 0
	if goesOn {
		return nil
	}
	_, err := io.WriteString(r.new, "\n")
	return err
}

// isRecord reports whether a complete record begins at an offset of the old file. It is then
// from another program than the incomplete line before it.
func (r *Rewriter) isRecord(begin int64) bool {
	line, err := bufio.NewReader(io.NewSectionReader(r.old, begin, math.MaxInt64-begin)).ReadBytes('\n')
	if err != nil {
		return false
	}
	_, err = Parse(line)
	return err == nil
}

// Replace copies the record from begin to end with the reason, the attempts and the revision of
// another failure.
func (r *Rewriter) Replace(begin, end int64, failed Letter) error {
	if err := r.endLine(begin); err != nil {
		return err
	}
	line := make([]byte, end-begin)
	if _, err := r.old.ReadAt(line, begin); err != nil {
		return err
	}
	letter, err := Parse(bytes.TrimSpace(line))
	if err != nil {
		return fmt.Errorf("%s: %w", r.old.Name(), err)
	}
	letter.Error, letter.Attempts, letter.Revision = failed.Error, failed.Attempts, failed.Revision
	_, err = r.new.Write(letter.Record())
	return err
}

// ErrMissedRecords means that the file was replaced, but records appended to the old file
// meanwhile couldn't be copied.
var ErrMissedRecords = errors.New("the file was replaced, but records that another program appended meanwhile may be missing")

// Finish copies the old file from rest to its end, including what programs without locks have
// appended, and replaces it by the new file. After any error except [ErrMissedRecords], the old
// file stays.
func (r *Rewriter) Finish(rest int64) error {
	defer r.old.Close()
	for {
		info, err := r.old.Stat()
		if err == nil && info.Size() <= rest {
			break
		}
		var n int64
		if err == nil {
			n, err = r.keep(rest, info.Size())
		}
		if err != nil {
			return errors.Join(err, r.new.Discard())
		}
		rest += n
	}
	cut := r.midLine
	if err := r.endLine(0); err != nil { // the next record must begin on a new line
		return errors.Join(err, r.new.Discard())
	}
	if runtime.GOOS == "windows" {
		// Windows can't replace an open file. If another program has it open, the old file
		// stays.
		return errors.Join(r.old.Close(), r.new.Commit())
	}
	if err := r.new.Commit(); err != nil {
		return err
	}
	if err := r.appendLate(rest, cut); err != nil {
		return fmt.Errorf("%w: %w", ErrMissedRecords, err)
	}
	return nil
}

// appendLate appends what was appended to the old file, from rest on, between the last check
// and its replacement. A record that was incomplete is appended as a whole.
func (r *Rewriter) appendLate(rest, cut int64) error {
	info, err := r.old.Stat()
	if err != nil || info.Size() <= rest {
		return err
	}
	if cut == rest && !r.isRecord(rest) {
		if rest, err = r.lineStart(rest); err != nil {
			return err
		}
	}
	late, err := io.ReadAll(io.NewSectionReader(r.old, rest, math.MaxInt64-rest))
	if err != nil || len(late) == 0 {
		return err
	}
	if late[len(late)-1] != '\n' {
		late = append(late, '\n')
	}
	// Other programs may already append to the new file. So this is a single write, on new
	// lines.
	file, err := os.OpenFile(r.name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if info, err = file.Stat(); err == nil {
		err = endLine(file, info.Size())
	}
	if err == nil {
		_, err = file.Write(late)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// lineStart returns the start of the line in the old file that contains an offset.
func (r *Rewriter) lineStart(offset int64) (int64, error) {
	const step = 64 << 10
	for offset > 0 {
		before := make([]byte, min(offset, step))
		if _, err := r.old.ReadAt(before, offset-int64(len(before))); err != nil {
			return 0, err
		}
		offset -= int64(len(before))
		if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
			return offset + int64(i) + 1, nil
		}
	}
	return 0, nil
}

// Discard keeps the old file.
func (r *Rewriter) Discard() error {
	defer r.old.Close()
	return r.new.Discard()
}
