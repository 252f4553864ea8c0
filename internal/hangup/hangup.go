// Package hangup receives SIGHUP for a command that takes it for something else than the end of
// its session. It imports next to nothing: Go then initializes it before most other packages,
// which may take a fifth of a second on a busy machine, and until then a SIGHUP ends the process.
package hangup

import (
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// Command is the one that takes SIGHUP.
const Command = "serve"

var (
	received = make(chan os.Signal, 1) // one that waits stands for all
	taken    atomic.Bool
)

func init() {
	if len(os.Args) > 1 && os.Args[1] == Command {
		Take()
	}
}

// Take gives the SIGHUPs of the process, from the first on, also under nohup. They no longer
// end it.
func Take() <-chan os.Signal {
	taken.Store(true)
	signal.Notify(received, syscall.SIGHUP)
	return received
}

// Taken tells whether Take was called.
func Taken() bool { return taken.Load() }
