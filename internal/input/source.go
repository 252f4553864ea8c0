package input

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// checkFiles returns an error for the first file that can't be read, before any file is read.
func checkFiles(files []string) error {
	stdin := 0
	for _, file := range files {
		if file == Stdin {
			if stdin++; stdin > 1 {
				return errors.New("standard input can be read only once")
			}
			continue
		}
		regular, err := isRegular(file)
		if err != nil {
			return err
		}
		if !regular {
			continue // closing a named pipe would end its writer
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		f.Close()
	}
	return nil
}

func isRegular(file string) (bool, error) {
	info, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	if info.IsDir() {
		return false, &fs.PathError{Op: "read", Path: file, Err: syscall.EISDIR}
	}
	return info.Mode().IsRegular(), nil
}

// A source is an open file.
type source interface {
	read(ctx context.Context, p []byte) (int, error)
	// mayBlock reports whether reading may wait for another program.
	mayBlock() bool
	close()
}

// openSource opens a file at an offset, which must be 0 unless the file is regular.
func openSource(file string, stdin io.Reader, offset int64) (source, error) {
	if file == Stdin {
		return newPipe(stdin), nil
	}
	regular, err := isRegular(file)
	if err != nil {
		return nil, err
	}
	if !regular {
		return newPipe(&lazyFile{name: file}), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		f.Close()
		return nil, err
	}
	return regularFile{f}, nil
}

type regularFile struct{ *os.File }

func (f regularFile) read(_ context.Context, p []byte) (int, error) { return f.Read(p) }

func (f regularFile) mayBlock() bool { return false }

func (f regularFile) close() { f.Close() }

// pipeSize is the number of bytes to read from a pipe at once: the capacity of a pipe on Linux.
const pipeSize = 64 << 10

// A pipe reads in the background, so that waiting for input can be cancelled. A cancelled read
// continues, and its result is returned later.
type pipe struct {
	file    io.Reader
	block   [pipeSize]byte
	done    chan result
	reading bool
	rest    []byte // part of block that wasn't returned yet
}

type result struct {
	n   int
	err error
}

func newPipe(file io.Reader) *pipe { return &pipe{file: file, done: make(chan result, 1)} }

func (p *pipe) read(ctx context.Context, b []byte) (int, error) {
	if len(p.rest) == 0 {
		if !p.reading {
			p.reading = true
			go func() {
				n, err := p.file.Read(p.block[:])
				p.done <- result{n, err}
			}()
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case r := <-p.done:
			p.reading = false
			if r.n == 0 {
				return 0, r.err
			}
			p.rest = p.block[:r.n] // an error will occur again
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pipe) mayBlock() bool { return true }

// close doesn't close the file, since a read may be in progress and the process ends soon.
func (p *pipe) close() {}

// A lazyFile is opened when it is first read. Opening a named pipe waits for its writer.
type lazyFile struct {
	name string
	file *os.File
}

func (l *lazyFile) Read(p []byte) (int, error) {
	if l.file == nil {
		f, err := os.Open(l.name)
		if err != nil {
			return 0, err
		}
		l.file = f
	}
	return l.file.Read(p)
}
