package command

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/flock"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// DefaultCheckpointInterval is the time between two writes of a checkpoint, and
// so how much work may be done twice. The first are closer together.
const DefaultCheckpointInterval = time.Second

// checkpoints keeps how far a delivery has come.
type checkpoints struct {
	file     *checkpoint.File
	interval time.Duration
	last     checkpoint.Checkpoint // that was saved
	found    bool                  // there was one
	goesOn   bool                  // a run ended before all was done
}

// openCheckpoints opens the file with a name. If there is a checkpoint it checks that
// it is of these files and settings, and of this key unless that is empty.
func (p Program) openCheckpoints(name string, files []string, settings checkpoint.Settings, key string) (*checkpoints, error) {
	sources, err := describeInput(files)
	if err != nil {
		return nil, err
	}
	file, err := checkpoint.Open(name)
	if err != nil {
		return nil, checkpointError(name, err)
	}
	saved, err := file.Load()
	goesOn := err == nil && saved != nil && !saved.Done
	if err == nil && saved != nil {
		err = goOnBy(saved, sources, settings, key)
	}
	if err != nil {
		file.Close()
		return nil, checkpointError(name, err)
	}
	c := &checkpoints{file: file, interval: p.CheckpointInterval, found: saved != nil, goesOn: goesOn}
	c.last = checkpoint.Checkpoint{At: input.Position{Line: 1}, Begun: time.Now()}
	if saved != nil {
		c.last = *saved
	}
	c.last.Input, c.last.Settings = sources, settings
	return c, nil
}

// goOnBy makes a saved checkpoint the one to go on by, if it is of this input, these
// settings and, unless that is empty, this key.
func goOnBy(saved *checkpoint.Checkpoint, sources []checkpoint.Source, settings checkpoint.Settings, key string) error {
	if err := saved.Check(sources, settings); err != nil {
		return err
	}
	if key != "" {
		if err := saved.CheckKey(key); err != nil {
			return err
		}
	}
	if saved.Done && saved.Grown(sources) {
		saved.Done, saved.Counts, saved.Begun = false, transfer.Counts{}, time.Now()
	}
	return nil
}

// describeInput describes files that can be read from a position on.
func describeInput(files []string) ([]checkpoint.Source, error) {
	const advice = "can't be read again from where a run ended; write it to a file and name that, or leave --checkpoint out"
	if slices.Contains(files, input.Stdin) {
		return nil, wrongUsage(fmt.Errorf("--checkpoint: standard input %s", advice))
	}
	sources, err := checkpoint.Describe(files)
	switch {
	case errors.Is(err, checkpoint.ErrNotRegular):
		return nil, wrongUsage(fmt.Errorf("--checkpoint: %w: it %s", err, advice))
	case err != nil:
		return nil, stopped(err)
	}
	return sources, nil
}

func checkpointError(name string, err error) error {
	name = input.Name(name)
	switch {
	case errors.Is(err, checkpoint.ErrInvalid):
		return wrongUsage(fmt.Errorf("--checkpoint: %w; name another file", err))
	case errors.Is(err, checkpoint.ErrOther):
		return wrongUsage(fmt.Errorf("--checkpoint: %s: %w\nName another file, or remove %[1]s to begin with the first line", name, err))
	case errors.Is(err, checkpoint.ErrOtherKey):
		return wrongUsage(fmt.Errorf("--checkpoint: %s: %w\nIf yours is a new key of the same account, add --%s once. Else name another file, or remove %[1]s to begin with the first line",
			name, err, newKeyFlag))
	case errors.Is(err, flock.ErrLocked):
		return stopped(fmt.Errorf("--checkpoint: %s: another run is under way", name))
	}
	return stopped(fmt.Errorf("--checkpoint: %w", err))
}

// Save saves how far the delivery has come.
func (c *checkpoints) Save(at input.Position, counts transfer.Counts) error {
	c.last.Advance(at, counts)
	return c.write()
}

// finish saves that all is done of an input whose last file is so long.
func (c *checkpoints) finish(size int64) error {
	c.last.Done = true
	c.last.Input[len(c.last.Input)-1].Size = size
	return c.write()
}

func (c *checkpoints) write() error {
	if err := c.file.Save(c.last); err != nil {
		return fmt.Errorf("%w: %w", errCheckpoint, err)
	}
	return nil
}
