package deadletter

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

func TestLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	text := string(Letter{Line: 1}.Record()) + "no record\n" + string(Letter{Line: 5, Event: bytes.Repeat([]byte("1"), 1000)}.Record()) + string(Letter{Line: 2, Event: []byte("{}")}.Record()) + `{"line":3,"ev`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	if err := f.Write(Letter{Line: 4}); err != nil {
		t.Fatal(err)
	}
	var lines []int
	for letter, err := range f.Letters(t.Context(), 1000) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, letter.Line)
	}
	if !slices.Equal(lines, []int{1, 2, 4}) {
		t.Errorf("records of lines %v", lines)
	}
	for range f.Letters(t.Context(), 1000) {
		break
	}
}

// TestLettersAreOnTheDisk: who relies on one that isn't would lose it.
func TestLettersAreOnTheDisk(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "dead.jsonl"))
	if err := f.Write(Letter{Line: 1}); err != nil {
		t.Fatal(err)
	}
	f.file = failingDisk{f.file}
	for letter, err := range f.Letters(t.Context(), 1000) {
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("line %d, %v, want %v", letter.Line, err, syscall.EIO)
		}
	}
}

// TestLettersOfALongLine takes the memory that the limit allows, whatever the file holds.
func TestLettersOfALongLine(t *testing.T) {
	const limit, long = 1 << 20, 1 << 26
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, long)); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	if err := f.Write(Letter{Line: 1}); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	letters := 0
	for _, err := range f.Letters(t.Context(), limit) {
		if err != nil {
			t.Fatal(err)
		}
		letters++
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; letters != 1 || took > 16*limit {
		t.Errorf("%d letters, %d bytes of memory for a line of %d, want at most %d", letters, took, long, 16*limit)
	}
}
