// Package deadletter keeps the events that can't be delivered, each with the
// reason, as JSON Lines.
package deadletter

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/flock"
)

// Letter is an event that can't be delivered.
type Letter struct {
	// File is left out of the record if it is empty.
	File string
	Line int
	// Number is that of the event where the line holds several, else 0.
	Number int
	// Event is the event as it came; nil stands for one that was too long to read.
	Event []byte
	Error Error
	// Attempts counts the requests made for the call that failed, 0 if none was made.
	Attempts int
	// Revision is that of Klaviyo's API for which the event failed. It is left out of the
	// record if it is empty.
	Revision string
}

// Error is the reason, from the mapping or from Klaviyo.
type Error struct {
	Code string `json:"code"`
	// Field is the dotted path of the value at fault in the event.
	Field   string `json:"field"`
	Message string `json:"message"`
	// Status is that of Klaviyo's answer, 0 if there was none.
	Status int `json:"status"`
	// Detail is what Klaviyo says, which may quote the event.
	Detail string `json:"detail"`
	// Pointer is the JSON Pointer of what Klaviyo refuses in the request's body.
	Pointer string `json:"pointer"`
}

// File is a file of dead letters. It is safe for concurrent use, and several
// programs may write to one.
type File struct {
	name    string
	mu      sync.Mutex
	file    disk
	regular bool // a pipe can't be synced
	err     error
}

// disk is the part of an [os.File] that is needed.
type disk interface {
	io.WriteCloser
	Sync() error
	Stat() (fs.FileInfo, error)
}

// ErrNoReader is the error of a named pipe that nobody reads.
var ErrNoReader = errors.New("nobody reads the pipe: start its reader first")

// Open opens a file to append to, and creates it, for its owner alone, if it
// isn't there. It refuses one that is being replayed.
func Open(name string) (*File, error) {
	file, err := openToAppend(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = lockNamed(file, name, flock.Shared)
	}
	if err == nil && info.Mode().IsRegular() {
		err = endLine(file, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &File{name: name, file: file, regular: info.Mode().IsRegular()}, nil
}

const appending = os.O_RDWR | os.O_APPEND | os.O_CREATE

func openToAppend(name string) (*os.File, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.Mode().IsRegular():
		return os.OpenFile(name, appending, 0o600)
	case err != nil:
		file, err := os.OpenFile(name, appending, 0o600)
		if err != nil {
			return nil, err
		}
		// To sync the records wouldn't keep a name that isn't on the disk.
		if err := atomicfile.SyncDir(name); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return file, nil
	case info.Mode()&fs.ModeNamedPipe == 0:
		return os.OpenFile(name, os.O_WRONLY, 0)
	}
	// To open a pipe may take for ever. To open it for reading too would hide that
	// nobody else does.
	file, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNoReader}
	}
	return file, err
}

// lockNamed locks a file and makes sure that it still is the one with the name: a
// replay may have put another in its place before it gave up the lock.
func lockNamed(file *os.File, name string, lock func(*os.File) error) error {
	if err := lock(file); err != nil {
		return err
	}
	named, err := isNamed(file, name)
	if err == nil && !named {
		err = &fs.PathError{Op: "lock", Path: name, Err: flock.ErrLocked}
	}
	return err
}

// isNamed tells whether the file with a name is this one.
func isNamed(file disk, name string) (bool, error) {
	own, err := file.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(own, named), err
}

// endLine ends a record that was cut off when an earlier program died, so that
// the next one stands on a line of its own.
func endLine(file *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, size-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err := io.WriteString(file, "\n")
	return err
}

// Write appends records. Once it returns nil they are on the disk. After an error it
// takes no more: a record may be cut off, and the next would join it.
func (f *File) Write(letters ...Letter) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = f.append(letters)
	}
	return f.err
}

