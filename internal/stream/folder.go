package stream

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/flock"
)

// folderVersion is that of what a data folder holds. A program refuses any other.
const folderVersion = "1"

// folder is a data folder that belongs to this process.
type folder struct {
	dir  string
	lock *os.File
}

// MakeFolder makes a data folder if it isn't there. Its error says what to do about one that
// can't be written.
func MakeFolder(dir string) error {
	lock, err := openLock(dir)
	if err != nil {
		return folderError(dir, err)
	}
	return lock.Close()
}

// openLock opens the file that is locked, in a folder that is made if it isn't there.
func openLock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
}

// openFolder makes the folder if it isn't there, and keeps other processes out.
func openFolder(dir string) (*folder, error) {
	lock, err := openLock(dir)
	if err != nil {
		return nil, folderError(dir, err)
	}
	f := &folder{dir, lock}
	err = flock.Exclusive(lock)
	if err == nil {
		err = f.checkVersion()
	}
	if err == nil {
		err = f.probe(0)
	}
	if err != nil {
		f.close()
		return nil, folderError(dir, err)
	}
	return f, nil
}

func (f *folder) close() { f.lock.Close() }

// checkVersion refuses what another version keeps there, and marks a new folder.
func (f *folder) checkVersion() error {
	name := filepath.Join(f.dir, "version")
	text, err := os.ReadFile(name)
	switch version := strings.TrimSpace(string(text)); {
	case err == nil && version == folderVersion:
		return nil
	case err == nil:
		return setup(nil, "data folder %s: it has version %.20q and this program needs version %s: use the program that made it, or another folder", f.dir, version, folderVersion)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if _, err := os.Stat(filepath.Join(f.dir, "jetstream")); err == nil {
		return setup(nil, "data folder %s: a NATS server's data is there, and none of this program's: use another folder", f.dir)
	}
	file, err := atomicfile.Create(name, 0o600)
	if err != nil {
		return err
	}
	if _, err := file.Write([]byte(folderVersion + "\n")); err != nil {
		return errors.Join(err, file.Discard())
	}
	return file.Commit()
}

// probe tells whether so many bytes can be written there.
func (f *folder) probe(size int) error {
	name := filepath.Join(f.dir, "probe")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, size))
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close(), os.Remove(name))
}

// folderError says what to do about a folder that can't be used.
func folderError(dir string, err error) error {
	switch {
	case errors.Is(err, ErrSetup):
		return err
	case errors.Is(err, flock.ErrLocked):
		return setup(err, "data folder %s: another service is using it: stop that one, or give each its own folder", dir)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return setup(err, "data folder %s: it can't be written: %v: make it writable for the user who runs the service, or use another folder", dir, cause(err))
	case errors.Is(err, syscall.ENOSPC):
		return setup(err, "data folder %s: the disk is full: free some space, or use another folder", dir)
	}
	return setup(err, "data folder %s: %v", dir, cause(err))
}

// cause is an error of a file without the file's name.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
