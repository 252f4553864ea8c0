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

// BenchmarkMap maps events, and writes the bodies of their requests as JSON. Beside the
// time it gives how often jsontext could validate an event meanwhile, and how often an
// event is mapped while encoding/json decodes and encodes it through map[string]any.
// These are medians of short rounds in which the three take turns, so that they hold on
// a machine that has other things to do.
func BenchmarkMap(b *testing.B) {
	for _, kind := range []struct{ name, has string }{
		{"mix", ""},
		{"track", `"event":"Article Read"`},
		{"product_added", `"event":"Product Added"`},
		{"checkout_started", `"event":"Checkout Started"`},
		{"identify", `"type":"identify"`},
		{"group", `"type":"group"`},
	} {
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
			recoded := func(event []byte) {
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
			const rounds = 200
			var validations, recodings []float64
			for i := range rounds {
				some := events[i%10*len(events)/10:][:len(events)/10]
				took := timeOf(some, mapped)
				validations = append(validations, took/timeOf(some, validated))
				recodings = append(recodings, timeOf(some, recoded)/took)
			}
			b.ReportMetric(median(validations), "validations/op")
			b.ReportMetric(median(recodings), "ops/recoding")
		})
	}
}

// sampleEvents are events that have the text, and their size on average.
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

func timeOf(events [][]byte, do func([]byte)) float64 {
	start := time.Now()
	for _, event := range events {
		do(event)
	}
	return float64(time.Since(start))
}

func median(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}
