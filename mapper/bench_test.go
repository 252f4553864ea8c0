package mapper_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// BenchmarkMap maps the examples, an event at a time.
func BenchmarkMap(b *testing.B) {
	data, err := os.ReadFile("../examples/events.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	events := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	m, err := mapper.New(mapper.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data) / len(events)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := m.Map(events[i%len(events)]); err != nil {
			b.Fatal(err)
		}
	}
}
