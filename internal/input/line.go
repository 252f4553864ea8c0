package input

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// blockSize is how many bytes are read at once.
const blockSize = 64 << 10

var byteOrderMark = []byte("\uFEFF")

// lineReader splits a file into lines of any length and keeps no more of one
// than the limit.
type lineReader struct {
	file  io.Reader
	block *bufio.Reader
	limit int    // bytes without the line's end
	long  []byte // holds a line that doesn't fit into a block
	first bool   // the next line is the first of its file

	offset int64 // of the next line
	ended  bool  // the last line had its end
}

func newLineReader(file io.Reader, limit int) *lineReader {
	return &lineReader{file: file, limit: limit, block: bufio.NewReaderSize(nil, blockSize)}
}

// reset begins another file, at an offset that a line begins at.
func (r *lineReader) reset(offset int64) {
	r.block.Reset(r.file)
	r.first = offset == 0
	r.offset = offset
}

// next gives a line without its end, valid until the next call. The error is
// io.EOF if there was none.
func (r *lineReader) next() (text []byte, tooLong bool, err error) {
	most := r.limit + len(byteOrderMark) + len("\r\n")
	r.long = r.long[:0]
	for {
		part, err := r.block.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, false, err
		}
		r.offset += int64(len(part))
		r.ended = err == nil
		if len(r.long)+len(part) > most {
			tooLong = true
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			if !tooLong {
				r.long = append(r.long, part...)
			}
			continue
		}
		if errors.Is(err, io.EOF) && len(part) == 0 && len(r.long) == 0 && !tooLong {
			return nil, false, err
		}
		if tooLong {
			r.first = false
			return nil, true, nil
		}
		if len(r.long) > 0 {
			r.long = append(r.long, part...)
			part = r.long
		}
		text = r.trim(part)
		return text, len(text) > r.limit, nil
	}
}

// trim takes off the line's end, and what some editors put before a file's first line.
func (r *lineReader) trim(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if r.first {
		line = bytes.TrimPrefix(line, byteOrderMark)
		r.first = false
	}
	return line
}
