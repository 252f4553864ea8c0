package klaviyotest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	later "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// startImport makes an import of n profiles and gives its address.
func startImport(t *testing.T, k *Klaviyo, n int) string {
	t.Helper()
	r := mustSend(t, k, "POST", importsPath, importOf(times(n, `"external_id":"%d"`)...))
	started := decode[later.ImportJobDocument](t, r).Data
	if r.status != 202 || started.Attributes.Status != "queued" {
		t.Errorf("status %d: %+v", r.status, started)
	}
	return importsPath + "/" + started.ID
}

// TestJobPlans are followed to where each ends.
func TestJobPlans(t *testing.T) {
	for name, test := range map[string]struct {
		plan     JobPlan
		after    time.Duration
		status   string // empty where the job is no longer known
		profiles int
	}{
		"none":           {JobPlan{}, 0, "complete", 10},
		"slow":           {JobPlan{Queued: time.Minute, Processing: time.Minute}, 90 * time.Second, "processing", 5},
		"slow, at last":  {JobPlan{Queued: time.Minute, Processing: time.Minute}, 2 * time.Minute, "complete", 10},
		"cancelled":      {JobPlan{Processing: time.Minute, Cancelled: true}, time.Hour, "cancelled", 5},
		"endless":        {JobPlan{Processing: time.Minute, Endless: true}, 24 * time.Hour, "processing", 0},
		"week not over":  {JobPlan{}, 7*24*time.Hour - time.Second, "complete", 10},
		"week over":      {JobPlan{}, 7 * 24 * time.Hour, "", 10},
		"expires before": {JobPlan{Queued: time.Hour, Lifetime: time.Minute}, time.Minute, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := New(WithJobs(func(Job) JobPlan { return test.plan }))
				address := startImport(t, k, 10)
				time.Sleep(test.after)
				r := send(t, k, "GET", address, "")
				if test.status == "" {
					if r.status != 404 {
						t.Errorf("status %d: %s", r.status, r.body)
					}
				} else if got := decode[later.ImportJobDocument](t, r).Data.Attributes.Status; string(got) != test.status {
					t.Errorf("%s, want %s", got, test.status)
				}
				listed := len(decode[later.ImportJobPage](t, mustSend(t, k, "GET", importsPath, "")).Data)
				if want := map[bool]int{true: 1, false: 0}[test.status != ""]; listed != want {
					t.Errorf("%d are listed, want %d", listed, want)
				}
				if got := len(k.Profiles()); got != test.profiles {
					t.Errorf("%d profiles, want %d", got, test.profiles)
				}
				if jobs := k.Jobs(); len(jobs) != 1 || jobs[0].Kind != kindImport || jobs[0].Total != 10 || jobs[0].Completed != test.profiles {
					t.Errorf("jobs %+v", jobs)
				}
			})
		})
	}
}

// TestImportErrors come page by page, and a page may break off.
func TestImportErrors(t *testing.T) {
	k := New(WithJobs(func(Job) JobPlan {
		return JobPlan{Fail: func(profile json.RawMessage) bool { return !strings.Contains(string(profile), `"7"`) }}
	}))
	address := startImport(t, k, 46)
	job := decode[later.ImportJobDocument](t, mustSend(t, k, "GET", address, "")).Data.Attributes
	if job.CompletedCount != 46 || job.FailedCount != 45 {
		t.Errorf("job %+v", job)
	}
	var pointers []string
	var sizes []int
	for next := address + "/import-errors"; next != ""; {
		page := decode[later.ImportErrorPage](t, mustSend(t, k, "GET", next, ""))
		sizes = append(sizes, len(page.Data))
		for _, e := range page.Data {
			pointers = append(pointers, e.Attributes.Source.Pointer)
		}
		next = page.Links.Next
	}
	if fmt.Sprint(sizes) != "[20 20 5]" || pointers[7] != "/data/attributes/profiles/data/8" {
		t.Errorf("pages of %v, pointers %q", sizes, pointers)
	}

	op := latest("GET", address+"/import-errors")
	k.Inject(Fault{Operation: op, CutOff: true})
	rsp, err := k.Transport().RoundTrip(newRequest(t, "GET", address+"/import-errors", ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(rsp.Body); err == nil {
		t.Error("the page came whole")
	}
	mustSend(t, k, "GET", address+"/import-errors?page[size]=100", "")
}

// TestImportConflict fails for that profile alone.
func TestImportConflict(t *testing.T) {
	k := New()
	createProfile(t, k, adasEmail)
	createProfile(t, k, adasNumber)
	r := mustSend(t, k, "POST", importsPath, importOf(adasEmail+","+adasNumber, `"email":"bo@example.com"`))
	address := importsPath + "/" + decode[later.ImportJobDocument](t, r).Data.ID
	failed := decode[later.ImportErrorPage](t, mustSend(t, k, "GET", address+"/import-errors", "")).Data
	if len(failed) != 1 || failed[0].Attributes.Code != "duplicate_profile" || len(k.Profiles()) != 3 {
		t.Errorf("errors %+v, %d profiles", failed, len(k.Profiles()))
	}
}

// TestSuppressionJobs of both revisions are the same work.
func TestSuppressionJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New(WithList("L", "list"), WithJobs(func(Job) JobPlan { return JobPlan{Queued: time.Minute} }))
		suppression := func() string { return find(t, k, "ada@example.com").Attributes.Consents[ChannelEmail].Suppression }
		createProfile(t, k, adasEmail)
		mustSend(t, k, "POST", subscribesPath, jobWith(subscribeKind, "", toListL, subscribed(adasEmail, toEmail)))
		for i, step := range []struct{ path, body, want string }{
			{"/api/profile-suppression-bulk-create-jobs", jobWith(kindSuppress, "", "", adasEmail), "USER_SUPPRESSED"},
			{"/api/profile-suppression-bulk-delete-jobs", jobWith(kindUnsuppress, "", "", adasEmail, `"email":"bo@example.com"`), ""},
			{"/api/profile-suppression-bulk-create-jobs/", suppressionsOf(`{"email":"ada@example.com"}`), "USER_SUPPRESSED"},
			{"/api/profile-suppression-bulk-delete-jobs", `{"data":{"type":"` + kindUnsuppress + `","attributes":{}` + toListL + `}}`, ""},
		} {
			before := suppression()
			r := mustSend(t, k, "POST", step.path, step.body)
			if got := suppression(); got != before {
				t.Errorf("step %d: %q before the job has started", i, got)
			}
			time.Sleep(time.Minute)
			if got := suppression(); got != step.want {
				t.Errorf("step %d: %q, want %q", i, got, step.want)
			}
			if !strings.HasSuffix(step.path, "/") {
				id := decode[sparse](t, r).Data.ID
				if got := mustSend(t, k, "GET", step.path+"/"+id, ""); !strings.Contains(got.body, `"status":"complete"`) {
					t.Errorf("step %d: %s", i, got.body)
				}
			}
		}
		if _, ok := k.Profile("bo@example.com"); ok {
			t.Error("the end of a suppression made a profile")
		}
		jobs := k.Jobs()
		if len(jobs) != 4 {
			t.Fatalf("%d jobs", len(jobs))
		}
		for _, path := range []string{importsPath, "/api/profile-suppression-bulk-delete-jobs"} {
			if r := send(t, k, "GET", path+"/"+jobs[0].ID, ""); r.status != 404 {
				t.Errorf("%s of another kind of job: status %d", path, r.status)
			}
		}
	})
}

// sparse is the resource of a response, whatever its kind.
type sparse struct {
	Data struct{ ID string }
}
