package deadletter

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	text := string(Letter{Line: 1}.record()) + "no record\n" + string(Letter{Line: 2, Event: []byte("{}")}.record()) + `{"line":3,"ev`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	if err := f.Write(Letter{Line: 4}); err != nil {
		t.Fatal(err)
	}
	var lines []int
	for letter, err := range f.Letters() {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, letter.Line)
	}
	if !slices.Equal(lines, []int{1, 2, 4}) {
		t.Errorf("records of lines %v", lines)
	}
	for range f.Letters() {
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
	for letter, err := range f.Letters() {
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("line %d, %v, want %v", letter.Line, err, syscall.EIO)
		}
	}
}
