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

// Rewriting makes a file anew from its own records. The old one stays, and no
// program can append to it, until the new one is whole.
type Rewriting struct {
	name string
	old  *os.File
	new  atomicfile.Replacement
	// cut is where in the old file the last bytes that were taken over end within a
	// line, or 0. The new one's line is open as well.
	cut int64
}

// ErrNotRegular is the error of a file that can't be replaced by another.
var ErrNotRegular = errors.New("it is no regular file")

// Rewrite begins to rewrite the file with a name. It refuses one that another
// program writes to.
func Rewrite(name string) (*Rewriting, error) {
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
	if err := lockNamed(old, name, flock.Exclusive); err != nil {
		return nil, errors.Join(err, old.Close())
	}
	file, err := atomicfile.Create(name, info.Mode().Perm())
	if err != nil {
		return nil, errors.Join(err, old.Close())
	}
	return &Rewriting{name: name, old: old, new: file}, nil
}

// Keep takes the bytes of the old file from begin to end over as they are: whole
// records, the last of which may lack its line's end. Its writer may still be at it:
// what follows at once in the old file then goes on in the line.
func (r *Rewriting) Keep(begin, end int64) error {
	_, err := r.keep(begin, end)
	return err
}

func (r *Rewriting) keep(begin, end int64) (int64, error) {
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
		r.cut = begin + n
	}
	return n, nil
}

// endLine ends the new file's line, if it is open, unless what begins in the old one
// belongs to it.
func (r *Rewriting) endLine(begin int64) error {
	if r.cut == 0 {
		return nil
	}
	goesOn := begin == r.cut && !r.isRecord(begin)
	r.cut = 0
	if goesOn {
		return nil
	}
	_, err := io.WriteString(r.new, "\n")
	return err
}

// isRecord tells whether a whole record begins at an offset of the old file: another
// program appended it, and not the one that left the line open.
func (r *Rewriting) isRecord(begin int64) bool {
	line, err := bufio.NewReader(io.NewSectionReader(r.old, begin, math.MaxInt64-begin)).ReadBytes('\n')
	if err != nil {
		return false
	}
	_, err = Parse(line)
	return err == nil
}

// Renew takes the record from begin to end over with the reason, the attempts and the
// revision of another failure.
func (r *Rewriting) Renew(begin, end int64, failed Letter) error {
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

// ErrLate is the error of records that came while the new file took its place and
// couldn't be taken over any more.
var ErrLate = errors.New("the file is replaced, but not all that another program appended meanwhile is in it")

// Finish takes over what stands in the old file from rest on, also what programs
// that don't ask for a lock appended meanwhile, and puts the new file in its place.
// After any error but [ErrLate] the old one stays.
func (r *Rewriting) Finish(rest int64) error {
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
	cut := r.cut
	if err := r.endLine(0); err != nil { // the next record is to stand on a line of its own
		return errors.Join(err, r.new.Discard())
	}
	if runtime.GOOS == "windows" {
		// An open file can't be replaced there. If another program still has it open, the old one stays.
		return errors.Join(r.old.Close(), r.new.Commit())
	}
	if err := r.new.Commit(); err != nil {
		return err
	}
	if err := r.addLate(rest, cut); err != nil {
		return fmt.Errorf("%w: %w", ErrLate, err)
	}
	return nil
}

// addLate adds to the new file what was appended to the old one, from rest on, after
// Finish had looked and before the old one lost its name. A record that was cut there
// is added whole.
func (r *Rewriting) addLate(rest, cut int64) error {
	info, err := r.old.Stat()
	if err != nil || info.Size() <= rest {
		return err
	}
	if cut == rest && !r.isRecord(rest) {
		if rest, err = r.lineBegin(rest); err != nil {
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
	// Other programs may already be at the new file, and in the middle of a record: it
	// is one write, at its end, on lines of its own.
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

// lineBegin is where the line begins in the old file that an offset is within.
func (r *Rewriting) lineBegin(offset int64) (int64, error) {
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

// Discard leaves the old file as it is.
func (r *Rewriting) Discard() error {
	defer r.old.Close()
	return r.new.Discard()
}
