package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
)

// BenchmarkMapFile maps a file of 100,000 events, from the file to a file, on one
// processor and on all. In the same run and on as many processors it does three
// things with the same bytes to hold that against: it validates them with jsontext,
// decodes and encodes a tenth of them with encoding/json through map[string]any,
// and reads and splits the file alone. The ratios are of the medians: of-validating
// is the rate of mapping in that of validating, times-decoding that in that of
// decoding and encoding, and reading the rate of reading in that of mapping.
func BenchmarkMapFile(b *testing.B) {
	const events = 100_000
	var text bytes.Buffer
	if err := sample.Write(&text, 1, events); err != nil {
		b.Fatal(err)
	}
	lines := bytes.SplitAfter(text.Bytes(), []byte("\n"))[:events]
	name := filepath.Join(b.TempDir(), "events.jsonl")
	if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	output := filepath.Join(b.TempDir(), "requests.jsonl")

	processors := []int{1}
	if all := runtime.GOMAXPROCS(0); all > 1 {
		processors = append(processors, all)
	}
	for _, n := range processors {
		b.Run(fmt.Sprintf("processors=%d", n), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			const sampled = events / 10
			var mapping, validating, decoding, reading durations
			for b.Loop() {
				validating.add(func() { onAll(lines, validate) })
				mapping.add(func() { mapFile(b, name, output) })
				reading.add(func() { readFile(b, name) })
				decoding.add(func() { onAll(lines[:sampled], decodeAndEncode) })
			}
			perEvent := mapping.median() / events
			b.ReportMetric(events/mapping.median(), "lines/s")
			b.ReportMetric(float64(text.Len())/1e6/mapping.median(), "MB/s")
			b.ReportMetric(validating.median()/events/perEvent, "of-validating")
			b.ReportMetric(decoding.median()/sampled/perEvent, "times-decoding")
			b.ReportMetric(mapping.median()/reading.median(), "times-reading")
		})
	}
}

// durations are those of the same work, in seconds.
type durations []float64

func (d *durations) add(work func()) {
	began := time.Now()
	work()
	*d = append(*d, time.Since(began).Seconds())
}

func (d durations) median() float64 {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

// onAll does work on a part of the lines on each processor.
func onAll(lines [][]byte, work func([][]byte)) {
	var group sync.WaitGroup
	size := (len(lines) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	for part := range slices.Chunk(lines, size) {
		group.Go(func() { work(part) })
	}
	group.Wait()
}

func validate(lines [][]byte) {
	for _, line := range lines {
		if !jsontext.Value(line).IsValid() {
			panic("a line isn't valid")
		}
	}
}

func decodeAndEncode(lines [][]byte) {
	encoder := json.NewEncoder(io.Discard)
	for _, line := range lines {
		var event map[string]any
		if err := json.Unmarshal(line, &event); err != nil {
			panic(err)
		}
		if err := encoder.Encode(event); err != nil {
			panic(err)
		}
	}
}

func mapFile(b *testing.B, name, output string) {
	out, err := os.Create(output)
	if err != nil {
		b.Fatal(err)
	}
	p := Program{Stdout: out, Stderr: os.Stderr, Getenv: func(string) string { return "" }}
	if status := p.Run(b.Context(), []string{"map", name}); status != statusDone {
		b.Fatal("status", status)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
}

func readFile(b *testing.B, name string) {
	events, err := input.Open(input.Config{Files: []string{name}})
	if err != nil {
		b.Fatal(err)
	}
	for {
		if _, err := events.Next(b.Context()); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}
