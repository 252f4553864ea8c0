// Package fulldisk is a disk that gets full, for tests.
package fulldisk

import (
	"io"
	"syscall"
)

// Room is how many bytes there is room for.
type Room int

// Write writes what there is room for. The error is ENOSPC if that isn't all.
func (r *Room) Write(to io.Writer, p []byte) (int, error) {
	n, err := to.Write(p[:min(len(p), int(*r))])
	*r -= Room(n)
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}
