package klaviyotest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// Job is asynchronous work that a request started.
type Job struct {
	// ID is the job's id.
	ID string
	// Kind is the resource type, such as profile-bulk-import-job.
	Kind string
	// Status is queued, processing, complete or cancelled.
	Status string
	// Total is the number of profiles of the job, Completed the number of processed profiles,
	// and Failed the number of failed ones among them.
	Total, Completed, Failed int
	// Created is when the request arrived. Started, Ended and Expires are when the job started,
	// ended, and is deleted. They are zero if that isn't known yet.
	Created, Started, Ended, Expires time.Time
}

// Job states.
const (
	jobQueued     = "queued"
	jobProcessing = "processing"
	jobComplete   = "complete"
	jobCancelled  = "cancelled"
)

// Job kinds.
const (
	kindImport     = "profile-bulk-import-job"
	kindSuppress   = "profile-suppression-bulk-create-job"
	kindUnsuppress = "profile-suppression-bulk-delete-job"
)

// JobPlan describes the course of a job. By default a job is queued at first, and complete when
// it is next looked up.
type JobPlan struct {
	// Queued is the time until the job starts, and Processing the time from then until it ends.
	// During Processing it processes one profile after the other.
	Queued, Processing time.Duration
	// Fail selects profiles that fail, by their objects in the request. nil selects none.
	Fail func(profile json.RawMessage) bool
	// Cancelled cancels the job when half of it is done.
	Cancelled bool
	// Endless keeps the job in the state processing forever. It processes no profiles.
	Endless bool
	// Lifetime is how long an import can be looked up after the request. The default is 7 days.
	Lifetime time.Duration
}

// defaultLifetime is the default of JobPlan.Lifetime.
const defaultLifetime = 7 * 24 * time.Hour

// WithJobs sets the function that plans each new job. It must not call methods of the Klaviyo.
func WithJobs(plan func(Job) JobPlan) Option {
	if plan == nil {
		panic("klaviyotest: WithJobs: the function is nil")
	}
	return func(k *Klaviyo) { k.account.plan = plan }
}

// Jobs returns the jobs in order of creation, including expired ones.
func (k *Klaviyo) Jobs() []Job {
	a, unlock := k.lockedAccount()
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
	people   []map[string]any // as in the request
	process  func(profile map[string]any, index int, now time.Time) *failure
	lists    []*list
	failures []*failure
}

// A failure is a profile that a job couldn't process.
type failure struct {
	id      string
	code    string
	detail  string
	pointer string
	payload map[string]any
}

// newJob starts a job that calls process for one person after the other.
func (a *account) newJob(kind string, people []map[string]any, now time.Time, process func(profile map[string]any, index int, now time.Time) *failure) *job {
	j := &job{
		Job:     Job{ID: a.newID("JOB"), Kind: kind, Status: jobQueued, Total: len(people), Created: now},
		people:  people,
		process: process,
	}
	if a.plan != nil {
		j.plan = a.plan(j.Job)
	}
	if kind == kindImport {
		j.Expires = now.Add(defaultLifetime)
		if j.plan.Lifetime > 0 {
			j.Expires = now.Add(j.plan.Lifetime)
		}
	}
	a.jobs = append(a.jobs, j)
	return j
}

// runJobs updates all jobs to the current time.
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
		if f := j.processNext(now); f != nil {
			f.id = a.newID("ERROR")
			j.failures = append(j.failures, f)
			j.Failed++
		}
	}
	if !j.Ended.IsZero() {
		j.people = nil // saves memory in long simulations
	}
}

// processNext processes the next person. It returns the failure if there is one.
func (j *job) processNext(now time.Time) *failure {
	profile := j.people[j.Completed]
	if j.plan.Fail != nil && j.plan.Fail(encode(profile)) {
		return &failure{code: codeInvalid, detail: "The test made this profile fail.", pointer: pointerTo("/data/attributes/profiles/data", j.Completed), payload: profile}
	}
	return j.process(profile, j.Completed, now)
}

// findJob returns the job of a kind with the id in the path. It returns nil if there is none or
// if it has expired.
func (a *account) findJob(c *call, kind string) *job {
	id, _ := c.pathID()
	i := slices.IndexFunc(a.jobs, func(j *job) bool { return j.ID == id && j.Kind == kind && !j.hasExpired(c.time) })
	if i < 0 {
		return nil
	}
	return a.jobs[i]
}

func (j *job) hasExpired(now time.Time) bool { return !j.Expires.IsZero() && !now.Before(j.Expires) }

// getJob returns a handler that returns a job.
func getJob(kind string) func(*account, *call) response {
	return func(a *account, c *call) response {
		j := a.findJob(c, kind)
		if j == nil {
			_, parameter := c.pathID()
			return notFound(parameter)
		}
		shaping := c.fieldsets()
		shown := shaping.resource(j, func(string) []collectionItem {
			var lists []collectionItem
			for _, l := range j.lists {
				lists = append(lists, l)
			}
			return lists
		})
		return jsonResponse(http.StatusOK, resourceDocument{shown, shaping.included})
	}
}

// getImports returns the imports that haven't expired.
func (a *account) getImports(c *call) response {
	return pageResponse(c, slices.DeleteFunc(slices.Clone(a.jobs), func(j *job) bool {
		return j.Kind != kindImport || j.hasExpired(c.time)
	}), 20, nil)
}

// getImportErrors returns the failed profiles of an import.
func (a *account) getImportErrors(c *call) response {
	j := a.findJob(c, kindImport)
	if j == nil {
		_, parameter := c.pathID()
		return notFound(parameter)
	}
	return pageResponse(c, j.failures, 20, nil)
}

func (j *job) toResource(c *call) resource     { return c.revision.resources.job(c, j) }
func (f *failure) toResource(c *call) resource { return c.revision.resources.failure(c, f) }

// field returns the value that filters and sort compare.
func (j *job) field(name string) any {
	if name == "created_at" {
		return j.Created
	}
	return j.Status
}

// field isn't used: no filter applies to failures.
func (f *failure) field(string) any { return f.id }
