package input

import (
	"bytes"
	"context"
	"io"
)

// content is what is in a file that is open.
type content struct {
	source   source
	from     Position // the first event to give, if it is in this file
	limit    int
	verbatim bool

	ctx         context.Context // of the call that is under way
	size        int64           // of the file, as far as it was read
	compression Compression
	text        io.Reader // of the file, decompressed; nil before the first read
	splitter    splitter  // nil while the form isn't known
	rest        []byte    // what was read and isn't part of a chunk yet
	at          Position  // where rest begins; its offset counts if seekable
	openLine    bool      // what is before rest ends within a line
	seekable    bool      // reading can begin at any line
	err         error     // why there is no more after rest
	broken      error     // why rest is of no use
}

// splitter finds whole events.
type splitter interface {
	// split puts the events that text begins with into the chunk, and tells how much
	// of text it needs no more. The next text goes on there. The text begins at a
	// position, and is the last if there is no more of it.
	split(chunk *Chunk, text []byte, at Position, last bool) (int, error)
}

func newContent(source source, from Position, cfg Config) *content {
	c := &content{source: source, from: from, limit: cfg.Limit, verbatim: cfg.Verbatim}
	c.at, c.size = Position{File: from.File, Line: 1}, from.Offset
	if from.Offset > 0 {
		c.at = Position{File: from.File, Line: from.Line, Offset: from.Offset}
	}
	return c
}

// fill fills the chunk with what follows. It reads until the chunk is full, or
// has an event where reading may take long. After the last event the error is
// io.EOF.
func (c *content) fill(ctx context.Context, chunk *Chunk) error {
	c.ctx = ctx
	if c.broken != nil {
		return c.broken
	}
	if err := c.recognize(); err != nil {
		return err
	}
	chunk.begin(c)
	text := append(chunk.text, c.rest...)
	c.rest = c.rest[:0]
	for {
		n, err := c.splitter.split(chunk, text, c.place(), c.err == io.EOF)
		c.pass(text[:n])
		if c.broken = err; err != nil && chunk.isEmpty() {
			return err
		}
		if !chunk.isEmpty() {
			c.rest = append(c.rest, text[n:]...)
			chunk.text = text
			return nil
		}
		text = text[:copy(text, text[n:])]
		if c.err != nil {
			c.pass(text)
			return c.err
		}
		if text, err = c.read(text); err != nil {
			c.rest = append(c.rest, text...)
			return err
		}
	}
}

var newline = []byte("\n")

// pass counts text that is needed no more.
func (c *content) pass(text []byte) {
	if len(text) == 0 {
		return
	}
	c.at.Line += bytes.Count(text, newline)
	c.at.Offset += int64(len(text))
	c.openLine = !bytes.HasSuffix(text, newline)
}

// lines is how many lines there are before rest.
func (c *content) lines() int {
	if c.openLine {
		return c.at.Line
	}
	return c.at.Line - 1
}

// place is where rest begins, for a reader that wants to go on there.
func (c *content) place() Position {
	at := c.at
	if !c.seekable {
		at.Offset = 0
	}
	return at
}

// read reads more, and notes why there is no more. Its own error is that ctx is
// done, which doesn't end the file.
func (c *content) read(text []byte) ([]byte, error) {
	if len(text) == cap(text) {
		// The last step is a large one, for the old memory is there beside the new.
		size := max(2*cap(text), chunkSize)
		if most := c.limit + len(byteOrderMark) + len("\r\n") + chunkSize; size > min(most, 4*chunkSize) {
			size = max(most, chunkSize)
		}
		text = append(make([]byte, 0, size), text...)
	}
	// What follows a long line is copied, so that not much of it is read.
	full := min(cap(text), len(text)+max(chunkSize, len(text)/8))
	for {
		n, err := c.text.Read(text[len(text):full])
		text = text[:len(text)+n]
		if err != nil && c.ctx.Err() != nil {
			return text, c.ctx.Err()
		}
		if c.err = err; err != nil || len(text) == full || c.source.waits() {
			return text, nil
		}
	}
}

// recognize finds out how the file is compressed and what form it has. It reads
// no more than tells.
func (c *content) recognize() (err error) {
	if c.text == nil {
		switch {
		case c.verbatim, c.from.Offset > 0: // where only lines have one
			c.text, c.compression = readerFunc(c.readFile), Uncompressed
		default:
			c.text, c.compression, err = decompress(readerFunc(c.readFile))
		}
		if err != nil && err != io.EOF {
			c.text = nil
			return err
		}
	}
	for c.splitter == nil {
		form, known := FormJSONLines, true
		if !c.verbatim && c.from.Offset == 0 {
			form, known = sniff(c.rest, c.err != nil)
		}
		switch {
		case !known:
			if c.rest, err = c.read(c.rest); err != nil {
				return err
			}
		case form == FormJSONLines:
			c.seekable = c.compression == Uncompressed
			c.splitter = &lines{limit: c.limit, seekable: c.seekable}
		default:
			c.splitter = &document{limit: c.limit}
		}
	}
	return nil
}

func (c *content) readFile(p []byte) (int, error) {
	n, err := c.source.read(c.ctx, p)
	c.size += int64(n)
	return n, err
}

func (c *content) close() { c.source.close() }

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
