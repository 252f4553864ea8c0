package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// The exit statuses, which scripts rely on.
const (
	statusDone        = 0
	statusStopped     = 1 // could not run, or had to stop
	statusUsage       = 2 // wrong usage or settings
	statusDeadLetters = 3 // done, but for some events
)

// exitError is an error with the exit status it leads to.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

func stopped(err error) error { return &exitError{statusStopped, err} }

func wrongUsage(err error) error { return &exitError{statusUsage, err} }

// status tells a person of an error and gives its exit status. An error of
// cobra's is about usage, for which the command has its help.
func (p Program) status(cmd *cobra.Command, err error) int {
	if err == nil {
		return statusDone
	}
	fmt.Fprintf(p.Stderr, "rudderklaviyo: %s\n", plainly(err))
	var exit *exitError
	isExit := errors.As(err, &exit)
	if !isExit || exit.status == statusUsage {
		for _, line := range variablesOf(cmd, err.Error()) {
			fmt.Fprintln(p.Stderr, line)
		}
	}
	if isExit {
		return exit.status
	}
	fmt.Fprintf(p.Stderr, "See %s --help.\n", cmd.CommandPath())
	return statusUsage
}
