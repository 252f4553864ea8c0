// Package input reads events from files and standard input, in the formats in which RudderStack's
// events are stored: JSON Lines, JSON arrays, RudderStack's batches, and lines of its archive, all of
// which may be compressed. It returns the text of each event unchanged, with its position, and doesn't
// interpret it.
package input

import (
	"context"
	"io"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// Stdin is the file name of standard input.
const Stdin = "-"

// DefaultLimit is the default of [Config.Limit].
const DefaultLimit = 16_000_000

// Config configures a Reader.
type Config struct {
	// Files are read in order. [Stdin] may occur once.
	Files []string
	// Stdin is read for the file name [Stdin].
	Stdin io.Reader
	// From is the first event to return. The default is the first event of the first file.
	From Position
	// Limit is the maximum length of a line in bytes, without its line ending, and of an event
	// in an array. The default is [DefaultLimit].
	Limit int
	// Verbatim returns each line unchanged, regardless of the form of the line or the file.
	Verbatim bool
}

// Position is the position of an event.
type Position struct {
	// File is the index of its file in [Config.Files].
	File int `json:"file"`
	// Line is the number of the line in which the event begins, from 1. Blank lines count.
	Line int `json:"line"`
	// Event is the number of the event in a batch or an array, from 1. It is 0 if the line is
	// the event.
	Event int `json:"event,omitempty"`
	// Offset is the number of bytes before the line. It is 0 if reading can't start at the
	// line, because the file is compressed or doesn't consist of lines. [Config.From] may omit
	// it: the file is then read from the beginning.
	Offset int64 `json:"offset"`
}

// Event is an event, or a value that isn't a valid event.
type Event struct {
	Position
	// Next is the position after the event.
	Next Position
	// Form is the form in which it was found.
	Form Form
	// Ended means that the line has a line ending, which the last line of a file may lack.
	Ended bool
	// Text is valid until the next call of [Reader.Next] or [Reader.NextChunk].
	Text []byte
	// TooLong means that the event exceeds the limit. Text is nil then.
	TooLong bool
}

// A Reader reads the events of files in order. It isn't safe for concurrent use.
type Reader struct {
	cfg         Config
	file        int      // index of the current or next file
	content     *content // of the current file, or nil
	size        int64    // bytes read from the last file
	bytesBefore int64    // bytes of the files before the current or next one
	lines       int      // lines of the first file
	fileCounts  map[Compression]int
	chunk       Chunk // used by Next
}

// Open returns a Reader. It checks all files first, and returns an error that names the file
// that can't be read.
func Open(cfg Config) (*Reader, error) {
	if err := checkFiles(cfg.Files); err != nil {
		return nil, err
	}
	if cfg.Limit == 0 {
		cfg.Limit = DefaultLimit
	}
	return &Reader{cfg: cfg, file: cfg.From.File, fileCounts: map[Compression]int{}}, nil
}

// Next returns the next event, or [io.EOF] after the last. It returns when ctx is done, even
// while it waits for input. Don't use Next and NextChunk with the same Reader.
func (r *Reader) Next(ctx context.Context) (Event, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Event{}, err
		}
		if event, ok := r.chunk.Next(); ok {
			if r.chunk.Unwrap(event) {
				continue
			}
			return event, nil
		}
		if err := r.NextChunk(ctx, &r.chunk); err != nil {
			return Event{}, err
		}
	}
}

// NextChunk fills chunk with the next part of the input. It doesn't wait for more input if
// there is at least one event. Otherwise it is like Next.
func (r *Reader) NextChunk(ctx context.Context, chunk *Chunk) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.content == nil {
			if r.file == len(r.cfg.Files) {
				return io.EOF
			}
			if err := r.openFile(); err != nil {
				return err
			}
		}
		err := r.content.fill(ctx, chunk)
		r.size = r.content.size
		switch {
		case err == nil:
			return nil
		case err == io.EOF: // never wrapped
			r.fileCounts[r.content.compression]++
			if r.file == r.cfg.From.File {
				r.lines = r.content.lines()
			}
			r.bytesBefore += r.size
			r.Close()
			r.file++
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			return &ReadError{File: r.cfg.Files[r.file], Index: r.file, Line: r.content.at.Line, Err: err}
		}
	}
}

func (r *Reader) openFile() (err error) {
	from := Position{File: r.file, Line: 1}
	if r.file == r.cfg.From.File {
		from = r.cfg.From
	}
	source, err := openSource(r.cfg.Files[r.file], r.cfg.Stdin, from.Offset)
	if err != nil {
		return err
	}
	r.content = newContent(source, from, r.cfg)
	return nil
}

// Size returns the number of bytes read from the last file, before decompression.
func (r *Reader) Size() int64 { return r.size }

// BytesRead returns the number of bytes read from all files, before decompression, from the
// beginning of the file of [Config.From].
func (r *Reader) BytesRead() int64 {
	if r.content == nil {
		return r.bytesBefore
	}
	return r.bytesBefore + r.content.size
}

// FirstLines returns the number of lines of the file of [Config.From], once all of it was read.
func (r *Reader) FirstLines() int { return r.lines }

// Files counts the files that were read completely by compression.
func (r *Reader) Files() map[Compression]int { return r.fileCounts }

// Close closes the current file.
func (r *Reader) Close() {
	if r.content != nil {
		r.content.close()
		r.content = nil
	}
}

// Name returns a file's name for display. It is quoted if it contains terminal escapes.
func Name(file string) string {
	if file == Stdin {
		return "standard input"
	}
	return terminal.Quote(file)
}
