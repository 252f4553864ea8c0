package checkpoint

import (
	"bytes"
	"io"
	"testing"
)

// counter counts the bytes that are read of it: zeros.
type counter struct{ n int64 }

func (c *counter) ReadAt(p []byte, _ int64) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

func TestChecksumOfALongFileIsCheap(t *testing.T) {
	for _, size := range []int64{0, 1, sumBlocks * sumBlockSize, sumBlocks*sumBlockSize + 1, 1 << 40} {
		var c counter
		if _, err := checksum(&c, size); err != nil {
			t.Fatal(err)
		}
		if want := min(size, sumBlocks*sumBlockSize); c.n != want {
			t.Errorf("of %d bytes it read %d, want %d", size, c.n, want)
		}
	}
	if _, err := checksum(bytes.NewReader(make([]byte, 10)), 11); err != io.EOF {
		t.Errorf("a file that is too short: %v", err)
	}
}

func TestChecksumDiffers(t *testing.T) {
	file := make([]byte, 2*sumBlocks*sumBlockSize)
	sum := func(size int) string {
		text, err := checksum(bytes.NewReader(file), int64(size))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, tt := range []struct{ size, at int }{{100, 0}, {100, 99}, {len(file), 0}, {len(file), len(file) - 1}, {len(file), len(file) - sumBlockSize}, {len(file) / 2, len(file) / 4}} {
		before := sum(tt.size)
		file[tt.at]++
		if sum(tt.size) == before {
			t.Errorf("the checksum of %d bytes is the same with another byte at %d", tt.size, tt.at)
		}
	}
}
