// Package input reads lines from files and from standard input. It knows
// nothing of events: a line is handed on as it stands, with its number.
package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	// From is the first line to give. The default is the first of the first file.
	From Position
	// Limit is the length of the longest line in bytes, without its end. The
	// default is [DefaultLimit].
	Limit int
	// OnWait, if set, is called before more input is read, which may take long.
	OnWait func()
}

// Position is where a line begins.
type Position struct {
	// File is the index of its file in [Config.Files].
	File int `json:"file"`
	// Line counts the lines of the file from 1, blank ones too.
	Line int `json:"line"`
	// Offset is the number of bytes before it. [Config.From] may leave it out:
	// the lines before are then read and passed over.
	Offset int64 `json:"offset"`
}

// Line is a line that isn't blank.
type Line struct {
	Position
	// End is the offset of the next line.
	End int64
	// Ended tells that the line has its end, which a file's last may lack.
	Ended bool
	// Text is the line without its end. It is valid until the next call of
	// [Reader.Next].
	Text []byte
	// TooLong is set for a line over the limit, whose Text is nil.
	TooLong bool
}

// Reader gives the lines of files in order. It isn't safe for concurrent use.
type Reader struct {
	cfg    Config
	ctx    context.Context // of the call of Next that is under way
	file   int             // index of the file that is open or comes next
	source source          // the open file, or nil
	lines  *lineReader     // of source
	number int             // of the last line read
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
	r := &Reader{cfg: cfg, file: cfg.From.File}
	r.lines = newLineReader(readerFunc(r.read), cfg.Limit)
	return r, nil
}

// Next gives the next line that isn't blank, or [io.EOF] after the last. It
// gives up when ctx is done, even while it waits for input.
func (r *Reader) Next(ctx context.Context) (Line, error) {
	r.ctx = ctx
	for {
		if err := ctx.Err(); err != nil {
			return Line{}, err
		}
		if r.source == nil {
			if r.file == len(r.cfg.Files) {
				return Line{}, io.EOF
			}
			if err := r.open(); err != nil {
				return Line{}, err
			}
		}
		begin := r.lines.offset
		text, tooLong, err := r.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			r.Close()
			r.file++
			continue
		case err != nil && ctx.Err() != nil:
			return Line{}, ctx.Err()
		case err != nil:
			return Line{}, fmt.Errorf("%s after line %d: %w", Name(r.cfg.Files[r.file]), r.number, err)
		}
		r.number++
		if r.file == r.cfg.From.File && r.number < r.cfg.From.Line {
			continue
		}
		if tooLong || len(bytes.TrimSpace(text)) > 0 {
			return Line{
				Position: Position{File: r.file, Line: r.number, Offset: begin},
				End:      r.lines.offset,
				Ended:    r.lines.ended,
				Text:     text,
				TooLong:  tooLong,
			}, nil
		}
	}
}

func (r *Reader) open() (err error) {
	var from Position
	if r.file == r.cfg.From.File && r.cfg.From.Offset > 0 {
		from = r.cfg.From
	}
	r.source, err = openSource(r.cfg.Files[r.file], r.cfg.Stdin, from.Offset)
	r.lines.reset(from.Offset)
	r.number = max(from.Line-1, 0)
	return err
}

// Offset is how much of the file that was read last has been read, in bytes.
func (r *Reader) Offset() int64 { return r.lines.offset }

// Close closes the file that is open.
func (r *Reader) Close() {
	if r.source != nil {
		r.source.close()
		r.source = nil
	}
}

func (r *Reader) read(p []byte) (int, error) {
	if r.cfg.OnWait != nil {
		r.cfg.OnWait()
	}
	return r.source.read(r.ctx, p)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Name is a file's name for a person.
func Name(file string) string {
	if file == Stdin {
		return "standard input"
	}
	return file
}
