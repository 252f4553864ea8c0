// Package checkpoint keeps how far a delivery has come, so that another run can
// go on there. A checkpoint knows the input and the settings it belongs to.
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

// version is that of the file's format.
const version = 1

// Checkpoint is how far a delivery has come.
type Checkpoint struct {
	Version  int      `json:"version"`
	Input    []Source `json:"input"`
	Settings Settings `json:"settings"`
	// At is the first line that isn't done.
	At input.Position `json:"at"`
	// Begun is when the first run began that sent what isn't done, by its own clock; zero where
	// that isn't known.
	Begun time.Time `json:"begun,omitzero"`
	// Done tells that all of the input is, as long as it was.
	Done bool `json:"done"`
	// Counts are of the events before At, since the input last was done.
	Counts transfer.Counts `json:"counts"`
}

// ErrInvalid is the error of a file that is no checkpoint.
var ErrInvalid = errors.New("it is no checkpoint of this program's version")

// File is where a checkpoint is kept. No other program can open it meanwhile.
type File struct {
	name string
	lock *os.File
}

// LockName is the name of the file that keeps others out of the checkpoint with a
// name, or with that of a link to it. It stands beside it and stays.
func LockName(name string) string { return atomicfile.Resolve(name) + ".lock" }

// Open opens the file with a name, which need not exist.
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

// Close lets other programs open the file.
func (f *File) Close() error { return f.lock.Close() }

// checkRegular refuses what is there and no regular file, which could make its reader
// wait.
func checkRegular(name string) error {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", input.Name(name), ErrInvalid)
	}
	return nil
}

// Load gives the checkpoint, or nil where there is none yet.
func (f *File) Load() (*Checkpoint, error) { return Load(f.name) }

// Load gives the checkpoint that the file with a name had last, or nil where there is
// none yet. Another program may have the file open.
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

// Save replaces the checkpoint. Once it returns nil the new one is on the disk;
// after an error there still is the old one.
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
