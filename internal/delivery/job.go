package delivery

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// How a job is watched.
const (
	// The first look is soonestLook after the call, or later where jobs are known to take
	// longer. The looks grow further apart with the time that the job takes, up to farthestLook.
	soonestLook  = 250 * time.Millisecond
	farthestLook = 10 * time.Second
	// maxStandstill is how long a job may do nothing.
	maxStandstill = 10 * time.Minute
)

// A job is what a call queues that isn't the end of its requests. It is watched until it
// has ended.
type job struct {
	// begin makes the call and gives the job's id. An attempt whose answer was lost may have
	// queued the same job: the ids of such jobs come before. Attempts were made since a time,
	// if it isn't zero, before this call too.
	begin func(ctx context.Context, api runtime.Caller, body any, since time.Time) (ids []string, err error)
	look  func(ctx context.Context, api runtime.Caller, id string) (jobState, error)
	// unfinished gives the jobs that haven't ended, of those that began at a time or later, or
	// at any time if that is zero: how far they are, by their ids.
	unfinished func(ctx context.Context, api runtime.Caller, since time.Time) (map[string]int, error)
	// failures gives the elements of the body that the job didn't take.
	failures func(ctx context.Context, api runtime.Caller, id string, body any) ([]int, error)
}

// A pace is how long the last job took that was seen to end.
type pace struct{ last atomic.Pointer[endedJob] }

type endedJob struct {
	elements int
	took     time.Duration
}

func (p *pace) learn(elements int, took time.Duration) {
	p.last.Store(&endedJob{max(1, elements), took})
}

// firstLook is when to look at a job first: after half of the time that the last one took, so
// that one which takes less isn't waited for much too long, or less if it has fewer elements.
func (p *pace) firstLook(elements int) time.Duration {
	last := p.last.Load()
	if last == nil {
		return soonestLook
	}
	return betweenLooks(last.took / 2 * time.Duration(min(elements, last.elements)) / time.Duration(last.elements))
}

func betweenLooks(wait time.Duration) time.Duration {
	return min(max(wait, soonestLook), farthestLook)
}

// jobState is how far a job is.
type jobState struct {
	ended, cancelled bool
	done             int // grows with all that it does
	failed           int // elements
}

// performJob begins a call's job, if it hasn't begun, and watches it. Elements that the job
// doesn't take go alone: their calls' answers name what is at fault. So do all if it is
// unknown which those are, or what became of the job: a profile may be written twice. It
// takes the lock.
func (q *Queue) performJob(c *call) {
	api, body, j := q.cfg.Jobs, c.request.Body(), c.batching().job
	var err error
	if len(c.jobs) == 0 {
		since := c.tried
		if since.IsZero() {
			c.tried = time.Now()
		}
		c.jobs, err = j.begin(q.ctx, api, body, since)
		if errors.Is(err, client.ErrUnexpectedResponse) { // it was taken, whatever its id
			err = nil
		}
	}
	q.mu.Lock()
	q.lanes.done(c) // while the job is watched others begin
	if err == nil {
		q.release()
		q.dispatch()
	}
	q.mu.Unlock()

	var failed []int
	isKnown := false
	// One that was queued before would undo what follows if it came after.
	for len(c.jobs) > 1 && err == nil {
		if _, _, err = q.watch(c.jobs[0], j, api, body, len(c.units)); err == nil {
			c.jobs = c.jobs[1:]
		}
	}
	if err == nil && len(c.jobs) == 1 {
		failed, isKnown, err = q.watch(c.jobs[0], j, api, body, len(c.units))
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case err == nil && isKnown:
		for _, i := range failed {
			c.dropped = append(c.dropped, c.units[i]...)
		}
	case err == nil:
		c.dropped = c.tasks
	}
	q.handleResult(c, err)
}

// watch waits for the end of a job and tells what it didn't take, if that is known. An
// error says that it can't be watched for the moment.
func (q *Queue) watch(id string, j *job, api runtime.Caller, body any, elements int) (failed []int, isKnown bool, err error) {
	began := time.Now()
	done, moved := 0, began
	for wait := q.pace.firstLook(elements); ; wait = betweenLooks(time.Since(began) / 2) {
		select {
		case <-q.ctx.Done():
			return nil, false, context.Canceled
		case <-time.After(wait):
		}
		passed := time.Since(began) // without the look's wait for its quota
		state, err := j.look(q.ctx, api, id)
		if state.ended {
			q.pace.learn(elements, passed)
		}
		switch {
		case err != nil:
			return nil, false, q.passing(err)
		case state.cancelled:
			return nil, false, nil
		case state.ended && state.failed == 0:
			return nil, true, nil
		case state.ended:
			failed, err := j.failures(q.ctx, api, id, body)
			if err != nil {
				return nil, false, q.passing(err)
			}
			return failed, len(failed) == state.failed, nil
		case state.done > done:
			done, moved = state.done, time.Now()
		case time.Since(moved) >= maxStandstill:
			return nil, false, nil
		}
	}
}

// taken are the events that are done when the call is.
func (c *call) taken() []*task {
	if len(c.dropped) == 0 {
		return c.tasks
	}
	dropped := make(map[*task]bool, len(c.dropped))
	for _, t := range c.dropped {
		dropped[t] = true
	}
	var taken []*task
	for _, t := range c.tasks {
		if !dropped[t] {
			taken = append(taken, t)
		}
	}
	return taken
}

// passing gives the error of a look at a job, or nil if looking again won't help: the
// job is gone, or its answer can't be read.
func (q *Queue) passing(err error) error {
	if o := q.outcome(err); o == refused || o == delivered {
		return nil
	}
	return err
}
