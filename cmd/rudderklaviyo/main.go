// Rudderklaviyo delivers RudderStack events to Klaviyo. See rudderklaviyo --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/command"
)

func main() { run(command.DefaultCheckpointInterval) }

func run(checkpointInterval time.Duration) {
	// Who reads the log or the results may leave; a delivery goes on.
	signal.Ignore(syscall.SIGPIPE)
	program := command.Program{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv:             os.Getenv,
		CheckpointInterval: checkpointInterval,
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
