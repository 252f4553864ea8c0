// Package atomicfile replaces files whole: at any moment, also after a crash or
// a power failure, there is the old file or the new one and never a part.
//
// Of this github.com/google/renameio/v2 promises less: it isn't there on Windows, replaces a
// link rather than the file that it leads to, syncs no folder, so that a power failure can
// bring back the old file, takes a Commit after a Write that failed, and gives the new file a
// name that differs each time, so that those of programs that died pile up.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// File is the new file while it is written. It stands beside the old one, under
// another name, until Commit.
type File struct {
	name string // of the file that it replaces
	disk disk
	err  error // of the first write that failed
}

// disk is the part of an [os.File] that is needed.
type disk interface {
	io.WriteCloser
	Name() string
	Sync() error
}

// Create begins to replace the file with a name, which need not exist, by one with
// the permissions perm. A file left by a program that died is written over, so that
// there is only ever one: those who replace the same file must keep each other out.
func Create(name string, perm fs.FileMode) (*File, error) {
	name = Resolve(name)
	f, err := os.OpenFile(Temporary(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	var opening *fs.PathError
	if errors.As(err, &opening) {
		opening.Path = name // its user knows nothing of the temporary one
	}
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(perm); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(err, f.Close())
	}
	return &File{name: name, disk: f}, nil
}

// Temporary is the name of the new file while the one with a name is replaced.
func Temporary(name string) string {
	dir, base := filepath.Split(Resolve(name))
	return dir + "." + base + ".tmp"
}

// Resolve gives the name of the file that is replaced: links to it stay.
func Resolve(name string) string {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		return target
	}
	return name
}

// Replacement is a file that will take another's place: a [File], or one that fails in
// a test.
type Replacement interface {
	io.Writer
	// Commit puts the new file in the old one's place.
	Commit() error
	// Discard leaves the old file in its place.
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

// Commit puts the new file in the old one's place. Once it returns nil the new
// one is on the disk. After an error, also of a Write, the old one is still there,
// unless it is of SyncDir: then a power failure may bring the old one back.
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

// Discard leaves the old file in its place.
func (f *File) Discard() error {
	return errors.Join(f.disk.Close(), ignoreMissing(os.Remove(f.disk.Name())))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// SyncDir makes sure that the name of a new file stays. Some systems and file systems
// don't sync directories, and some directories may be written but not read.
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
