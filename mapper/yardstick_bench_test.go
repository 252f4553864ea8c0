package mapper_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// BenchmarkValidate only checks that the events of [BenchmarkMap] are JSON: the least
// that somebody who reads them has to do.
func BenchmarkValidate(b *testing.B) {
	data, err := os.ReadFile("../examples/events.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	events := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	b.SetBytes(int64(len(data) / len(events)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if !jsontext.Value(events[i%len(events)]).IsValid() {
			b.Fatal("an example is no JSON")
		}
	}
}
