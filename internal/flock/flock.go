// Package flock keeps programs that use the same file apart, by advisory locks
// that end with the process. Where the system or the file system has none, it
// lets everybody in.
//
// It locks a file that is open, which github.com/gofrs/flock doesn't: that opens the file
// with a name once more. So it can hold another file than the one that is read and written,
// when a replay has put a new one in its place. And on Windows it locks a file's first byte,
// which then no other handle can read or write, not even one of the same program.
package flock

import "errors"

// ErrLocked is the error of a lock that another program holds.
var ErrLocked = errors.New("another program is using it")