// append appends records to the file that has the name once they are there. That may
// be another by then: somebody has moved the one that was open, or replayed it where
// there are no locks.
func (f *File) append(letters []Letter) error {
	for {
		for _, letter := range letters {
			if _, err := f.file.Write(letter.Record()); err != nil { // each in one piece, for others may append as well
				return err
			}
		}
		if !f.regular {
			return nil
		}
		if err := f.file.Sync(); err != nil {
			return err
		}
		if named, err := isNamed(f.file, f.name); err != nil || named {
			return err
		}
		other, err := Open(f.name)
		if err != nil {
			return err
		}
		if err := f.file.Close(); err != nil {
			return errors.Join(err, other.Close())
		}
		f.file, f.regular = other.file, other.regular
	}
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Record is the letter as a line. The event stands in it byte for byte if it is
// JSON, else as a string, or in base64 if it isn't UTF-8. A string is always the
// text of an event, and null always one that was too long. Of a long event that base64
// makes shorter than a string does there is no string, so that a record has a bound.
func (l Letter) Record() []byte {
	const rest = 1_000 // what the other fields mostly take
	line := make([]byte, 0, len(l.Event)+rest)
	if l.mayStandInside() {
		if line = l.appendRecord(line, l.appendEvent); json.Valid(line) {
			return line
		}
	}
	return l.appendRecord(line[:0], l.appendText)
}

// appendRecord appends the record with the event as a function appends it.
func (l Letter) appendRecord(line []byte, appendEvent func([]byte) []byte) []byte {
	line = append(line, '{')
	if l.File != "" {
		line = append(appendJSON(append(line, `"file":`...), l.File), ',')
	}
	line = fmt.Appendf(line, `"line":%d,`, l.Line)
	if l.Number > 0 {
		line = fmt.Appendf(line, `"event_number":%d,`, l.Number)
	}
	line = appendEvent(line)
	line = appendJSON(append(line, `,"error":`...), l.Error)
	line = fmt.Appendf(line, `,"attempts":%d`, l.Attempts)
	if l.Revision != "" {
		line = appendJSON(append(line, `,"revision":`...), l.Revision)
	}
	return append(line, "}\n"...)
}

// mayStandInside tells whether the event is JSON, on a single line, and means nothing
// else inside a record. It may still be nested too deep for that.
func (l Letter) mayStandInside() bool {
	text := bytes.TrimSpace(l.Event)
	return bytes.IndexByte(l.Event, '\n') < 0 && !bytes.HasPrefix(text, []byte(`"`)) && !bytes.Equal(text, []byte("null")) &&
		utf8.Valid(text) && json.Valid(text)
}

func (l Letter) appendEvent(line []byte) []byte {
	return append(append(line, `"event":`...), l.Event...)
}

func (l Letter) appendText(line []byte) []byte {
	if l.Event == nil {
		return append(line, `"event":null`...)
	}
	if utf8.Valid(l.Event) {
		quoted, _ := jsontext.AppendQuote(append(line, `"event":`...), l.Event) // fails on invalid UTF-8 alone
		if len(l.Event) < long || len(quoted)-len(line) <= base64.StdEncoding.EncodedLen(len(l.Event)) {
			return quoted
		}
	}
	line = append(line, `"event_base64":"`...)
	return append(base64.StdEncoding.AppendEncode(line, l.Event), '"')
}

// long is the length in bytes of an event that nobody reads in a record.
const long = 512 << 10

// MaxRecord is the length in bytes of the longest record of an event with a length, where
// its reason has been [Error.Cut].
func MaxRecord(event int) int { return max(base64.StdEncoding.EncodedLen(event), 6*long) + maxReason }

const (
	maxReason = 64 << 10
	// maxText bounds a text of a reason so that all of them, with each byte as an escape of
	// six, take less than maxReason.
	maxText = 2_000
)

// Cut gives the reason with its texts cut to 2,000 bytes each. A field's path and what
// Klaviyo says of it may be as long as the event.
func (e Error) Cut() Error {
	for _, text := range []*string{&e.Code, &e.Field, &e.Message, &e.Detail, &e.Pointer} {
		if len(*text) > maxText {
			*text = strings.ToValidUTF8((*text)[:maxText], "")
		}
	}
	return e
}

func appendJSON(line []byte, v any) []byte {
	buffer := bytes.NewBuffer(line)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // v is made of strings and numbers
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
