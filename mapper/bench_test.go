package mapper_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// benchmarkKinds are the kinds of event that are measured apart, by a text that is in
// their events alone.
var benchmarkKinds = []struct{ name, has string }{
	{"mix", ``},
	{"track", `"event":"Article Read"`},
	{"product_added", `"event":"Product Added"`},
	{"checkout_started", `"event":"Checkout Started"`},
	{"identify", `"type":"identify"`},
	{"group", `"type":"group"`},
}

// sampleEvents are events that have the text.
func sampleEvents(has string) (events [][]byte, size int) {
	const enough = 500
	for i := 0; len(events) < enough; i++ {
		if event := sample.AppendEvent(nil, 1, i); bytes.Contains(event, []byte(has)) {
			events = append(events, event)
			size += len(event)
		}
	}
	return events, size / enough
}

// BenchmarkMap maps events, and writes the bodies of their requests as JSON. Its
// figures beside the time are how often the same events could be validated by
// jsontext in that time, and how often they could be mapped in the time that
// encoding/json takes to decode and encode them through map[string]any.
func BenchmarkMap(b *testing.B) {
	for _, kind := range benchmarkKinds {
		b.Run(kind.name, func(b *testing.B) {
			events, size := sampleEvents(kind.has)
			m, err := mapper.New(mapper.Config{})
			if err != nil {
				b.Fatal(err)
			}
			var out []byte
			mapped := func(event []byte) {
				result, err := m.Map(event)
				if err != nil {
					b.Fatal(err)
				}
				out = out[:0]
				for _, request := range result.Requests {
					out = request.AppendBody(out)
				}
			}
			validated := func(event []byte) {
				if !jsontext.Value(event).IsValid() {
					b.Fatal("no JSON")
				}
			}
			decoded := func(event []byte) {
				var v map[string]any
				if err := json.Unmarshal(event, &v); err != nil {
					b.Fatal(err)
				}
				if _, err := json.Marshal(v); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				mapped(events[i%len(events)])
			}
			took := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(took)/float64(perEvent(events, validated)), "validations")
			b.ReportMetric(float64(perEvent(events, decoded))/float64(took), "of-encoding/json")
		})
	}
}

// perEvent is how long an event takes: the median of several rounds.
func perEvent(events [][]byte, do func([]byte)) time.Duration {
	const rounds = 9
	var took []time.Duration
	for range rounds {
		start := time.Now()
		for _, event := range events {
			do(event)
		}
		took = append(took, time.Since(start))
	}
	return median(took) / time.Duration(len(events))
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}
