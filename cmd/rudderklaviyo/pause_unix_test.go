//go:build unix

package main

import (
	"os"
	"syscall"
)

// pause stops a process, and resume has it go on.
var pause, resume os.Signal = syscall.SIGSTOP, syscall.SIGCONT
