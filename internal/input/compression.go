package input

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Compression is how a file is compressed.
type Compression string

// The values of Compression.
const (
	Uncompressed Compression = "none"
	Gzip         Compression = "gzip"
	Zstd         Compression = "zstd"
)

// maxWindow is how far back in its own output a file of zstd may refer, which is
// memory it takes: what all levels need but those that zstd calls ultra.
const maxWindow = 8 << 20

// compressions are told by the bytes that a file begins with. Each may consist of
// several parts, one behind the other.
var compressions = []struct {
	compression Compression
	magic       string
	open        func(*bufio.Reader) (io.Reader, error)
}{
	{Gzip, gzipMagic, openGzip},
	{Zstd, zstdMagic, openZstd},
	{Zstd, "\x50\x2a\x4d\x18", openZstd}, // the frame that pzstd begins with, which is passed over
}

const zstdMagic = "\x28\xb5\x2f\xfd"

func openZstd(file *bufio.Reader) (io.Reader, error) {
	return zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
}

// decompress gives what is in a file, and how it is compressed. It waits for no
// more of the file than the bytes that tell.
func decompress(file io.Reader) (io.Reader, Compression, error) {
	const blockSize = 64 << 10
	reader := &failing{file: file}
	block := bufio.NewReaderSize(reader, blockSize)
	first, err := block.Peek(1)
	if err != nil {
		return block, Uncompressed, err
	}
	for _, c := range compressions {
		if c.magic[0] != first[0] {
			continue
		}
		if head, err := block.Peek(len(c.magic)); err != nil || string(head) != c.magic {
			continue
		}
		content, err := c.open(block)
		if err != nil {
			return nil, c.compression, damaged(c.compression, err)
		}
		return &decompressed{reader, c.compression, content}, c.compression, nil
	}
	return block, Uncompressed, nil
}

// decompressed is the content of a compressed file. Its errors say what is wrong with the
// file, unless they are those of reading it.
type decompressed struct {
	file        *failing
	compression Compression
	content     io.Reader
}

func (d *decompressed) Read(p []byte) (int, error) {
	n, err := d.content.Read(p)
	switch {
	case err == nil || err == io.EOF: // not wrapped
	case d.file.err != nil:
		err = d.file.err
	default:
		err = damaged(d.compression, err)
	}
	return n, err
}

// failing remembers the error of reading a file, which a decompressor may give as its own.
type failing struct {
	file io.Reader
	err  error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// errFollowed is the error of a file in which something else follows what is compressed.
var errFollowed = errors.New("something follows the compressed data that isn't compressed alike")

// damages say what errors of decompressing mean, and what can be done.
var damages = []struct {
	err  error
	what string
}{
	{io.ErrUnexpectedEOF, "the compressed file ends before it is whole; was it cut off?"},
	{errFollowed, "the compressed file isn't compressed to its end: cut off what follows, or put it in a file of its own"},
	{zstd.ErrMagicMismatch, "the compressed file isn't compressed to its end: cut off what follows, or put it in a file of its own"},
	{zstd.ErrWindowSizeExceeded, "more memory is needed than is given; compress the file anew, without zstd's --long and --ultra"},
	{zstd.ErrDecoderSizeExceeded, "more memory is needed than is given; compress the file anew, without zstd's --long and --ultra"},
	{zstd.ErrUnknownDictionary, "it is compressed with a dictionary; compress the file anew, without zstd's -D"},
}

// damaged is the error of a file that can't be decompressed.
func damaged(c Compression, err error) error {
	for _, known := range damages {
		if errors.Is(err, known.err) {
			return fmt.Errorf("%s (%w)", known.what, err)
		}
	}
	return fmt.Errorf("the compressed file is damaged; get it, or compress it, anew (%s: %w)", c, err)
}
