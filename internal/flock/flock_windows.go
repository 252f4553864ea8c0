package flock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Shared acquires a shared lock. It doesn't wait.
func Shared(f *os.File) error { return lock(f, 0) }

// Exclusive acquires an exclusive lock. It doesn't wait.
func Exclusive(f *os.File) error { return lock(f, windows.LOCKFILE_EXCLUSIVE_LOCK) }

// beyond is the upper half of the offset of the byte that is locked. Windows keeps other
// programs from what is locked, so it is a byte that no file has.
const beyond = 1 << 30

func lock(f *os.File, how uint32) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), how|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: beyond})
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return &os.PathError{Op: "lock", Path: f.Name(), Err: ErrLocked}
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, windows.ERROR_INVALID_FUNCTION):
		return nil
	}
	return err
}
