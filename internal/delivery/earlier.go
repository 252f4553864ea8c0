package delivery

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Earlier is a run that this one goes on from. It may have left jobs unfinished, of events
// that are sent again: if they ended later, they would bring older values back. So the
// requests that such a job stands for wait until those have ended that are there when the
// first of the requests comes. Jobs don't tell who made them: those of other programs count
// too, but not what these begin later.
type Earlier struct {
	// Began is when the run began, or before that. Zero is any time.
	Began time.Time
	// Awaited, if set, is told the ids of the jobs that are waited for, unless there are none.
	Awaited func(jobs []string)
	// GivenUp, if set, is told the ids of jobs that may be unfinished and aren't waited for any
	// longer, and why. There are no ids where they aren't known.
	GivenUp func(jobs []string, reason error)
}

// await has the requests of a lane wait for the jobs of the earlier run.
func (q *Queue) await(l *lane, j *job) {
	l.isWaiting = true
	q.start(func() {
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

// A sighting is what was seen of a job last.
type sighting struct {
	done  int // how far it was
	moved time.Time
}

// awaitEarlier waits for the jobs of the earlier run. An error stops delivery.
func (q *Queue) awaitEarlier(j *job) error {
	var waiting map[string]sighting
	var failing time.Time
	began := time.Now()
	for wait := soonestLook; ; wait = betweenLooks(time.Since(began) / 2) {
		asked := time.Now()
		left, err := j.unfinished(q.ctx, q.cfg.Jobs, q.cfg.Earlier.Began)
		now := time.Now()
		switch outcome := q.outcome(err); {
		case err == nil:
			failing = time.Time{}
			if waiting == nil {
				waiting = q.seen(left, now)
			}
			q.lookAgain(waiting, left, now)
			if len(waiting) == 0 {
				return nil
			}
		case outcome == refused, outcome == delivered, isForbidden(err):
			q.giveUp(slices.Sorted(maps.Keys(waiting)), err)
			return nil
		case outcome == faulty, outcome == interrupted:
			return err
		case failing.IsZero():
			failing = asked
		case now.Sub(failing) >= q.patience():
			return fmt.Errorf("the import jobs of an earlier run can't be looked up: %w", err)
		}
		select {
		case <-q.ctx.Done():
			return context.Canceled
		case <-time.After(wait):
		}
	}
}

// seen makes sightings of the jobs that are unfinished at first.
func (q *Queue) seen(left map[string]int, now time.Time) map[string]sighting {
	waiting := make(map[string]sighting, len(left))
	for id, done := range left {
		waiting[id] = sighting{done, now}
	}
	if awaited := q.cfg.Earlier.Awaited; awaited != nil && len(left) > 0 {
		awaited(slices.Sorted(maps.Keys(left)))
	}
	return waiting
}

// lookAgain takes those out that have ended, and those that do nothing.
func (q *Queue) lookAgain(waiting map[string]sighting, left map[string]int, now time.Time) {
	var still []string
	for id, last := range waiting {
		switch done, isLeft := left[id]; {
		case !isLeft:
			delete(waiting, id)
		case done > last.done:
			waiting[id] = sighting{done, now}
		case now.Sub(last.moved) >= maxStandstill:
			still = append(still, id)
			delete(waiting, id)
		}
	}
	if len(still) > 0 {
		slices.Sort(still)
		q.giveUp(still, fmt.Errorf("they have done nothing for %v", maxStandstill))
	}
}

func (q *Queue) giveUp(jobs []string, reason error) {
	if givenUp := q.cfg.Earlier.GivenUp; givenUp != nil {
		givenUp(jobs, reason)
	}
}

func (q *Queue) patience() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.outage.patience()
}
