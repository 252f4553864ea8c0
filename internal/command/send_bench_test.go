package command

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
)

// BenchmarkSendFile delivers a file of generated events with a checkpoint, to a server on
// loopback that answers after 50 ms and has no limits, as the flags say. The server is of the
// same process, and has its part of the processors. In the same run two other things are done
// with the file to hold that against: map writes its requests to a file, and net/http alone
// sends as many bytes to the same server in as many calls, 32 at a time. The figures are
// medians.
func BenchmarkSendFile(b *testing.B) {
	const events = 100_000
	var all bytes.Buffer
	if err := sample.Write(&all, 1, 2*events); err != nil {
		b.Fatal(err)
	}
	for _, mix := range []struct {
		name  string
		takes func(line []byte) bool
	}{
		{"tracks", func(line []byte) bool { return bytes.Contains(line, []byte(`"type":"track"`)) }},
		{"all", func([]byte) bool { return true }},
	} {
		var text bytes.Buffer
		n := 0
		for line := range bytes.Lines(all.Bytes()) {
			if n < events && mix.takes(line) {
				text.Write(line)
				n++
			}
		}
		name := filepath.Join(b.TempDir(), "events.jsonl")
		if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		b.Run(mix.name, func(b *testing.B) {
			var rates, ofMapping, ofPosting []float64
			for b.Loop() {
				mapping := seconds(func() { mapFile(b, name, filepath.Join(b.TempDir(), "requests.jsonl")) })
				server := &unlimited{}
				s := httptest.NewServer(server)
				sending := seconds(func() { sendFile(b, name, s.URL) })
				posting := seconds(func() { post(b, s, server.bytes.Load(), server.calls.Load()) })
				s.Close()
				rates = append(rates, float64(n)/sending)
				ofMapping = append(ofMapping, mapping/sending)
				ofPosting = append(ofPosting, posting/sending)
			}
			b.ReportMetric(median(rates), "events/s")
			b.ReportMetric(median(ofMapping), "of-mapping")
			b.ReportMetric(median(ofPosting), "of-posting")
		})
	}
}

// unlimited is a server that takes what it is sent, and answers after 50 ms.
type unlimited struct{ bytes, calls atomic.Int64 }

func (u *unlimited) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	n, _ := io.Copy(io.Discard, req.Body)
	u.bytes.Add(n)
	u.calls.Add(1)
	time.Sleep(50 * time.Millisecond)
	op, ok := klaviyo.Operations.Match(req.Method, req.URL.Path)
	if !ok {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.api+json")
	w.WriteHeader(op.Success.Statuses[0])
	if op.Success.Data == runtime.AnswerResource {
		io.WriteString(w, `{"data":{"id":"01A","attributes":{"status":"complete"}}}`)
	}
}

// sendFile delivers with limits that nothing reaches.
func sendFile(b *testing.B, name, url string) {
	dir := b.TempDir()
	args := []string{"send", "--revision", "2026-07-15", "--base-url", url, "--output", "json",
		"--checkpoint", filepath.Join(dir, "progress.json"), "--dead-letter", filepath.Join(dir, "dead.jsonl")}
	for _, op := range []*klaviyo.Operation{
		klaviyo.OperationCreateEvent, klaviyo.OperationBulkCreateEvents, klaviyo.OperationCreateOrUpdateProfile,
		klaviyo.OperationBulkImportProfiles, klaviyo.OperationGetBulkImportProfilesJob, klaviyo.OperationBulkSubscribeProfiles,
	} {
		args = append(args, fmt.Sprintf("--limit=%s=10000/s,600000/m", op))
	}
	var out bytes.Buffer
	p := Program{Stdout: &out, Stderr: os.Stderr, Getenv: func(name string) string {
		return map[string]string{"KLAVIYO_API_KEY": key}[name]
	}}
	if status := p.Run(b.Context(), append(args, name)); status != statusDone {
		b.Fatal("status", status, out.String())
	}
	b.Log(strings.TrimSpace(out.String()))
}

// post sends as many bytes in as many calls.
func post(b *testing.B, s *httptest.Server, size, calls int64) {
	body := make([]byte, size/calls)
	client := &http.Client{Transport: network(32)}
	defer client.CloseIdleConnections()
	var left atomic.Int64
	left.Store(calls)
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				resp, err := client.Post(s.URL, "application/json", bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	group.Wait()
}
