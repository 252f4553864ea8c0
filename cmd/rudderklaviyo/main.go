// Rudderklaviyo delivers RudderStack events to Klaviyo. See rudderklaviyo --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/command"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

func main() { run(command.DefaultCheckpointInterval) }

// gcPercent lets the heap grow to three times what is in use between collections, which
// takes map 6 % less processor time than twice. GOGC overrides it.
const gcPercent = 200

func run(checkpointInterval time.Duration) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	// Who reads the log or the results may leave; a delivery goes on.
	signal.Ignore(syscall.SIGPIPE)
	program := command.Program{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StderrIsTerminal:   terminal.Is(os.Stderr),
		Getenv:             os.Getenv,
		CheckpointInterval: checkpointInterval,
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		program.LimitMemory = func(bytes int64) { debug.SetMemoryLimit(bytes) }
	}
	os.Exit(program.Run(untilSignal(), os.Args[1:]))
}

// untilSignal gives a context that the first signal to stop cancels. A second
// one then ends the program at once, as it would any other.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		cancel()
	}()
	return ctx
}
