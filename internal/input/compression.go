package input

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Compression is the compression of a file.
type Compression string

// Values of Compression.
const (
	Uncompressed Compression = "none"
	Gzip         Compression = "gzip"
	Zstd         Compression = "zstd"
)

// maxWindow is the maximum window of a zstd file, which takes memory. It is enough for all
// levels except those of --ultra.
const maxWindow = 8 << 20

// compressions are identified by the first bytes of a file. A file may have several compressed
// parts.
var compressions = []struct {
	compression Compression
	magic       string
	open        func(*bufio.Reader) (io.Reader, error)
}{
	{Gzip, gzipMagic, openGzip},
	{Zstd, zstdMagic, openZstd},
	{Zstd, "\x50\x2a\x4d\x18", openZstd}, // the first frame of pzstd, which is skipped
}

const zstdMagic = "\x28\xb5\x2f\xfd"

func openZstd(file *bufio.Reader) (io.Reader, error) {
	return zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
}

// decompress returns a reader of the decompressed file, and its compression. It reads no more
// of the file than it needs.
func decompress(file io.Reader) (io.Reader, Compression, error) {
	const blockSize = 64 << 10
	reader := &errorRecorder{file: file}
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
			return nil, c.compression, decompressionError(c.compression, err)
		}
		return &decompressed{reader, c.compression, content}, c.compression, nil
	}
	return block, Uncompressed, nil
}

// A decompressed reads a compressed file. It returns errors of reading the file unchanged, and
// explains errors of decompressing.
type decompressed struct {
	file        *errorRecorder
	compression Compression
	content     io.Reader
}

func (d *decompressed) Read(p []byte) (int, error) {
	n, err := d.content.Read(p)
	switch {
	case err == nil || err == io.EOF: // never wrapped
	case d.file.err != nil:
		err = d.file.err
	default:
		err = decompressionError(d.compression, err)
	}
	return n, err
}

// An errorRecorder records the error of reading a file, which a decompressor may replace.
type errorRecorder struct {
	file io.Reader
	err  error
}

func (f *errorRecorder) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// errTrailingData means that the compressed data is followed by other data.
var errTrailingData = errors.New("the compressed data is followed by other data")

// decompressionAdvice explains errors of decompressing.
var decompressionAdvice = []struct {
	err  error
	what string
}{
	{io.ErrUnexpectedEOF, "incomplete compressed file; it may have been cut off"},
	{errTrailingData, "the compressed data is followed by other data; remove it, or put it in a separate file"},
	{zstd.ErrMagicMismatch, "the compressed data is followed by other data; remove it, or put it in a separate file"},
	{zstd.ErrWindowSizeExceeded, "decompression needs too much memory; compress the file again without zstd's --long and --ultra"},
	{zstd.ErrDecoderSizeExceeded, "decompression needs too much memory; compress the file again without zstd's --long and --ultra"},
	{zstd.ErrUnknownDictionary, "the file is compressed with a dictionary; compress it again without zstd's -D"},
}

// decompressionError returns the error of a file that can't be decompressed.
func decompressionError(c Compression, err error) error {
	for _, known := range decompressionAdvice {
		if errors.Is(err, known.err) {
			return fmt.Errorf("%s (%w)", known.what, err)
		}
	}
	return fmt.Errorf("damaged compressed file; download or compress it again (%s: %w)", c, err)
}
