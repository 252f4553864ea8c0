// Package flock keeps programs that use the same file apart, by advisory locks
// that end with the process. Where the system or the file system has none, it
// lets everybody in.
package flock

import "errors"

// ErrLocked is the error of a lock that another program holds.
var ErrLocked = errors.New("another program is using it")
