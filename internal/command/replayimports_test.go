package command

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// TestReplayWaitsForTheImportsOfAnEarlierOne stops a replay while the import of older values is in
// progress. The next one must not end before that import, which would restore them.
func TestReplayWaitsForTheImportsOfAnEarlierOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 20
		stopped := false
		k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
			if stopped {
				return klaviyotest.JobPlan{}
			}
			return klaviyotest.JobPlan{Queued: 5 * time.Minute}
		}))
		k.Inject(klaviyotest.Fault{Delay: second, Times: -1})
		var events [][]byte
		for _, form := range []string{
			`{"type":"identify","traits":{"email":"p%d@example.com","firstName":"Old"}}`,
			`{"type":"track","event":"Renamed","context":{"traits":{"email":"p%d@example.com"}}}`, // keeps the identifies apart
			`{"type":"identify","traits":{"email":"p%d@example.com","firstName":"New"}}`,
		} {
			for n := range people {
				events = append(events, fmt.Appendf(nil, form, n))
			}
		}
		args := []string{"replay", "--revision=2026-07-15", "--concurrency=1", letters(t, events...)}
		ctx, cancel := context.WithTimeout(t.Context(), 30*second)
		defer cancel()
		s := account(k)
		s.ctx = ctx
		s.run(t, args...).want(t, statusStopped, "interrupted")
		if jobs := k.Jobs(); len(jobs) != 1 || jobs[0].Status != "queued" {
			t.Fatalf("jobs %+v", jobs)
		}
		stopped = true
		account(k).run(t, args...).want(t, statusDone, "Profiles wait for the import jobs", k.Jobs()[0].ID)
		time.Sleep(time.Hour)
		for _, p := range k.Profiles() {
			if p.Attributes.FirstName != "New" {
				t.Errorf("%s is %s", p.Attributes.Email, p.Attributes.FirstName)
			}
		}
	})
}

// TestReplayIsSilentOfImportsItMayNotList shows that a key without the scope means no warning:
// without the scope no earlier replay had imports.
func TestReplayIsSilentOfImportsItMayNotList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Fault{Operation: klaviyo.OperationGetBulkImportProfilesJobs, Status: http.StatusForbidden, Code: "permission_denied", Times: -1})
		path := letters(t, []byte(`{"type":"identify","traits":{"email":"ana@example.com"}}`))
		r := account(k).run(t, "replay", "--revision=2026-07-15", path)
		r.want(t, statusDone)
		if strings.Contains(r.stderr, "import jobs") {
			t.Errorf("stderr: %s", r.stderr)
		}
	})
}
