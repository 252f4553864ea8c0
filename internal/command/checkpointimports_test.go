package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// TestSendWaitsForTheImportsOfAnEarlierOne stops a send while its import is in progress, adds newer
// values to the input, and continues, with a checkpoint or from the printed line.
func TestSendWaitsForTheImportsOfAnEarlierOne(t *testing.T) {
	const people, newer = 20, 3 // which are p1, p2 and p3
	named := func(n int, name string) string {
		return fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","firstName":%q}}`, n, name)
	}
	for _, flags := range [][]string{{"--checkpoint", "--no-dead-letter"}, {"--no-dead-letter"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stopped := false
				k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
					if stopped {
						return klaviyotest.JobPlan{}
					}
					return klaviyotest.JobPlan{Queued: 5 * time.Minute}
				}))
				var events []string
				for n := range people {
					events = append(events, named(n, "Old"))
				}
				path := write(t, "events.jsonl", lines(events...))
				args := []string{"--output=json", "--revision=2026-07-15", "--concurrency=1"}
				for _, flag := range flags {
					if flag == "--checkpoint" {
						flag += "=" + progressFile(t)
					}
					args = append(args, flag)
				}
				k.Inject(klaviyotest.Fault{Delay: second, Times: -1})
				ctx, cancel := context.WithTimeout(t.Context(), 30*second)
				defer cancel()
				s := account(k)
				s.ctx = ctx
				r := s.run(t, append(append([]string{"send"}, args...), path)...)
				r.want(t, statusStopped, "interrupted")
				if jobs := k.Jobs(); len(jobs) != 1 || jobs[0].Status != "queued" {
					t.Fatalf("jobs %+v", jobs)
				}
				stopped = true
				var more []string
				for n := range newer {
					more = append(more, named(n+1, "New"))
				}
				grow(t, path, lines(more...))

				_, args = r.resumption(t)
				began := time.Now()
				r = account(k).run(t, append([]string{"send"}, args...)...)
				r.want(t, statusDone, "Profiles wait for the import jobs", k.Jobs()[0].ID)
				if took := time.Since(began); took < 4*minute || took > 6*minute {
					t.Errorf("took %v", took)
				}
				time.Sleep(time.Hour)
				for _, p := range k.Profiles() {
					want := "Old"
					if slices.Contains([]string{"p1@example.com", "p2@example.com", "p3@example.com"}, p.Attributes.Email) {
						want = "New"
					}
					if p.Attributes.FirstName != want {
						t.Errorf("%s is %s, want %s", p.Attributes.Email, p.Attributes.FirstName, want)
					}
				}

				// What comes after the end has nothing to wait for.
				if flags[0] == "--checkpoint" {
					grow(t, path, lines(named(1, "Newest")))
					before := len(k.Requests())
					account(k).run(t, append([]string{"send"}, args...)...).want(t, statusDone)
					if n := len(k.Requests()) - before; n != 1 {
						t.Errorf("%d requests for an event", n)
					}
				}
			})
		})
	}
}
