package command

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
)

// BenchmarkSendFile delivers a file of 100,000 generated events with a checkpoint, to a server
// on loopback that answers after 50 ms and has no limits, as the flags say. The server is of
// the same process, and has its part of the processors. In the same run two other things are
// done to hold that against: map writes the file's requests to a file, and net/http alone sends
// as many bytes to the same server in as many calls, 32 at a time. The figures are medians.
func BenchmarkSendFile(b *testing.B) {
	const events = 100_000
	for _, mix := range []struct {
		name  string
		takes func(event []byte) bool
	}{
		{"tracks", func(event []byte) bool { return bytes.Contains(event, []byte(`"type":"track"`)) }},
		{"all", func([]byte) bool { return true }},
	} {
		b.Run(mix.name, func(b *testing.B) {
			name := filepath.Join(b.TempDir(), "events.jsonl")
			writeEvents(b, name, events, mix.takes)
			var rates, ofMapping, ofPosting []float64
			for b.Loop() {
				mapping := seconds(func() { mapFile(b, name, filepath.Join(b.TempDir(), "requests.jsonl")) })
				server := &unlimited{}
				s := httptest.NewServer(server)
				sending := seconds(func() { sendFile(b, name, s.URL) })
				posting := seconds(func() { post(b, s, server.bytes.Load(), server.calls.Load()) })
				s.Close()
				rates = append(rates, events/sending)
				ofMapping = append(ofMapping, mapping/sending)
				ofPosting = append(ofPosting, posting/sending)
			}
			b.ReportMetric(median(rates), "events/s")
			b.ReportMetric(median(ofMapping), "of-mapping")
			b.ReportMetric(median(ofPosting), "of-posting")
		})
	}
}

// writeEvents writes a file of the first n generated events that are taken.
func writeEvents(b *testing.B, name string, n int, takes func(event []byte) bool) {
	file, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	var event []byte
	for number, written := 0, 0; written < n; number++ {
		if event = sample.AppendEvent(event[:0], 1, number); takes(event) {
			out.Write(append(event, '\n'))
			written++
		}
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
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
	if op.Success.Data == runtime.ResponseResource {
		io.WriteString(w, `{"data":{"id":"01A","attributes":{"status":"complete"}}}`)
	}
}

// sendFile delivers with limits that nothing reaches, and in the memory that the program has.
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
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	var out bytes.Buffer
	p := Program{Stdout: &out, Stderr: os.Stderr, Getenv: func(name string) string {
		return map[string]string{"KLAVIYO_API_KEY": key}[name]
	}, LimitMemory: func(bytes int64) { debug.SetMemoryLimit(bytes) }}
	if status := p.Run(b.Context(), append(args, name)); status != statusDone {
		b.Fatal("status", status, out.String())
	}
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
