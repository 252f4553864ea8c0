// Rudderklaviyo delivers RudderStack events to Klaviyo. See rudderklaviyo --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/command"
	"github.com/rudderklaviyo/rudderklaviyo/internal/hangup"
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
		StdinIsTerminal:    terminal.Is(os.Stdin),
		Getenv:             os.Getenv,
		CheckpointInterval: checkpointInterval,
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		program.LimitMemory = func(bytes int64) { debug.SetMemoryLimit(bytes) }
	}
	program.Hangups = hangup.Take
	os.Exit(program.Run(untilSignal(), os.Args[1:]))
}

// stopSignals are those that ask the program to stop. On Windows the console's closing, a
// logoff and a shutdown come as SIGTERM, and SIGHUP never.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// untilSignal gives a context that the first signal to stop cancels. A second
// one then ends the program at once, as it would any other. A SIGHUP doesn't count: of
// a session that is lost the terminal and the shell both send one. Package hangup has those
// of a command that takes SIGHUP for something else.
func untilSignal() context.Context {
	// What nohup or a shell's & has the program ignore, it ignores.
	taken := slices.DeleteFunc(slices.Clone(stopSignals), signal.Ignored)
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	if len(taken) > 0 { // Notify without signals takes all
		signal.Notify(signals, taken...)
	}
	go func() {
		for <-signals == syscall.SIGHUP {
			if !hangup.Taken() {
				cancel()
			}
		}
		signal.Reset(slices.DeleteFunc(taken, func(s os.Signal) bool { return s == syscall.SIGHUP })...)
		cancel() // only now, for it is announced that a second one ends the program
	}()
	return ctx
}
