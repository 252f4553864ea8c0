package input

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
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
	open        func(io.Reader) (io.Reader, error)
}{
	{Gzip, "\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{Zstd, "\x28\xb5\x2f\xfd", openZstd},
	{Zstd, "\x50\x2a\x4d\x18", openZstd}, // the frame that pzstd begins with, which is passed over
}

func openZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
}

// decompress gives what is in a file, and how it is compressed. It waits for no
// more of the file than the bytes that tell.
func decompress(file io.Reader) (io.Reader, Compression, error) {
	const blockSize = 64 << 10
	block := bufio.NewReaderSize(file, blockSize)
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
		return content, c.compression, err
	}
	return block, Uncompressed, nil
}
