// Package deadletter stores events that can't be delivered, each with the reason, as JSON
// Lines.
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
	// File is omitted from the record if it is empty.
	File string
	Line int
	// Number is the number of the event if the line has several, otherwise 0.
	Number int
	// Event is the event as in the input. nil means that it was too long to read.
	Event []byte
	Error Error
	// Attempts is the number of requests sent for the call that failed. It is 0 if none was
	// sent.
	Attempts int
	// Revision is the revision of Klaviyo's API for which the event failed. It is omitted from
	// the record if it is empty.
	Revision string
}

// Error is the reason, from the mapper or from Klaviyo.
type Error struct {
	Code string `json:"code"`
	// Field is the dotted path of the invalid value in the event.
	Field   string `json:"field"`
	Message string `json:"message"`
	// Status is the status of Klaviyo's response, or 0 if there was none.
	Status int `json:"status"`
	// Detail is Klaviyo's description, which may quote the event.
	Detail string `json:"detail"`
	// Pointer is the JSON Pointer of the rejected value in the request body.
	Pointer string `json:"pointer"`
}

// A File is a file of dead letters. It is safe for concurrent use, and several programs can
// write to one file.
type File struct {
	name    string
	mu      sync.Mutex
	file    osFile
	regular bool // pipes can't be synced
	err     error
}

// An osFile is the part of [os.File] that is used.
type osFile interface {
	io.WriteCloser
	Sync() error
	Stat() (fs.FileInfo, error)
}

// ErrNoReader means that a named pipe has no reader.
var ErrNoReader = errors.New("the pipe has no reader; start the reader first")

// Open opens a file for appending. If it doesn't exist, it is created with permissions for the
// owner only. Open returns an error if the file is being replayed.
func Open(name string) (*File, error) {
	file, err := openToAppend(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = lockCurrent(file, name, flock.Shared)
	}
	if err == nil && info.Mode().IsRegular() {
		err = endLine(file, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &File{name: name, file: file, regular: info.Mode().IsRegular()}, nil
}

const appendFlags = os.O_RDWR | os.O_APPEND | os.O_CREATE

func openToAppend(name string) (*os.File, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.Mode().IsRegular():
		return os.OpenFile(name, appendFlags, 0o600)
	case err != nil:
		file, err := os.OpenFile(name, appendFlags, 0o600)
		if err != nil {
			return nil, err
		}
		// Syncing the records doesn't sync the directory entry.
		if err := atomicfile.SyncDir(name); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return file, nil
	case info.Mode()&fs.ModeNamedPipe == 0:
		return os.OpenFile(name, os.O_WRONLY, 0)
	}
	// Opening a pipe for writing may block forever. Opening it for reading too would hide that
	// it has no other reader.
	file, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNoReader}
	}
	return file, err
}

// lockCurrent locks a file and checks that it is still the file with the name: a replay may
// have replaced it before it released the lock.
func lockCurrent(file *os.File, name string, lock func(*os.File) error) error {
	if err := lock(file); err != nil {
		return err
	}
	named, err := isCurrent(file, name)
	if err == nil && !named {
		err = &fs.PathError{Op: "lock", Path: name, Err: flock.ErrLocked}
	}
	return err
}

// isCurrent reports whether file is the file with the name.
func isCurrent(file osFile, name string) (bool, error) {
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

// endLine ends an incomplete record of a program that was killed, so that the next record
// begins on a new line.
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

// Write appends records and syncs them to disk. After an error it accepts no more, since a
// record may be incomplete.
func (f *File) Write(letters ...Letter) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = f.append(letters)
	}
	return f.err
}

// append appends records to the file. If the file no longer has its name, because it was moved
// or replayed without locks, it appends them to the file that has the name.
func (f *File) append(letters []Letter) error {
	for {
		for _, letter := range letters {
			if _, err := f.file.Write(letter.Record()); err != nil { // a single write each, since other programs may append too
				return err
			}
		}
		if !f.regular {
			return nil
		}
		if err := f.file.Sync(); err != nil {
			return err
		}
		if named, err := isCurrent(f.file, f.name); err != nil || named {
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

// Record returns the letter as a line. The event is embedded byte for byte if it is JSON.
// Otherwise it is a string, or base64 if it isn't UTF-8. A string is always the text of an
// event, and null always means that the event was too long. A large event is base64 if that is
// shorter than a string, so that the size of a record is limited.
func (l Letter) Record() []byte {
	const rest = 1_000 // typical size of the other fields
	line := make([]byte, 0, len(l.Event)+rest)
	if l.canEmbed() {
		if line = l.appendRecord(line, l.appendEvent); json.Valid(line) {
			return line
		}
	}
	return l.appendRecord(line[:0], l.appendText)
}

// appendRecord appends the record. appendEvent appends the event.
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

// canEmbed reports whether the event is JSON on a single line, and not a string or null. It may
// still be nested too deeply.
func (l Letter) canEmbed() bool {
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
		quoted, _ := jsontext.AppendQuote(append(line, `"event":`...), l.Event) // only fails for invalid UTF-8
		if len(l.Event) < largeEvent || len(quoted)-len(line) <= base64.StdEncoding.EncodedLen(len(l.Event)) {
			return quoted
		}
	}
	line = append(line, `"event_base64":"`...)
	return append(base64.StdEncoding.AppendEncode(line, l.Event), '"')
}

// largeEvent is the minimum size, in bytes, of events that may be base64 for size.
const largeEvent = 512 << 10

// MaxRecord returns the maximum size of a record in bytes for an event of a size, if its reason
// was truncated with [Error.Truncate].
func MaxRecord(event int) int {
	return max(base64.StdEncoding.EncodedLen(event), 6*largeEvent) + maxReason
}

const (
	maxReason = 64 << 10
	// maxText limits the texts of a reason so that all together, fully escaped, take less than
	// maxReason.
	maxText = 2_000
)

// Truncate returns the reason with each text truncated to 2,000 bytes. The path of a field and
// Klaviyo's detail may be as long as the event.
func (e Error) Truncate() Error {
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
		panic(err) // strings and numbers can always be encoded
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
