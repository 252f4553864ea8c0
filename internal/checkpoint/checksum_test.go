package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"io"
	"testing"
)

// zeros is a file of any length. It counts the bytes that are read.
type zeros struct{ read int64 }

func (z *zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	z.read += int64(len(p))
	return len(p), nil
}

func TestChecksumOfALongFileIsCheap(t *testing.T) {
	for _, size := range []int64{maxFullChecksum + 1, 1 << 40} {
		var file zeros
		var c checksum
		if _, err := c.of(&file, size); err != nil {
			t.Fatal(err)
		}
		if file.read != blocks*blockSize {
			t.Errorf("of %d bytes it read %d", size, file.read)
		}
	}
}

func sumOf(text []byte) []byte {
	sum := sha256.Sum256(text)
	return sum[:]
}

func TestChecksumReadsAFileOnce(t *testing.T) {
	var file zeros
	var c checksum
	for _, size := range []int64{0, 1, 100, 100, 1000} {
		got, err := c.of(&file, size)
		if err != nil || !bytes.Equal(got, sumOf(make([]byte, size))) {
			t.Errorf("of %d bytes: %x, %v", size, got, err)
		}
	}
	if file.read != 1000 {
		t.Errorf("read %d of 1000 bytes", file.read)
	}
	if got, err := c.of(&file, 10); err != nil || !bytes.Equal(got, sumOf(make([]byte, 10))) {
		t.Errorf("of fewer bytes than before: %x, %v", got, err)
	}
}

func TestChecksumOfAFileThatIsTooShort(t *testing.T) {
	var c checksum
	file := bytes.NewReader([]byte("0123456789"))
	if _, err := c.of(file, 11); err != io.EOF {
		t.Errorf("%v, want %v", err, io.EOF)
	}
	if got, err := c.of(file, 10); err != nil || !bytes.Equal(got, sumOf([]byte("0123456789"))) {
		t.Errorf("after an error: %x, %v", got, err)
	}
}

// TestChecksumOfBlocksHasTheEnds: there a line begins.
func TestChecksumOfBlocksHasTheEnds(t *testing.T) {
	file := make([]byte, 2*blocks*blockSize)
	sum := func() string {
		text, err := blockChecksum(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, at := range []int{0, len(file) - 1, len(file) - blockSize} {
		before := sum()
		file[at]++
		if sum() == before {
			t.Errorf("the checksum is the same with another byte at %d", at)
		}
	}
}
