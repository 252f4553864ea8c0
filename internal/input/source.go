package input

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// check finds the files that can't be read, before anything is read from any.
func check(files []string) error {
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
			continue // opening a named pipe and closing it would end its writer
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

// source is a file that is open.
type source interface {
	read(ctx context.Context, p []byte) (int, error)
	// waits tells that reading may take as long as somebody else likes.
	waits() bool
	close()
}

// openSource opens a file at an offset, which is 0 for any but a regular one.
// Those others may make their reader wait.
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

func (f regularFile) waits() bool { return false }

func (f regularFile) close() { f.Close() }

// pipeSize is how many bytes are read of a pipe at once: as many as one of
// Linux's holds.
const pipeSize = 64 << 10

// pipe reads in the background, so that waiting for input that doesn't come
// can be given up. A read that was given up goes on and is taken up again.
type pipe struct {
	file    io.Reader
	block   [pipeSize]byte
	done    chan result
	reading bool
	rest    []byte // of block: what was read and isn't handed on yet
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
			p.rest = p.block[:r.n] // an error will come again
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pipe) waits() bool { return true }

// close leaves the file alone: a read may be under way, and the process ends soon.
func (p *pipe) close() {}

// lazyFile is opened when it is first read, which for a named pipe waits for
// its writer.
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
