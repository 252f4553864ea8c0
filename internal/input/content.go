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
	rest        []byte    // what was read ahead
	taken       int       // how much of rest is part of a chunk
	at          Position  // where the next chunk begins; its offset counts if seekable
	openLine    bool      // what is before at ends within a line
	seekable    bool      // reading can begin at any line
	err         error     // why there is no more after rest
	broken      error     // why what follows is of no use
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
	chunk.begin(c)
	text, err := c.recognize(c.take(chunk.text, chunkSize))
	if err != nil {
		c.giveBack(text)
		return err
	}
	chunk.text = text // its earlier memory may be rest's
	if cap(c.rest) > keptSize {
		chunk.ahead = cap(c.rest) // until it is let go, which may be for this chunk
	}
	for {
		n, err := c.splitter.split(chunk, text, c.place(), c.err == io.EOF && c.isRead())
		c.pass(text[:n])
		if c.broken = err; err != nil && chunk.isEmpty() {
			return err
		}
		if !chunk.isEmpty() {
			c.giveBack(text[n:])
			chunk.text, chunk.size = text, cap(text)+chunk.ahead
			return nil
		}
		text = text[:copy(text, text[n:])]
		if c.isRead() {
			c.pass(text)
			return c.err
		}
		if text, err = c.read(text); err != nil {
			c.giveBack(text)
			return err
		}
	}
}

// take appends what was read ahead, up to a size of the text.
func (c *content) take(text []byte, full int) []byte {
	n := copy(text[len(text):full], c.rest[c.taken:])
	c.taken += n
	return text[:len(text)+n]
}

// giveBack takes back the end of what was taken or read last. It isn't copied as long as
// it is there: much may have been read ahead, and chunks of it be small.
func (c *content) giveBack(text []byte) {
	if c.taken > 0 {
		c.taken -= len(text)
		return
	}
	c.rest = append(c.rest, text...)
}

// isRead tells that there is nothing more to read.
func (c *content) isRead() bool { return c.err != nil && c.taken == len(c.rest) }

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
// done, which doesn't end the file. Whoever calls it without end keeps no more of the text
// than what the limit needs.
func (c *content) read(text []byte) ([]byte, error) {
	if err := c.ctx.Err(); err != nil {
		return text, err
	}
	if len(text) == cap(text) {
		// The last step is a large one, for the old memory is there beside the new.
		size := max(2*cap(text), chunkSize)
		if most := c.limit + len(byteOrderMark) + len("\r\n") + chunkSize; size > min(most, keptSize) {
			size = max(most, chunkSize)
		}
		text = append(make([]byte, 0, size), text...)
	}
	// What follows a long line is copied, so that not much of it is read.
	full := min(cap(text), len(text)+max(chunkSize, len(text)/8))
	if c.taken < len(c.rest) {
		return c.take(text, full), nil
	}
	c.rest, c.taken = c.rest[:0], 0
	if cap(c.rest) > keptSize {
		c.rest = nil
	}
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

// recognize finds out, before the first chunk, how the file is compressed and what form
// it has. It reads no more than tells, and gives what there is for the chunk.
func (c *content) recognize(text []byte) (_ []byte, err error) {
	if c.splitter != nil {
		return text, nil
	}
	plain := c.verbatim || c.from.Offset > 0 // only lines have an offset
	if c.text == nil {
		if plain {
			c.text, c.compression = readerFunc(c.readFile), Uncompressed
		} else if c.text, c.compression, err = decompress(readerFunc(c.readFile)); err != nil && err != io.EOF {
			c.text = nil
			return text, err
		}
	}
	form := FormJSONLines
	if !plain {
		if text, form, err = c.sniff(text); err != nil {
			return text, err
		}
	}
	if form == FormJSONLines {
		c.seekable = c.compression == Uncompressed
		c.splitter = &lines{limit: c.limit, seekable: c.seekable}
		return text, nil
	}
	c.splitter = &document{limit: c.limit}
	if len(text) > chunkSize {
		c.rest, c.taken = text, 0
		text = c.take(make([]byte, 0, chunkSize), chunkSize)
	}
	return text, nil
}

// sniff finds out whether the file holds events, and in what form.
func (c *content) sniff(text []byte) (_ []byte, form Form, err error) {
	judged := c.from.Line > 1 // whoever goes on has had it judged, or knows better
	for known := false; ; {
		text = c.passBlankLines(text)
		all := c.isRead()
		if hasLongMargin(text, c.limit) {
			return text, FormJSONLines, nil
		}
		if !judged {
			if err, judged = refuse(text, all); err != nil {
				return text, "", err
			}
		}
		if form, known = sniff(text, all); known && judged {
			break
		}
		if text, err = c.read(text); err != nil {
			return text, "", err
		}
	}
	if form != FormJSONLines {
		return text, form, nil
	}
	if isOldMac(text[:min(len(text), headSize)]) {
		return text, "", errOldMac
	}
	if first := bytes.TrimLeft(text[firstLine(text):], " \t"); len(first) == 0 || first[0] != '{' {
		return text, form, nil
	}
	text, long, err := c.readLine(text)
	if long && isLongForm(bytes.TrimLeft(text[firstLine(text):], " \t")) {
		form = FormJSON
	}
	return text, form, err
}

// passBlankLines passes over the blank lines that the file begins with, however many
// they are.
func (c *content) passBlankLines(text []byte) []byte {
	mark := 0
	if c.at.Offset == 0 && bytes.HasPrefix(text, byteOrderMark) {
		mark = len(byteOrderMark)
	}
	blank := len(text) - len(bytes.TrimLeft(text[mark:], " \t\r\n"))
	n := bytes.LastIndexByte(text[:blank], '\n') + 1
	c.pass(text[:n])
	return text[:copy(text, text[n:])]
}

// readLine reads on to the end of the first line that isn't blank, or until it is over
// the limit, and tells whether it is.
func (c *content) readLine(text []byte) (_ []byte, long bool, err error) {
	begin := firstLine(text)
	for seen := begin; ; {
		end := bytes.IndexByte(text[seen:], '\n')
		if end >= 0 {
			return text, len(bytes.TrimSuffix(text[begin:seen+end], []byte("\r"))) > c.limit, nil
		}
		seen = len(text)
		if seen-begin > c.limit+len("\r") || c.isRead() {
			return text, len(bytes.TrimSuffix(text[begin:], []byte("\r"))) > c.limit, nil
		}
		if text, err = c.read(text); err != nil {
			return text, false, err
		}
	}
}

// readFile looks at the context itself: not every file does, and a small one may be
// decompressed to any length, or to nothing.
func (c *content) readFile(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.source.read(c.ctx, p)
	c.size += int64(n)
	return n, err
}

func (c *content) close() { c.source.close() }

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
