// Package input reads events from files and from standard input, in the forms in
// which RudderStack's events lie around: JSON Lines, a JSON array, RudderStack's
// batches, lines of its archive, and all of them compressed. What an event means
// it doesn't know: the text is handed on as it stands, with its position.
package input

import (
	"context"
	"io"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// Stdin is the file name that stands for standard input.
const Stdin = "-"

// DefaultLimit is the length in bytes that a line may have unless
// [Config.Limit] says otherwise.
const DefaultLimit = 16_000_000

// Config says what to read.
type Config struct {
	// Files are read one after the other. [Stdin] may be among them once.
	Files []string
	// Stdin is what the file name [Stdin] reads.
	Stdin io.Reader
	// From is the first event to give. The default is the first of the first file.
	From Position
	// Limit is the length of the longest line in bytes, without its end, and of the
	// longest event of an array. The default is [DefaultLimit].
	Limit int
	// Verbatim gives each line as it is, whatever form it or the file has.
	Verbatim bool
}

// Position is where an event stands.
type Position struct {
	// File is the index of its file in [Config.Files].
	File int `json:"file"`
	// Line counts the lines of the file from 1, blank ones too. It is that in which
	// the event begins.
	Line int `json:"line"`
	// Event counts the events of a batch or of an array from 1. It is 0 where the
	// line is the event.
	Event int `json:"event,omitempty"`
	// Offset is the number of bytes before the line. It is 0 where reading can't
	// begin at the line, since the file is compressed or isn't made of lines.
	// [Config.From] may leave it out: what is before is then read and passed over.
	Offset int64 `json:"offset"`
}

// Event is an event, or what stands in its place.
type Event struct {
	Position
	// Next is where to go on after it.
	Next Position
	// Form is that in which it was found.
	Form Form
	// Ended tells that the line has its end, which a file's last may lack.
	Ended bool
	// Text is valid until the next call of [Reader.Next] or [Reader.NextChunk].
	Text []byte
	// TooLong is set where the limit is passed; Text is nil then.
	TooLong bool
}

// Reader gives the events of files in order. It isn't safe for concurrent use.
type Reader struct {
	cfg   Config
	file  int      // index of the file that is open or comes next
	open  *content // of that file, or nil
	size  int64    // of the file that was read last, as far as it was read
	read  int64    // of the files before the one that is open or comes next
	lines int      // of the first file
	found map[Compression]int
	chunk Chunk // that Next gives from
}

// Open makes a Reader. It checks each file first and returns an error that
// names the one that can't be read.
func Open(cfg Config) (*Reader, error) {
	if err := check(cfg.Files); err != nil {
		return nil, err
	}
	if cfg.Limit == 0 {
		cfg.Limit = DefaultLimit
	}
	return &Reader{cfg: cfg, file: cfg.From.File, found: map[Compression]int{}}, nil
}

// Next gives the next event, or [io.EOF] after the last. It gives up when ctx is
// done, even while it waits for input. It and NextChunk aren't for the same Reader.
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

// NextChunk fills a chunk with the next part of the input, in place of what was
// in it. It gives what there is and doesn't wait for more than one event.
// Otherwise it is as Next.
func (r *Reader) NextChunk(ctx context.Context, chunk *Chunk) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.open == nil {
			if r.file == len(r.cfg.Files) {
				return io.EOF
			}
			if err := r.openFile(); err != nil {
				return err
			}
		}
		err := r.open.fill(ctx, chunk)
		r.size = r.open.size
		switch {
		case err == nil:
			return nil
		case err == io.EOF: // not wrapped
			r.found[r.open.compression]++
			if r.file == r.cfg.From.File {
				r.lines = r.open.lines()
			}
			r.read += r.size
			r.Close()
			r.file++
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			return &ReadError{File: r.cfg.Files[r.file], Index: r.file, Line: r.open.at.Line, Err: err}
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
	r.open = newContent(source, from, r.cfg)
	return nil
}

// Size is how much of the file that was read last has been read, in bytes of the
// file itself.
func (r *Reader) Size() int64 { return r.size }

// BytesRead is how much of all files has been read, in bytes of the files themselves,
// from the beginning of the one that [Config.From] is in.
func (r *Reader) BytesRead() int64 {
	if r.open == nil {
		return r.read
	}
	return r.read + r.open.size
}

// FirstLines is how many lines the file has that [Config.From] is in, once all of it was
// read.
func (r *Reader) FirstLines() int { return r.lines }

// Files counts the files that were read to their end by how they are compressed.
func (r *Reader) Files() map[Compression]int { return r.found }

// Close closes the file that is open.
func (r *Reader) Close() {
	if r.open != nil {
		r.open.close()
		r.open = nil
	}
}

// Name is a file's name for a person. It is quoted if a terminal would obey it.
func Name(file string) string {
	if file == Stdin {
		return "standard input"
	}
	return terminal.Quote(file)
}
