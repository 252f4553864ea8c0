package checkpoint

import (
	"crypto/sha256"
	"hash"
	"io"
)

const (
	// maxFullChecksum is the maximum number of bytes of a file for a checksum of all of them,
	// which takes about a second. The checksum of a larger file covers blocks at equal
	// distances, including the first and the last, and takes no longer.
	maxFullChecksum = 1 << 30
	blocks          = 64
	blockSize       = 64 << 10
)

// A checksum is the SHA-256 of a file's first bytes. It keeps its state, so that a file is read
// only once while more and more of it is done.
type checksum struct {
	whole hash.Hash
	read  int64
}

// of returns the checksum of the first size bytes.
func (c *checksum) of(file io.ReaderAt, size int64) ([]byte, error) {
	if size > maxFullChecksum {
		return blockChecksum(file, size)
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

func blockChecksum(file io.ReaderAt, size int64) ([]byte, error) {
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
