package delivery

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// importOld begins the import of an earlier value of somebody.
func importOld(t *testing.T, k *klaviyotest.Klaviyo, email string) {
	t.Helper()
	body := klaviyo.NewBulkImportProfilesBody(klaviyo.ImportJobCreateAttributes{Profiles: klaviyo.ImportProfiles{
		Data: []klaviyo.ProfileUpsertQueryResourceObject{
			klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{Email: klaviyo.Set(email), FirstName: klaviyo.Set("Old")}).Data,
		},
	}})
	if _, err := klaviyo.NewAPI(newClient(t, k)).BulkImportProfiles(t.Context(), nil, body); err != nil {
		t.Fatal(err)
	}
}

// TestEarlierJobs has a run go on from one that left the import of an older value.
func TestEarlierJobs(t *testing.T) {
	listing := klaviyo.OperationGetBulkImportProfilesJobs
	for _, tt := range []struct {
		name string
		plan klaviyotest.JobPlan
		// age is that of the job when the earlier run began.
		age   time.Duration
		fault *klaviyotest.Fault
		// lasts is how long the run takes, at least and with a minute more at most.
		lasts   time.Duration
		awaited bool
		givenUp string // the reason
		stops   string
		older   bool // the older value is there at the end
	}{
		{name: "a job that ends", plan: klaviyotest.JobPlan{Queued: 5 * time.Minute}, lasts: 5 * time.Minute, awaited: true},
		{name: "a job that takes long", plan: klaviyotest.JobPlan{Queued: 9 * time.Minute, Processing: 9 * time.Minute}, lasts: 18 * time.Minute, awaited: true},
		{name: "a job that is cancelled", plan: klaviyotest.JobPlan{Processing: 4 * time.Minute, Cancelled: true}, lasts: 2 * time.Minute, awaited: true},
		{name: "a job that expires", plan: klaviyotest.JobPlan{Queued: time.Hour, Lifetime: 3 * time.Minute}, lasts: 3 * time.Minute, awaited: true, older: true},
		{name: "a job that has ended", lasts: 0},
		{name: "a job that never ends", plan: klaviyotest.JobPlan{Endless: true}, lasts: maxStalled, awaited: true, givenUp: "no progress for 10m0s"},
		{name: "a job of before that run", plan: klaviyotest.JobPlan{Endless: true}, age: 2 * time.Hour, lasts: 0},
		{name: "a job by a clock that is behind", plan: klaviyotest.JobPlan{Queued: 50 * time.Minute}, age: 45 * time.Minute, lasts: 5 * time.Minute, awaited: true},
		{name: "a key that may not list them", plan: klaviyotest.JobPlan{Queued: 5 * time.Minute}, fault: &klaviyotest.Fault{Operation: listing, Status: http.StatusForbidden, Times: -1},
			lasts: 0, givenUp: "403", older: true},
		{name: "a list that fails for a while", plan: klaviyotest.JobPlan{Queued: 5 * time.Minute}, fault: &klaviyotest.Fault{Operation: listing, Status: 503, Times: 10},
			lasts: 5 * time.Minute, awaited: true},
		{name: "a list that fails for good", fault: &klaviyotest.Fault{Operation: listing, Status: 503, Times: -1}, stops: "import jobs of an earlier run can't be looked up", lasts: maxOutage},
		{name: "a list that is unauthorized", fault: &klaviyotest.Fault{Operation: listing, Status: http.StatusUnauthorized, Times: -1}, stops: "unauthorized"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New(klaviyotest.WithJobs(func(j klaviyotest.Job) klaviyotest.JobPlan {
					if j.Total == 1 {
						return tt.plan
					}
					return klaviyotest.JobPlan{Endless: true} // of another program
				}))
				importOld(t, k, "p1@example.com")
				time.Sleep(tt.age)
				began := time.Now()
				if tt.fault != nil {
					k.Inject(*tt.fault)
				}
				var awaited []string
				var givenUp error
				earlier := &Earlier{
					Began:   began,
					Awaited: func(jobs []string) { awaited = jobs },
					GivenUp: func(_ []string, reason error) { givenUp = reason },
				}
				time.AfterFunc(time.Minute, func() {
					body := klaviyo.NewBulkImportProfilesBody(klaviyo.ImportJobCreateAttributes{})
					for range 2 {
						one := klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{Email: klaviyo.Set("other@example.com")})
						body.Data.Attributes.Profiles.Data = append(body.Data.Attributes.Profiles.Data, one.Data)
					}
					_, _ = klaviyo.NewAPI(newClient(t, k)).BulkImportProfiles(t.Context(), nil, body)
				})
				c := newClient(t, k)
				report := deliver(t.Context(), Config{Sender: c, Jobs: c, Map: remap, Reject: new(rejected).reject, Earlier: earlier},
					does(t, 1, "q@example.com", "m1"),
					mapped(t, 2, plain2026, `{"type":"identify","traits":{"email":"p1@example.com","firstName":"New"}}`),
					does(t, 3, "p1@example.com", "m3"))
				took := time.Since(began)
				if (report.Err != nil) != (tt.stops != "") || report.Err != nil && !strings.Contains(report.Err.Error(), tt.stops) {
					t.Errorf("%+v, want %q", report, tt.stops)
				}
				if report.Err == nil && report.Delivered != 3 {
					t.Errorf("%+v", report)
				}
				if took < tt.lasts || took > tt.lasts+time.Minute {
					t.Errorf("took %v, want %v", took, tt.lasts)
				}
				if (len(awaited) == 1) != tt.awaited {
					t.Errorf("awaited %q", awaited)
				}
				if (givenUp != nil) != (tt.givenUp != "") || givenUp != nil && !strings.Contains(givenUp.Error(), tt.givenUp) {
					t.Errorf("given up: %v, want %q", givenUp, tt.givenUp)
				}
				time.Sleep(2 * time.Hour)
				if p, _ := k.Profile("p1@example.com"); report.Err == nil && (p.Attributes.FirstName == "Old") != tt.older {
					t.Errorf("the name is %s", p.Attributes.FirstName)
				}
			})
		})
	}
}

