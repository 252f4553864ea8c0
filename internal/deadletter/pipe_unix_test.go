//go:build unix

package deadletter

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteToAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader := openPipe(t, path)
	f := open(t, path)
	read := make(chan string)
	go func() {
		data, err := io.ReadAll(reader)
		if err != nil {
			t.Error(err)
		}
		read <- string(data)
	}()
	if err := f.Write(Letter{Line: 1}); err != nil {
		t.Errorf("Write: %v", err)
	}
	f.Close()
	if got := <-read; !strings.HasPrefix(got, `{"line":1,`) {
		t.Errorf("the reader got %q", got)
	}
}

// openPipe opens a pipe to read from it, which doesn't wait for a writer.
func openPipe(t *testing.T, path string) *os.File {
	t.Helper()
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	return reader
}

func TestPipeWithoutAReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrNoReader) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v, want %v", err, ErrNoReader)
	}
}

func TestPipeWhoseReaderLeaves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader := openPipe(t, path)
	f := open(t, path)
	reader.Close()
	if err := f.Write(Letter{Line: 1}); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write: %v, want %v", err, syscall.EPIPE)
	}
}
