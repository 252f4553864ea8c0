package klaviyotest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// Job is work that a request started, and which goes on after its answer.
type Job struct {
	// ID is the job's id.
	ID string
	// Kind is its type in answers, such as profile-bulk-import-job.
	Kind string
	// Status is queued, processing, complete or cancelled.
	Status string
	// Total is how many profiles it is about. Completed are those that it is done with, the
	// Failed among them.
	Total, Completed, Failed int
	// Created is when the request arrived. Started, Ended and Expires are when it left the
	// queue, ended, and is no longer known; zero where that isn't fixed.
	Created, Started, Ended, Expires time.Time
}

// The states of a job.
const (
	jobQueued     = "queued"
	jobProcessing = "processing"
	jobComplete   = "complete"
	jobCancelled  = "cancelled"
)

// The kinds of jobs.
const (
	kindImport     = "profile-bulk-import-job"
	kindSuppress   = "profile-suppression-bulk-create-job"
	kindUnsuppress = "profile-suppression-bulk-delete-job"
)

// JobPlan is what becomes of a job. The zero JobPlan is a job that is queued when its
// request is answered, and complete whenever somebody looks again.
type JobPlan struct {
	// Queued passes before the job starts, and Processing until it has ended. Meanwhile it
	// takes one profile after the other.
	Queued, Processing time.Duration
	// Fail chooses the profiles that the job can't import, by their objects in the request;
	// nil is none.
	Fail func(profile json.RawMessage) bool
	// Cancelled ends the job, as somebody at Klaviyo does, when it is half done.
	Cancelled bool
	// Endless keeps the job processing for ever, without taking any profile.
	Endless bool
	// Lifetime passes from the request until an import is no longer known. The default is
	// 7 days.
	Lifetime time.Duration
}

// lifetime is how long an import is known.
const lifetime = 7 * 24 * time.Hour

// WithJobs plans the jobs. The function is called with each new job, and must not use the
// Klaviyo.
func WithJobs(plan func(Job) JobPlan) Option {
	if plan == nil {
		panic("klaviyotest: WithJobs: the function is nil")
	}
	return func(k *Klaviyo) { k.account.plan = plan }
}

// Jobs gives the jobs in the order in which they were made, those that have expired too.
func (k *Klaviyo) Jobs() []Job {
	a, unlock := k.now()
	defer unlock()
	found := make([]Job, len(a.jobs))
	for i, j := range a.jobs {
		found[i] = j.Job
	}
	return found
}

type job struct {
	Job
	plan     JobPlan
	people   []map[string]any // as the request has them
	take     func(profile map[string]any, index int, now time.Time) *failure
	lists    []*list
	failures []*failure
}

// failure is a profile that a job couldn't take.
type failure struct {
	id      string
	code    string
	detail  string
	pointer string
	payload map[string]any
}

// newJob starts a job that takes people one after the other.
func (a *account) newJob(kind string, people []map[string]any, now time.Time, take func(profile map[string]any, index int, now time.Time) *failure) *job {
	j := &job{
		Job:    Job{ID: a.newID("JOB"), Kind: kind, Status: jobQueued, Total: len(people), Created: now},
		people: people,
		take:   take,
	}
	if a.plan != nil {
		j.plan = a.plan(j.Job)
	}
	if kind == kindImport {
		j.Expires = now.Add(lifetime)
		if j.plan.Lifetime > 0 {
			j.Expires = now.Add(j.plan.Lifetime)
		}
	}
	a.jobs = append(a.jobs, j)
	return j
}

// runJobs does what the jobs have done until now.
func (a *account) runJobs(now time.Time) {
	for _, j := range a.jobs {
		if j.Ended.IsZero() {
			j.run(a, now)
		}
	}
}

func (j *job) run(a *account, now time.Time) {
	start := j.Created.Add(j.plan.Queued)
	if now.Before(start) {
		return
	}
	j.Started, j.Status = start, jobProcessing
	if j.plan.Endless {
		return
	}
	end, last, outcome := start.Add(j.plan.Processing), j.Total, jobComplete
	if j.plan.Cancelled {
		end, last, outcome = start.Add(j.plan.Processing/2), j.Total/2, jobCancelled
	}
	due := last
	if now.Before(end) {
		due = int(float64(last) * float64(now.Sub(start)) / float64(end.Sub(start)))
	} else {
		now, j.Status, j.Ended = end, outcome, end
	}
	for ; j.Completed < due; j.Completed++ {
		if f := j.takeNext(now); f != nil {
			f.id = a.newID("ERROR")
			j.failures = append(j.failures, f)
			j.Failed++
		}
	}
	if !j.Ended.IsZero() {
		j.people = nil // a long simulation has no memory for them
	}
}

// takeNext takes the next person, or says why it couldn't.
func (j *job) takeNext(now time.Time) *failure {
	profile := j.people[j.Completed]
	if j.plan.Fail != nil && j.plan.Fail(encode(profile)) {
		return &failure{code: codeInvalid, detail: "The test failed this profile.", pointer: pointerTo("/data/attributes/profiles/data", j.Completed), payload: profile}
	}
	return j.take(profile, j.Completed, now)
}

// jobOf finds the job of a kind that a call's path names; it is nil where there is none,
// or none any more.
func (a *account) jobOf(c *call, kind string) *job {
	id, _ := c.pathID()
	i := slices.IndexFunc(a.jobs, func(j *job) bool { return j.ID == id && j.Kind == kind && !j.hasExpired(c.time) })
	if i < 0 {
		return nil
	}
	return a.jobs[i]
}

func (j *job) hasExpired(now time.Time) bool { return !j.Expires.IsZero() && !now.Before(j.Expires) }

// getJob answers with a job of a kind.
func getJob(kind string) func(*account, *call) answer {
	return func(a *account, c *call) answer {
		j := a.jobOf(c, kind)
		if j == nil {
			_, parameter := c.pathID()
			return notFound(parameter)
		}
		shaping := c.shaping()
		shown := shaping.resource(j, func(string) []collected {
			var lists []collected
			for _, l := range j.lists {
				lists = append(lists, l)
			}
			return lists
		})
		return document(http.StatusOK, single{shown, shaping.included})
	}
}

// getImports answers with the imports that are still known.
func (a *account) getImports(c *call) answer {
	return answerPage(c, slices.DeleteFunc(slices.Clone(a.jobs), func(j *job) bool {
		return j.Kind != kindImport || j.hasExpired(c.time)
	}), 20, nil)
}

// getImportErrors answers with the profiles that an import couldn't take.
func (a *account) getImportErrors(c *call) answer {
	j := a.jobOf(c, kindImport)
	if j == nil {
		_, parameter := c.pathID()
		return notFound(parameter)
	}
	return answerPage(c, j.failures, 20, nil)
}

func (j *job) shown(c *call) resource     { return c.revision.shows.job(c, j) }
func (f *failure) shown(c *call) resource { return c.revision.shows.failure(c, f) }

// field is what a filter or an order compares.
func (j *job) field(name string) any {
	if name == "created_at" {
		return j.Created
	}
	return j.Status
}

// field is there for no filter.
func (f *failure) field(string) any { return f.id }
