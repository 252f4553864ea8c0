// Package checkpoint saves the progress of a delivery, so that another run can continue it. A
// checkpoint identifies its input and settings.
package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/flock"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// version is the version of the file format.
const version = 1

// Checkpoint is the progress of a delivery.
type Checkpoint struct {
	Version  int      `json:"version"`
	Input    []Source `json:"input"`
	Settings Settings `json:"settings"`
	// At is the position of the first line that isn't done.
	At input.Position `json:"at"`
	// Begun is when the first run began that sent events which aren't done, by its own clock.
	// It is zero if that isn't known.
	Begun time.Time `json:"begun,omitzero"`
	// Done means that the input is complete, up to its length then.
	Done bool `json:"done"`
	// Counts are the counts of events before At since the input was last done.
	Counts transfer.Counts `json:"counts"`
}

// ErrInvalid means that a file isn't a checkpoint of this version.
var ErrInvalid = errors.New("not a checkpoint of this version of the program")

// A File is the file of a checkpoint. Other programs can't open it meanwhile.
type File struct {
	name string
	lock *os.File
}

// LockName returns the name of the lock file of a checkpoint, which links to the checkpoint
// share. It is in the same directory and isn't deleted.
func LockName(name string) string { return atomicfile.Resolve(name) + ".lock" }

// Open opens the file with the name, which need not exist.
func Open(name string) (*File, error) {
	if err := checkRegular(name); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(LockName(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock.Exclusive(lock); err != nil {
		lock.Close()
		return nil, err
	}
	return &File{name: name, lock: lock}, nil
}

// Close allows other programs to open the file.
func (f *File) Close() error { return f.lock.Close() }

// checkRegular returns an error if the name exists and isn't a regular file, since reading
// another file could block.
func checkRegular(name string) error {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", input.Name(name), ErrInvalid)
	}
	return nil
}

// Load returns the checkpoint, or nil if there is none yet.
func (f *File) Load() (*Checkpoint, error) { return Load(f.name) }

// Load returns the last checkpoint saved in the file, or nil if there is none yet. Another
// program may have the file open.
func Load(name string) (*Checkpoint, error) {
	if err := checkRegular(name); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var c Checkpoint
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil || !c.isValid() {
		return nil, fmt.Errorf("%s: %w", input.Name(name), ErrInvalid)
	}
	return &c, nil
}

func (c *Checkpoint) isValid() bool {
	return c.Version == version && c.Settings.Revision != "" && c.At.File >= 0 && c.At.File < len(c.Input) && c.At.Line > 0 && c.At.Offset >= 0
}

// Save replaces the checkpoint and syncs it to disk. After an error the old one still exists.
func (f *File) Save(c Checkpoint) error {
	c.Version = version
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	file, err := atomicfile.Create(f.name, 0o600)
	if err != nil {
		return err
	}
	return replace(file, append(text, '\n'))
}

func replace(file atomicfile.Replacement, text []byte) error {
	if _, err := file.Write(text); err != nil {
		return errors.Join(err, file.Discard())
	}
	return file.Commit()
}
