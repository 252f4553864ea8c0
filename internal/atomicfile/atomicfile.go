// Package atomicfile replaces files atomically: at any time, even after a crash or a power failure,
// there is either the old file or the new one.
//
// github.com/google/renameio/v2 guarantees less: it doesn't support Windows, replaces a link instead
// of its target, doesn't sync the directory, so that a power failure can restore the old file, allows a
// commit after a failed write, and uses a new temporary name each time, so that files of killed
// programs accumulate.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A File is a new file that is being written. It is in the directory of the file that it
// replaces, under another name, until Commit.
type File struct {
	name string // of the file that it replaces
	disk osFile
	err  error // of the first failed write
}

// An osFile is the part of [os.File] that is used.
type osFile interface {
	io.WriteCloser
	Name() string
	Sync() error
}

// Create starts to replace the file with the name, which need not exist, by one with the
// permissions perm. It overwrites a file that a killed program left, so that there is at most
// one. Programs that replace the same file must exclude each other.
func Create(name string, perm fs.FileMode) (*File, error) {
	name = Resolve(name)
	if info, err := os.Stat(name); err == nil && info.IsDir() { // which Commit couldn't replace
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	}
	f, err := os.OpenFile(Temporary(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	var opening *fs.PathError
	if errors.As(err, &opening) {
		opening.Path = name // callers don't know the temporary name
	}
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(perm); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(err, f.Close())
	}
	return &File{name: name, disk: f}, nil
}

// Temporary returns the name of the new file while the file with a name is replaced.
func Temporary(name string) string {
	dir, base := filepath.Split(Resolve(name))
	return dir + "." + base + ".tmp"
}

// Resolve returns the name of the file that is replaced. It follows links, which stay.
func Resolve(name string) string {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		return target
	}
	return name
}

// Replacement is a file that will replace another one: a [File], or one that fails in a test.
type Replacement interface {
	io.Writer
	// Commit replaces the old file.
	Commit() error
	// Discard keeps the old file.
	Discard() error
}

func (f *File) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	var n int
	n, f.err = f.disk.Write(p)
	return n, f.err
}

// Commit replaces the old file and syncs the new one to disk. After an error, including one of
// Write, the old file still exists, unless the error is from SyncDir: then a power failure may
// restore the old file.
func (f *File) Commit() error {
	err := f.err
	if err == nil {
		err = f.disk.Sync()
	}
	if err = errors.Join(err, f.disk.Close()); err == nil {
		err = os.Rename(f.disk.Name(), f.name)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(f.disk.Name())))
	}
	return SyncDir(f.name)
}

// Discard keeps the old file.
func (f *File) Discard() error {
	return errors.Join(f.disk.Close(), ignoreMissing(os.Remove(f.disk.Name())))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// SyncDir syncs the directory entry of a new file. It ignores that some systems and file
// systems don't sync directories, and that some directories can be written but not read.
func SyncDir(name string) error {
	dir, err := os.Open(filepath.Dir(Resolve(name)))
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	err = dir.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}
