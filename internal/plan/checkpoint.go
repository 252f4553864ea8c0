package plan

import (
	"fmt"

	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// Checkpoint describes the checkpoint that a delivery continues from.
type Checkpoint struct {
	// Name is the name of the checkpoint's file.
	Name string `json:"name"`
	// At is the place of the first event that isn't done.
	At problem.Place `json:"at"`
	// EventsDone is the number of events before it.
	EventsDone int `json:"events_done"`
	// Complete means that nothing is left to send.
	Complete bool `json:"complete"`
}

// Resume makes the draft one of what is left according to a checkpoint in the file with the
// name.
func (d *Draft) Resume(name string, saved checkpoint.Checkpoint) {
	d.checkpoint = &Checkpoint{name, problem.PlaceOf(d.files, saved.At), saved.Counts.Events, saved.Done}
}

// IsComplete reports whether nothing is left to send.
func (d *Draft) IsComplete() bool { return d.checkpoint != nil && d.checkpoint.Complete }

func (c *Checkpoint) String() string {
	if c.Complete {
		return fmt.Sprintf("Nothing to send: %s says that the input is complete.", input.Name(c.Name))
	}
	left := fmt.Sprintf("What is left from %s on, by %s.", c.At, input.Name(c.Name))
	if c.EventsDone > 0 {
		left += fmt.Sprintf(" Events done before: %s.", thousands(c.EventsDone))
	}
	return left
}
