package input

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
)

const gzipMagic = "\x1f\x8b"

// A gzipFile reads the members of a gzip file. The gzip package can do that too, but it treats
// a truncated header as the end of the file, and trailing zeros, which pad blocks of tapes and
// devices, as an error.
type gzipFile struct {
	file     *bufio.Reader
	member   gzip.Reader
	inMember bool // a member
	started  bool
}

func openGzip(file *bufio.Reader) (io.Reader, error) { return &gzipFile{file: file}, nil }

func (g *gzipFile) Read(p []byte) (int, error) {
	for {
		if !g.inMember {
			if err := g.nextMember(); err != nil {
				return 0, err
			}
		}
		n, err := g.member.Read(p)
		if err != io.EOF { // never wrapped
			return n, err
		}
		if g.inMember = false; n > 0 {
			return n, nil
		}
	}
}

// nextMember starts the next member. After the last it returns io.EOF.
func (g *gzipFile) nextMember() error {
	if g.started {
		if err := g.skipZeros(); err != nil {
			return err
		}
		// The gzip package reports anything shorter than a header as truncated.
		if magic, _ := g.file.Peek(len(gzipMagic)); !strings.HasPrefix(gzipMagic, string(magic)) {
			return errTrailingData
		}
	}
	err := g.member.Reset(g.file)
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF // the header is incomplete
	case errors.Is(err, gzip.ErrHeader) && g.started:
		return errTrailingData
	case err != nil:
		return err
	}
	g.member.Multistream(false)
	g.inMember, g.started = true, true
	return nil
}

// skipZeros skips zero bytes.
func (g *gzipFile) skipZeros() error {
	for {
		b, err := g.file.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return g.file.UnreadByte()
		}
	}
}
