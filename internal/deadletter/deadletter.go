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
	"slices"
	"sync"
	"unicode/utf8"

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
	mu   sync.Mutex
	file disk
	sync bool // a pipe can't be synced
	err  error
}

// disk is the part of an [os.File] that is needed.
type disk interface {
	io.WriteCloser
	Sync() error
	Stat() (fs.FileInfo, error)
}

// Open opens a file to append to, and creates it, for its owner alone, if it
// isn't there. It refuses one that is being replayed.
func Open(name string) (*File, error) {
	mode := os.O_RDWR | os.O_APPEND | os.O_CREATE
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		mode = os.O_WRONLY // who can read a pipe doesn't notice that nobody else does
	}
	file, err := os.OpenFile(name, mode, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = claim(file, name, flock.Shared)
	}
	if err == nil && info.Mode().IsRegular() {
		err = endLine(file, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &File{file: file, sync: info.Mode().IsRegular()}, nil
}

// claim locks a file and makes sure that it still is the one with the name: a
// replay may have put another in its place before it gave up the lock.
func claim(file *os.File, name string, lock func(*os.File) error) error {
	if err := lock(file); err != nil {
		return err
	}
	own, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !os.SameFile(own, named) {
		return &fs.PathError{Op: "lock", Path: name, Err: flock.ErrLocked}
	}
	return nil
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

// Write appends a record. Once it returns nil the record is on the disk. After an
// error it takes no more: the record may be cut off, and the next would join it.
func (f *File) Write(letter Letter) error {
	line := letter.appendRecord(nil)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		_, f.err = f.file.Write(line)
	}
	if f.err == nil && f.sync {
		f.err = f.file.Sync()
	}
	return f.err
}

// Is tells whether it is the file that info describes.
func (f *File) Is(info fs.FileInfo) bool {
	own, err := f.file.Stat()
	return err == nil && os.SameFile(own, info)
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// appendRecord appends the letter as a line. The event stands in it byte for
// byte if it is JSON, else as a string, or in base64 if it isn't UTF-8. A string
// is always the text of an event, and null always one that was too long.
func (l Letter) appendRecord(line []byte) []byte {
	line = append(line, '{')
	if l.File != "" {
		line = append(appendJSON(append(line, `"file":`...), l.File), ',')
	}
	line = fmt.Appendf(line, `"line":%d,`, l.Line)
	if l.Number > 0 {
		line = fmt.Appendf(line, `"event_number":%d,`, l.Number)
	}
	switch {
	case l.Event == nil:
		line = append(line, `"event":null`...)
	case !utf8.Valid(l.Event):
		line = append(line, `"event_base64":"`...)
		line = append(base64.StdEncoding.AppendEncode(line, l.Event), '"')
	case canStandInside(l.Event):
		line = append(append(line, `"event":`...), l.Event...)
	default:
		line = appendJSON(append(line, `"event":`...), string(l.Event))
	}
	line = appendJSON(append(line, `,"error":`...), l.Error)
	return fmt.Appendf(line, `,"attempts":%d}`+"\n", l.Attempts)
}

// canStandInside tells whether event is JSON on a single line, means nothing else
// inside a record and may be nested one level deeper without becoming too deep for
// those who read it.
func canStandInside(event []byte) bool {
	if bytes.ContainsAny(event, "\r\n") {
		return false
	}
	if text := bytes.TrimSpace(event); bytes.HasPrefix(text, []byte(`"`)) || bytes.Equal(text, []byte("null")) {
		return false
	}
	return json.Valid(event) && json.Valid(slices.Concat([]byte("["), event, []byte("]")))
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
