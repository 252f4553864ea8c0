package input

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
)

const gzipMagic = "\x1f\x8b"

// gzipFile gives what is in the members of a gzip file, one after the other. The library
// could do so too, but takes one whose header is cut off for the end of the file, and the
// zeros behind the last, which fill up the block of a tape or a device, for a fault.
type gzipFile struct {
	file   *bufio.Reader
	member gzip.Reader
	within bool // a member
	begun  bool
}

func openGzip(file *bufio.Reader) (io.Reader, error) { return &gzipFile{file: file}, nil }

func (g *gzipFile) Read(p []byte) (int, error) {
	for {
		if !g.within {
			if err := g.nextMember(); err != nil {
				return 0, err
			}
		}
		n, err := g.member.Read(p)
		if err != io.EOF { // not wrapped
			return n, err
		}
		if g.within = false; n > 0 {
			return n, nil
		}
	}
}

// nextMember begins with the next member. After the last the error is io.EOF.
func (g *gzipFile) nextMember() error {
	if g.begun {
		if err := g.passZeros(); err != nil {
			return err
		}
		// The library calls what is shorter than a header cut off, whatever it is.
		if magic, _ := g.file.Peek(len(gzipMagic)); !strings.HasPrefix(gzipMagic, string(magic)) {
			return errFollowed
		}
	}
	err := g.member.Reset(g.file)
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF // there is some of its header
	case errors.Is(err, gzip.ErrHeader) && g.begun:
		return errFollowed
	case err != nil:
		return err
	}
	g.member.Multistream(false)
	g.within, g.begun = true, true
	return nil
}

// passZeros goes to the next byte that isn't zero, if there is one.
func (g *gzipFile) passZeros() error {
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
