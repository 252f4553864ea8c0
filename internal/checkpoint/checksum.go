package checkpoint

import (
	"crypto/sha256"
	"hash"
	"io"
)

// mostWhole is how many bytes of a file have a checksum of all of them, in about a
// second. One of more bytes is of blocks at equal distances, among them the first and the
// last: it takes no longer for a longer file.
const (
	mostWhole = 1 << 30
	blocks    = 64
	blockSize = 64 << 10
)

// checksum is the SHA-256 of a file's first bytes. It remembers what it has read, so that
// the file is read once while more and more of it is done.
type checksum struct {
	whole hash.Hash
	read  int64
}

// of gives the checksum of the first bytes, so many.
func (c *checksum) of(file io.ReaderAt, size int64) ([]byte, error) {
	if size > mostWhole {
		return ofBlocks(file, size)
	}
	if c.whole == nil || c.read > size {
		*c = checksum{whole: sha256.New()}
	}
	if err := add(c.whole, file, c.read, size-c.read); err != nil {
		c.whole = nil
		return nil, err
	}
	c.read = size
	return c.whole.Sum(nil), nil
}

func ofBlocks(file io.ReaderAt, size int64) ([]byte, error) {
	sum := sha256.New()
	for i := range int64(blocks) {
		if err := add(sum, file, i*(size-blockSize)/(blocks-1), blockSize); err != nil {
			return nil, err
		}
	}
	return sum.Sum(nil), nil
}

func add(sum hash.Hash, file io.ReaderAt, offset, size int64) error {
	_, err := io.CopyN(sum, io.NewSectionReader(file, offset, size), size)
	return err
}
