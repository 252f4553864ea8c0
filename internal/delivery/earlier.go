package delivery

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Earlier is a run that this one continues. It may have left unfinished jobs with events that
// are sent again. If such a job ended later, it would restore older values. So the requests
// that can be sent in such a job wait until the jobs have ended that exist when the first of
// the requests arrives. Jobs don't say who started them, so those of other programs count too,
// but not those that start later.
type Earlier struct {
	// Began is when the run began, or a time before. Zero means any time.
	Began time.Time
	// Awaited, if set, is called with the ids of the jobs that are waited for, unless there are
	// none.
	Awaited func(jobs []string)
	// GivenUp, if set, is called with the ids of jobs that may be unfinished but are no longer
	// waited for, and the reason. The ids are nil if they aren't known.
	GivenUp func(jobs []string, reason error)
}

// await makes the requests of a lane wait for the jobs of the earlier run.
func (q *Queue) await(l *lane, j *job) {
	l.isWaiting = true
	q.goDispatch(func() {
		err := q.awaitEarlier(j)
		q.mu.Lock()
		defer q.mu.Unlock()
		if err != nil {
			q.stop(err)
			return
		}
		l.isWaiting = false
	})
}

// A jobProgress is the last known progress of a job.
type jobProgress struct {
	done    int // units of progress
	changed time.Time
}

// awaitEarlier waits for the jobs of the earlier run. An error stops delivery.
func (q *Queue) awaitEarlier(j *job) error {
	var waiting map[string]jobProgress
	var failing time.Time
	began := time.Now()
	for wait := minPoll; ; wait = clampPoll(time.Since(began) / 2) {
		asked := time.Now()
		unfinished, err := j.unfinished(q.ctx, q.cfg.Jobs, q.cfg.Earlier.Began)
		now := time.Now()
		switch outcome := q.outcome(err); {
		case err == nil:
			failing = time.Time{}
			if waiting == nil {
				waiting = q.recordJobs(unfinished, now)
			}
			q.updateJobs(waiting, unfinished, now)
			if len(waiting) == 0 {
				return nil
			}
		case outcome == refused, outcome == delivered, isForbidden(err):
			q.giveUp(slices.Sorted(maps.Keys(waiting)), err)
			return nil
		case outcome == accountError, outcome == interrupted:
			return err
		case failing.IsZero():
			failing = asked
		case now.Sub(failing) >= q.outageLimit():
			return fmt.Errorf("the import jobs of an earlier run can't be looked up: %w", err)
		}
		select {
		case <-q.ctx.Done():
			return context.Canceled
		case <-time.After(wait):
		}
	}
}

// recordJobs returns the progress of the jobs that are unfinished at first.
func (q *Queue) recordJobs(unfinished map[string]int, now time.Time) map[string]jobProgress {
	waiting := make(map[string]jobProgress, len(unfinished))
	for id, done := range unfinished {
		waiting[id] = jobProgress{done, now}
	}
	if awaited := q.cfg.Earlier.Awaited; awaited != nil && len(unfinished) > 0 {
		awaited(slices.Sorted(maps.Keys(unfinished)))
	}
	return waiting
}

// updateJobs removes jobs that have ended or make no progress.
func (q *Queue) updateJobs(waiting map[string]jobProgress, unfinished map[string]int, now time.Time) {
	var stalled []string
	for id, last := range waiting {
		switch done, isLeft := unfinished[id]; {
		case !isLeft:
			delete(waiting, id)
		case done > last.done:
			waiting[id] = jobProgress{done, now}
		case now.Sub(last.changed) >= maxStalled:
			stalled = append(stalled, id)
			delete(waiting, id)
		}
	}
	if len(stalled) > 0 {
		slices.Sort(stalled)
		q.giveUp(stalled, fmt.Errorf("no progress for %v", maxStalled))
	}
}

func (q *Queue) giveUp(jobs []string, reason error) {
	if givenUp := q.cfg.Earlier.GivenUp; givenUp != nil {
		givenUp(jobs, reason)
	}
}

func (q *Queue) outageLimit() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.outage.limit()
}
