// Package flock locks files with advisory locks that end with the process. If the system or the
// file system doesn't support them, every lock succeeds.
//
// It locks an open file. github.com/gofrs/flock opens the file by name again, so it could lock a
// file that a replay has just put in place of the one that is read and written. And on Windows
// it locks the first byte of a file, which no other handle can read or write then, not even
// one of the same program.
package flock

import "errors"

// ErrLocked means that another program holds the lock.
var ErrLocked = errors.New("another program is using it")
