package input

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// TestBytesRead reads several files, from the second on.
func TestBytesRead(t *testing.T) {
	first, second := write(t, "first", strings.Repeat("x", 99)+"\n"), write(t, "second", "a\nbc\n")
	third := write(t, "third", gzipped(t, "d\n"))
	whole := int64(len("a\nbc\n") + len(gzipped(t, "d\n")))
	r, err := Open(Config{Files: []string{first, second, third}, From: Position{File: 1, Line: 2, Offset: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, want := range []int64{int64(len("a\nbc\n")), whole, whole} {
		if _, err := r.Next(t.Context()); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if got := r.BytesRead(); got != want {
			t.Errorf("%d bytes, want %d", got, want)
		}
	}
}
