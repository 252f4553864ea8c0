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
// and reads and splits the file alone. The figures are medians, those of ratios over
// the rounds, for other work on the machine meets all parts of a round: of-validating
// is the rate of mapping in that of validating, times-decoding that in that of
// decoding and encoding, and times-reading the rate of reading in that of mapping.
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
			var rate, ofValidating, timesDecoding, timesReading []float64
			for b.Loop() {
				validating := seconds(func() { onAll(lines, validate) })
				mapping := seconds(func() { mapFile(b, name, output) })
				validating = (validating + seconds(func() { onAll(lines, validate) })) / 2
				reading := seconds(func() { readFile(b, name) })
				decoding := seconds(func() { onAll(lines[:sampled], decodeAndEncode) }) * events / sampled
				rate = append(rate, events/mapping)
				ofValidating = append(ofValidating, validating/mapping)
				timesDecoding = append(timesDecoding, decoding/mapping)
				timesReading = append(timesReading, mapping/reading)
			}
			b.ReportMetric(median(rate), "lines/s")
			b.ReportMetric(median(ofValidating), "of-validating")
			b.ReportMetric(median(timesDecoding), "times-decoding")
			b.ReportMetric(median(timesReading), "times-reading")
		})
	}
}

// seconds is how long work takes.
func seconds(work func()) float64 {
	began := time.Now()
	work()
	return time.Since(began).Seconds()
}

func median(figures []float64) float64 { return slices.Sorted(slices.Values(figures))[len(figures)/2] }

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
