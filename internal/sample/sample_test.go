package sample_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestMix checks the shares of the kinds of events, and that the mapper accepts each event without
// a warning.
func TestMix(t *testing.T) {
	const n = 10_000
	m, err := mapper.New(mapper.Config{Unsubscribe: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	counts, size := map[string]float64{}, 0
	for i := range n {
		text := sample.AppendEvent(nil, 1, i)
		size += len(text)
		var event struct {
			Type, Event string
			Properties  struct{ Products []any }
		}
		if err := json.Unmarshal(text, &event); err != nil {
			t.Fatal(err)
		}
		kind := event.Type
		if event.Type == "track" {
			kind = fmt.Sprintf("track %d", len(event.Properties.Products))
		}
		counts[kind] += 100. / n
		if result, err := m.Map(text); err != nil || len(result.Requests) == 0 || len(result.Warnings) > 0 {
			t.Fatalf("event %d: %v %v %v", i, result.Requests, result.Warnings, err)
		}
	}
	for kind, want := range map[string]float64{"track 0": 26.7, "track 3": 26.7, "track 5": 26.7, "identify": 15, "group": 5} {
		if math.Abs(counts[kind]-want) > 1.5 {
			t.Errorf("%s: %.1f %%, want %.1f %%", kind, counts[kind], want)
		}
	}
	if average := size / n; average < 1_900 || average > 2_300 {
		t.Errorf("%d bytes on average", average)
	}
}

func TestSameEventsEachTime(t *testing.T) {
	var lines bytes.Buffer
	if err := sample.Write(&lines, 7, 100); err != nil {
		t.Fatal(err)
	}
	var want []byte
	for i := range 100 {
		want = append(sample.AppendEvent(want, 7, i), '\n')
	}
	if !bytes.Equal(lines.Bytes(), want) {
		t.Error("Write and AppendEvent return different events")
	}
	if bytes.Equal(sample.AppendEvent(nil, 7, 0), sample.AppendEvent(nil, 8, 0)) {
		t.Error("different seeds return the same event")
	}
}