// Only the requests wait that a job stands for, and only they have the jobs looked up.
func TestEarlierJobsHoldProfilesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New(klaviyotest.WithAnyList(), klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
			return klaviyotest.JobPlan{Queued: 5 * time.Minute}
		}))
		importOld(t, k, "p1@example.com")
		began := time.Now()
		if dead := sendTo(t, k, Config{Earlier: &Earlier{}}, does(t, 1, "p1@example.com", "m1"), joins(t, 2, "L")); len(dead) > 0 {
			t.Errorf("dead letters %v", dead)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("took %v", took)
		}
		if n := countOf(k, klaviyo.OperationGetBulkImportProfilesJobs); n > 0 {
			t.Errorf("the jobs were listed %d times", n)
		}
		k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationCreateEvent, Delay: time.Second})
		began = time.Now()
		for _, bulk := range []Bulk{BulkAuto, BulkNever} {
			sendTo(t, k, Config{Earlier: &Earlier{}, Bulk: bulk}, is(t, 3, "p9@example.com"), does(t, 4, "p8@example.com", "m4"))
		}
		if took := time.Since(began); took < 5*time.Minute-time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// unfiltered is a Klaviyo that lists jobs whatever the filter says.
type unfiltered struct{ http.RoundTripper }

func (u unfiltered) RoundTrip(req *http.Request) (*http.Response, error) {
	query := req.URL.Query()
	query.Del("filter")
	req.URL.RawQuery = query.Encode()
	return u.RoundTripper.RoundTrip(req)
}

// The jobs that the list still has, though they have ended, aren't waited for.
func TestEarlierJobsHaveEnded(t *testing.T) {
	for name, plan := range map[string]klaviyotest.JobPlan{"complete": {}, "cancelled": {Cancelled: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan { return plan }))
				importOld(t, k, "p1@example.com")
				time.Sleep(time.Second)
				c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: unfiltered{k.Transport()}}))
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				earlier := &Earlier{Awaited: func(jobs []string) { t.Errorf("waits for %q", jobs) }}
				report := deliver(t.Context(), Config{Sender: c, Jobs: c, Map: remap, Reject: new(rejected).reject, Earlier: earlier}, is(t, 1, "p1@example.com"))
				if took := time.Since(began); report.Delivered != 1 || took > time.Minute {
					t.Errorf("%+v after %v", report, took)
				}
			})
		})
	}
}
