package delivery

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// How jobs are polled.
const (
	// The first poll is minPoll after the call, or later if jobs are known to take longer. The
	// interval grows with the duration of the job, up to maxPoll.
	minPoll = 250 * time.Millisecond
	maxPoll = 10 * time.Second
	// maxStalled is how long a job may make no progress.
	maxStalled = 10 * time.Minute
)

// A job is asynchronous work that a call starts. It is polled until it has ended.
type job struct {
	// begin makes the call and returns the job's id. An attempt whose response was lost may
	// have started the same job; the ids of such jobs come first. since, if not zero, is the
	// time of the first attempt in an earlier call.
	begin func(ctx context.Context, api runtime.Caller, body any, since time.Time) (ids []string, err error)
	poll  func(ctx context.Context, api runtime.Caller, id string) (jobState, error)
	// unfinished returns the progress of the unfinished jobs that began at since or later, by
	// id. Zero means any time.
	unfinished func(ctx context.Context, api runtime.Caller, since time.Time) (map[string]int, error)
	// failures returns the elements of the body that the job rejected.
	failures func(ctx context.Context, api runtime.Caller, id string, body any) ([]int, error)
}

// A pollPace is the duration of the last job that ended.
type pollPace struct{ last atomic.Pointer[endedJob] }

type endedJob struct {
	elements int
	duration time.Duration
}

func (p *pollPace) record(elements int, took time.Duration) {
	p.last.Store(&endedJob{max(1, elements), took})
}

// firstPoll returns the delay of the first poll: half the duration of the last job, less if
// there are fewer elements, so that a faster job isn't waited for too long.
func (p *pollPace) firstPoll(elements int) time.Duration {
	last := p.last.Load()
	if last == nil {
		return minPoll
	}
	return clampPoll(last.duration / 2 * time.Duration(min(elements, last.elements)) / time.Duration(last.elements))
}

func clampPoll(wait time.Duration) time.Duration {
	return min(max(wait, minPoll), maxPoll)
}

// A jobState is the progress of a job.
type jobState struct {
	ended, cancelled bool
	done             int // grows with any progress
	failed           int // elements
}

// performJob starts a call's job, if it hasn't started, and waits for its end. Elements that
// the job rejects are sent singly, since the responses to single calls say what is wrong. So
// are all elements if it isn't known which were rejected or what became of the job: a profile
// may then be written twice. It takes the lock.
func (q *Queue) performJob(c *call) {
	api, body, j := q.cfg.Jobs, c.request.Body(), c.batching().job
	responded := sync.OnceFunc(func() { q.jobResponded(c) })
	var err error
	isNew := len(c.jobs) == 0
	if isNew {
		since := c.firstAttempt
		if since.IsZero() {
			c.firstAttempt = time.Now()
		}
		c.jobs, err = j.begin(q.ctx, api, body, since)
		if errors.Is(err, client.ErrUnexpectedResponse) { // accepted, with an unknown id
			err = nil
		}
	}
	q.mu.Lock()
	q.lanes.done(c) // other calls can start while the job runs
	q.mu.Unlock()
	if isNew && err == nil {
		responded()
	}

	var failed []int
	isKnown := false
	// An earlier job would undo what follows if it ended later.
	for len(c.jobs) > 1 && err == nil {
		if _, _, err = q.waitForJob(c.jobs[0], j, api, body, len(c.units), responded); err == nil {
			c.jobs = c.jobs[1:]
		}
	}
	if err == nil && len(c.jobs) == 1 {
		failed, isKnown, err = q.waitForJob(c.jobs[0], j, api, body, len(c.units), responded)
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

// jobResponded is called when Klaviyo has responded to the start of a call's job, or to a poll of
// a job that an earlier attempt started. The job may run for long, so it is no longer the probe.
// It takes the lock.
func (q *Queue) jobResponded(c *call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.outage.probe == c {
		q.outage.probe = nil
	}
	q.resume()
	q.dispatch()
}

// waitForJob waits for the end of a job and returns the rejected elements, if they are known. It
// calls responded after each poll that succeeds. An error means that the job can't be polled at
// the moment.
func (q *Queue) waitForJob(id string, j *job, api runtime.Caller, body any, elements int, responded func()) (failed []int, isKnown bool, err error) {
	began := time.Now()
	done, moved := 0, began
	for wait := q.pace.firstPoll(elements); ; wait = clampPoll(time.Since(began) / 2) {
		select {
		case <-q.ctx.Done():
			return nil, false, context.Canceled
		case <-time.After(wait):
		}
		passed := time.Since(began) // without the wait for the rate limit of the poll
		state, err := j.poll(q.ctx, api, id)
		if err == nil {
			responded()
		}
		if state.ended {
			q.pace.record(elements, passed)
		}
		switch {
		case err != nil:
			return nil, false, q.temporary(err)
		case state.cancelled:
			return nil, false, nil
		case state.ended && state.failed == 0:
			return nil, true, nil
		case state.ended:
			failed, err := j.failures(q.ctx, api, id, body)
			if err != nil {
				return nil, false, q.temporary(err)
			}
			return failed, len(failed) == state.failed, nil
		case state.done > done:
			done, moved = state.done, time.Now()
		case time.Since(moved) >= maxStalled:
			return nil, false, nil
		}
	}
}

// accepted returns the events that are done when the call is.
func (c *call) accepted() []*task {
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

// temporary returns the error of polling a job, or nil if polling again won't help: the job is
// gone, or its response can't be decoded.
func (q *Queue) temporary(err error) error {
	if o := q.outcome(err); o == refused || o == delivered {
		return nil
	}
	return err
}
