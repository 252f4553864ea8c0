package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// deadLetters keeps the events that can't be delivered in a file.
type deadLetters struct {
	file     *deadletter.File // or nil
	files    []string         // that the events come from
	revision string

	mu sync.Mutex
	// earlier are those that are in the file already, of this delivery's events.
	earlier map[letterID]bool
}

// letterID tells a letter from others: one of the same event with the same code has
// the same. A letter without its event has none.
type letterID [16]byte

func idOf(l deadletter.Letter) letterID {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %d %d %q ", l.File, l.Line, l.Number, l.Error.Code)
	sum.Write(bytes.TrimSpace(l.Event)) // what stands around it isn't kept
	return letterID(sum.Sum(nil)[:len(letterID{})])
}

// openDeadLetters opens the file with a name, or none where that is empty. The events come
// from files and are sent in a revision.
func openDeadLetters(name string, files []string, revision string) (*deadLetters, error) {
	d := &deadLetters{files: files, revision: revision}
	if name == "" {
		return d, nil
	}
	var err error
	if d.file, err = deadletter.Open(name); err != nil {
		return nil, stopped(err)
	}
	return d, nil
}

// kept is where a transfer keeps its dead letters, or nil.
func (d *deadLetters) kept() transfer.Letters {
	if d.file == nil {
		return nil
	}
	return d
}

// recognise finds the letters of the events from a position on, so that they aren't
// written again: an earlier run of the delivery, which was killed or had to stop, was
// further with them than with others. The limit is that of an event's length in bytes.
func (d *deadLetters) recognise(ctx context.Context, from input.Position, limit int) error {
	if d.file == nil {
		return nil
	}
	d.earlier = map[letterID]bool{}
	for letter, err := range d.file.Letters(ctx, recordGrowth*limit) {
		if err != nil {
			return stopped(whyStopped(ctx, err))
		}
		if letter.Event != nil && !d.isBefore(letter, from) {
			d.earlier[idOf(letter)] = true
		}
	}
	return nil
}

// isBefore tells whether a letter is of an event before a position, or of another input.
func (d *deadLetters) isBefore(letter deadletter.Letter, at input.Position) bool {
	if len(d.files) == 1 {
		return letter.File != "" || letter.Line < at.Line
	}
	for i, file := range d.files {
		if file == letter.File && (i > at.File || i == at.File && letter.Line >= at.Line) {
			return false
		}
	}
	return true
}

// isKept tells whether a letter is in the file already. It says so once.
func (d *deadLetters) isKept(letter deadletter.Letter) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.earlier) == 0 || letter.Event == nil {
		return false
	}
	id := idOf(letter)
	kept := d.earlier[id]
	delete(d.earlier, id)
	return kept
}

// Keep keeps events with the reasons why they can't be delivered.
func (d *deadLetters) Keep(letters []transfer.Letter) error {
	records := make([]deadletter.Letter, 0, len(letters))
	for _, l := range letters {
		letter := deadletter.Letter{Line: l.Line, Number: l.Position.Event, Event: l.Text, Error: l.Reason, Attempts: l.Attempts, Revision: d.revision}
		if len(d.files) > 1 {
			letter.File = d.files[l.File]
		}
		if !d.isKept(letter) {
			records = append(records, letter)
		}
	}
	return d.file.Write(records...)
}

func (d *deadLetters) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}
