package input

import (
	"bytes"
	"context"
	"io"
)

// A content is the content of an open file.
type content struct {
	source   source
	from     Position // the first event to return, if it is in this file
	limit    int
	verbatim bool

	ctx         context.Context // of the current call
	size        int64           // number of bytes read from the file
	compression Compression
	text        io.Reader // the decompressed file; nil before the first read
	splitter    splitter  // nil until the form is known
	rest        []byte    // what was read ahead
	restPos     int       // start of the unused part of rest
	at          Position  // where the next chunk begins; its offset is valid if seekable
	midLine     bool      // at is within a line
	seekable    bool      // reading can start at any line
	err         error     // why there is no more after rest
	splitErr    error     // why the rest can't be split
}

// A splitter finds whole events.
type splitter interface {
	// split adds the events at the beginning of text to the chunk, and returns how many bytes
	// of text are done. The next text continues there. at is the position of text. last means
	// that there is no more text.
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

// fill fills the chunk. It reads until the chunk is full, or until it has an event if reading
// may block. After the last event it returns io.EOF.
func (c *content) fill(ctx context.Context, chunk *Chunk) error {
	c.ctx = ctx
	if c.splitErr != nil {
		return c.splitErr
	}
	chunk.begin(c)
	text, err := c.detect(c.takeRest(chunk.text, chunkSize))
	if err != nil {
		c.unread(text)
		return err
	}
	chunk.text = text // its previous memory may now be rest
	if cap(c.rest) > maxReusedSize {
		chunk.readAhead = cap(c.rest) // until it is released
	}
	for {
		n, err := c.splitter.split(chunk, text, c.nextPosition(), c.err == io.EOF && c.atEOF())
		c.skip(text[:n])
		if c.splitErr = err; err != nil && chunk.isEmpty() {
			return err
		}
		if !chunk.isEmpty() {
			c.unread(text[n:])
			chunk.text, chunk.size = text, cap(text)+chunk.readAhead
			return nil
		}
		text = text[:copy(text, text[n:])]
		if c.atEOF() {
			c.skip(text)
			return c.err
		}
		if text, err = c.read(text); err != nil {
			c.unread(text)
			return err
		}
	}
}

// takeRest appends text that was read ahead, up to the length full.
func (c *content) takeRest(text []byte, full int) []byte {
	n := copy(text[len(text):full], c.rest[c.restPos:])
	c.restPos += n
	return text[:len(text)+n]
}

// unread returns the end of the text that was taken or read last. It is only copied if
// necessary, since there may be much of it and chunks may be small.
func (c *content) unread(text []byte) {
	if c.restPos > 0 {
		c.restPos -= len(text)
		return
	}
	c.rest = append(c.rest, text...)
}

// atEOF reports whether there is nothing more to read.
func (c *content) atEOF() bool { return c.err != nil && c.restPos == len(c.rest) }

var newline = []byte("\n")

// skip counts text that is done.
func (c *content) skip(text []byte) {
	if len(text) == 0 {
		return
	}
	c.at.Line += bytes.Count(text, newline)
	c.at.Offset += int64(len(text))
	c.midLine = !bytes.HasSuffix(text, newline)
}

// lines returns the number of lines before rest.
func (c *content) lines() int {
	if c.midLine {
		return c.at.Line
	}
	return c.at.Line - 1
}

// nextPosition returns the position of rest.
func (c *content) nextPosition() Position {
	at := c.at
	if !c.seekable {
		at.Offset = 0
	}
	return at
}

// read reads more text, and records why there is no more. It only returns an error if ctx is
// done. Callers that read repeatedly keep at most as much text as the limit needs.
func (c *content) read(text []byte) ([]byte, error) {
	if err := c.ctx.Err(); err != nil {
		return text, err
	}
	if len(text) == cap(text) {
		// Grow to the limit in one step, since the old memory is still in use.
		size := max(2*cap(text), chunkSize)
		if most := c.limit + len(byteOrderMark) + len("\r\n") + chunkSize; size > min(most, maxReusedSize) {
			size = max(most, chunkSize)
		}
		text = append(make([]byte, 0, size), text...)
	}
	// Read little beyond a long line, since that has to be copied.
	full := min(cap(text), len(text)+max(chunkSize, len(text)/8))
	if c.restPos < len(c.rest) {
		return c.takeRest(text, full), nil
	}
	c.rest, c.restPos = c.rest[:0], 0
	if cap(c.rest) > maxReusedSize {
		c.rest = nil
	}
	for {
		n, err := c.text.Read(text[len(text):full])
		text = text[:len(text)+n]
		if err != nil && c.ctx.Err() != nil {
			return text, c.ctx.Err()
		}
		if c.err = err; err != nil || len(text) == full || c.source.mayBlock() {
			return text, nil
		}
	}
}

// detect detects the compression and the form of the file before the first chunk. It reads no
// more than necessary, and returns the text for the chunk.
func (c *content) detect(text []byte) (_ []byte, err error) {
	if c.splitter != nil {
		return text, nil
	}
	plain := c.verbatim || c.from.Offset > 0 // only files of lines have offsets
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
		if text, form, err = c.detectForm(text); err != nil {
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
		c.rest, c.restPos = text, 0
		text = c.takeRest(make([]byte, 0, chunkSize), chunkSize)
	}
	return text, nil
}

// detectForm detects the form of the file, or returns an error if it isn't supported.
func (c *content) detectForm(text []byte) (_ []byte, form Form, err error) {
	checked := c.from.Line > 1 // was checked in an earlier run
	for known := false; ; {
		text = c.skipBlankLines(text)
		all := c.atEOF()
		if hasLongMargin(text, c.limit) {
			return text, FormJSONLines, nil
		}
		if !checked {
			if err, checked = checkSupported(text, all); err != nil {
				return text, "", err
			}
		}
		if form, known = detectForm(text, all); known && checked {
			break
		}
		if text, err = c.read(text); err != nil {
			return text, "", err
		}
	}
	if form != FormJSONLines {
		return text, form, nil
	}
	if hasCRLines(text[:min(len(text), headSize)]) {
		return text, "", errCRLines
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

// skipBlankLines skips the blank lines at the beginning of the file.
func (c *content) skipBlankLines(text []byte) []byte {
	mark := 0
	if c.at.Offset == 0 && bytes.HasPrefix(text, byteOrderMark) {
		mark = len(byteOrderMark)
	}
	blank := len(text) - len(bytes.TrimLeft(text[mark:], " \t\r\n"))
	n := bytes.LastIndexByte(text[:blank], '\n') + 1
	c.skip(text[:n])
	return text[:copy(text, text[n:])]
}

// readLine reads to the end of the first line that isn't blank, or until it exceeds the limit,
// and reports whether it does.
func (c *content) readLine(text []byte) (_ []byte, long bool, err error) {
	begin := firstLine(text)
	for seen := begin; ; {
		end := bytes.IndexByte(text[seen:], '\n')
		if end >= 0 {
			return text, len(bytes.TrimSuffix(text[begin:seen+end], []byte("\r"))) > c.limit, nil
		}
		seen = len(text)
		if seen-begin > c.limit+len("\r") || c.atEOF() {
			return text, len(bytes.TrimSuffix(text[begin:], []byte("\r"))) > c.limit, nil
		}
		if text, err = c.read(text); err != nil {
			return text, false, err
		}
	}
}

// readFile checks the context itself: some sources don't, and a small file may be decompressed
// to any length, or to nothing.
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
