package plan

import (
	"fmt"

	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
)

// Checkpoint is what a delivery goes on by.
type Checkpoint struct {
	// Name is that of the checkpoint's file.
	Name string `json:"name"`
	// At is the first event that isn't done.
	At problem.Place `json:"at"`
	// EventsDone counts the events before it.
	EventsDone int `json:"events_done"`
	// Complete tells that there is nothing left to send.
	Complete bool `json:"complete"`
}

// GoOn makes the draft that of what is left by a checkpoint, whose file has a name.
func (d *Draft) GoOn(name string, saved checkpoint.Checkpoint) {
	d.checkpoint = &Checkpoint{name, problem.PlaceOf(d.files, saved.At), saved.Counts.Events, saved.Done}
}

// IsComplete tells whether there is nothing left to add.
func (d *Draft) IsComplete() bool { return d.checkpoint != nil && d.checkpoint.Complete }

func (c *Checkpoint) String() string {
	if c.Complete {
		return fmt.Sprintf("Nothing to send: by %s all of the input is done.", input.Name(c.Name))
	}
	left := fmt.Sprintf("What is left from %s on, by %s.", c.At, input.Name(c.Name))
	if c.EventsDone > 0 {
		left += fmt.Sprintf(" Events done before: %s.", thousands(c.EventsDone))
	}
	return left
}
