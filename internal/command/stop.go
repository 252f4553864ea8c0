package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// stop is why a command ended before all was done, and how to go on. It is the command's
// last lines, and a part of the summary in JSON.
type stop struct {
	// Code is the kind of reason: one of stopCodes, input, or that of the delivery.
	Code    string `json:"code"`
	Message string `json:"message"`
	// File, Line and Event say where the first event stands that isn't done; they are empty
	// where a file couldn't be closed or replaced at the end. Event is left out where the
	// line holds one event.
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
	Event int    `json:"event,omitempty"`
	// Advice says what to do, and Command is the command for it.
	Advice  string `json:"advice,omitempty"`
	Command string `json:"command,omitempty"`

	reason error
}

// Error is the last lines.
func (s *stop) Error() string {
	text := s.Message
	if s.File != "" {
		text = fmt.Sprintf("stopped at %s of %s: %s", place(input.Position{Line: s.Line, Event: s.Event}), input.Name(s.File), s.Message)
	}
	if s.Advice != "" {
		text += "\n" + s.Advice
	}
	if s.Command != "" {
		text += ":\n  " + s.Command
	}
	return text
}

func (s *stop) Unwrap() error { return s.reason }

var (
	errInterrupted = errors.New("interrupted")
	errCheckpoint  = errors.New("keep the checkpoint")
)

// stopCodes give the code of a reason of the commands, the first that is in it. Those of the
// delivery have one of [transfer.StopCode].
var stopCodes = []struct {
	reason error
	code   string
}{
	{errInterrupted, "interrupted"},
	{errCheckpoint, "checkpoint"},
}

func stopCode(reason error) string {
	for _, known := range stopCodes {
		if errors.Is(reason, known.reason) {
			return known.code
		}
	}
	var read *input.ReadError
	if errors.As(reason, &read) {
		return "input"
	}
	return transfer.StopCode(reason)
}

// newStop is a stop for a reason, without a place.
func newStop(ctx context.Context, reason error) *stop {
	reason = whyStopped(ctx, reason)
	return &stop{Code: stopCode(reason), Message: plainly(reason), reason: reason}
}

// goOn begins the advice on how to go on. Where the revision is retired it is that of
// another, which the command then names.
func (s *stop) goOn(cmd *cobra.Command, advice string) string {
	var retired *retiredError
	if errors.As(s.reason, &retired) {
		return retired.adviceToGoOn(cmd)
	}
	return advice
}

// stopAt is a stop at the first event that isn't done, which stands in a file.
func stopAt(cmd *cobra.Command, at input.Position, file string, reason error) *stop {
	s := newStop(cmd.Context(), reason)
	s.Message = plainly(whyStopped(cmd.Context(), withoutPlace(reason, at, file)))
	s.File, s.Line, s.Event = file, at.Line, at.Event
	return s
}

// whyStopped is the reason, in a person's words if it is that ctx is done, and with the
// program's setting if that is at fault.
func whyStopped(ctx context.Context, reason error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(reason, cause) || errors.Is(reason, context.Canceled) {
		return errInterrupted
	}
	var misread *transfer.MisreadError
	if errors.As(reason, &misread) {
		return &retiredError{misread.Revision, fmt.Sprintf("it refused the first %d events as if they were of another", misread.Refused), reason}
	}
	var refusal *client.Error
	if !errors.As(reason, &refusal) {
		return reason
	}
	switch {
	case errors.Is(reason, client.ErrUnauthorized) && refusal.StatusCode != http.StatusPaymentRequired:
		return fmt.Errorf("%w; set KLAVIYO_API_KEY, or privateApiKey in the file of --config", reason)
	case errors.Is(reason, client.ErrRevisionRetired):
		return &retiredError{refusal.Operation.Revision, fmt.Sprintf("%s was answered %d", refusal.Operation.ID, refusal.StatusCode), reason}
	}
	return reason
}

// stoppedAt is how a command stopped before all was done: why, and how to go on.
func (s *source) stoppedAt(cmd *cobra.Command, at input.Position, reason error) *stop {
	stop := stopAt(cmd, at, s.files[at.File], reason)
	stop.Advice = stop.goOn(cmd, "To continue")
	stop.Command = s.resume(cmd, at)
	var damage *input.ReadError
	switch {
	case stop.File == input.Stdin:
		stop.Advice += ", with the same input again"
	case errors.As(reason, &damage):
		stop.Advice += ", once " + input.Name(damage.File) + " is repaired or left out"
	}
	return stop
}

// stoppedWithCheckpoint is stoppedAt where a checkpoint knows the position.
func (s *source) stoppedWithCheckpoint(cmd *cobra.Command, at input.Position, reason error) *stop {
	stop := stopAt(cmd, at, s.files[at.File], reason)
	stop.Advice = stop.goOn(cmd, "To continue, give the same command again")
	stop.Command = commandLine(cmd, s.files)
	return stop
}

// stoppedPlan is stoppedAt where what was read is of no use without the rest.
func (s *source) stoppedPlan(cmd *cobra.Command, at input.Position, reason error) *stop {
	stop := stopAt(cmd, at, s.files[at.File], reason)
	stop.Advice = "There is no plan of a part of the input: fix the cause, and give the same command again"
	return stop
}
