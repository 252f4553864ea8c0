package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// TestKilledSendWaitsForItsImport kills a send while its import is in progress, adds newer values to
// the input, and continues. The run must wait for the import, or the import would overwrite them.
func TestKilledSendWaitsForItsImport(t *testing.T) {
	t.Parallel()
	const outlives = 2 * time.Second
	var jobs atomic.Int64
	account := klaviyotest.New(klaviyotest.WithoutLimits(), klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
		if jobs.Add(1) > 1 {
			return klaviyotest.JobPlan{}
		}
		return klaviyotest.JobPlan{Queued: outlives}
	}))
	account.Inject(klaviyotest.Fault{Delay: time.Millisecond, Times: -1})
	server := httptest.NewServer(account)
	t.Cleanup(server.Close)
	write := func(path, name string) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for i := range 50 {
			if _, err := fmt.Fprintf(file, `{"type":"identify","traits":{"email":"p%d@example.com","firstName":%q}}`+"\n", i, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	write(path, "Old")
	args := []string{"send", "--revision=2026-07-15", "--concurrency=1", "--base-url=" + server.URL, "--no-dead-letter", "--checkpoint=" + filepath.Join(dir, "progress.json"), path}
	if newProcess(t, args...).killWhen(func() bool { return jobs.Load() > 0 }) {
		t.Fatal("the run ended although its import is in progress")
	}
	write(path, "New")
	began := time.Now()
	p := start(t, nil, args...)
	p.wantStatus(0)
	first := account.Jobs()[0]
	if first.Ended.IsZero() {
		t.Error("the run ended before the import")
	}
	if printed := p.stderrText.String(); began.Sub(first.Created) < outlives/4 && !strings.Contains(printed, "Profiles wait for the import jobs that an earlier run, or another program, has begun: "+first.ID+".") {
		t.Errorf("the output doesn't name the import that the run waits for: %s", printed)
	}
	for _, profile := range account.Profiles() {
		if profile.Attributes.FirstName != "New" {
			t.Errorf("%s is %s", profile.Attributes.Email, profile.Attributes.FirstName)
		}
	}
}
