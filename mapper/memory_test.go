package mapper_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestResultsStay maps events one after the other and at the same time with one Mapper,
// whose memory serves one event after the other, and looks at all results at the end.
func TestResultsStay(t *testing.T) {
	var events [][]byte
	for i := range 300 {
		events = append(events, sample.AppendEvent(nil, 5, i), randomEvent(rand.New(rand.NewPCG(uint64(i), 10))))
	}
	for _, cfg := range []mapper.Config{{ListID: "L1"}, {ListID: "L1", FlattenProperties: true, ItemFields: mapper.ItemFieldsTransformer}} {
		shared := newMapper(t, cfg)
		const workers = 4
		results := make([][]mapper.Result, workers)
		var group sync.WaitGroup
		for worker := range workers {
			results[worker] = make([]mapper.Result, len(events))
			group.Go(func() {
				for i := range events {
					at := (i + worker*97) % len(events)
					results[worker][at], _ = shared.Map(events[at])
				}
			})
		}
		group.Wait()
		for i, event := range events {
			want, _ := newMapper(t, cfg).Map(event)
			for worker := range workers {
				if got := results[worker][i]; bodies(got) != bodies(want) || len(got.Warnings) != len(want.Warnings) {
					t.Fatalf("%s\nbecame\n%s\nand by itself\n%s", event, bodies(got), bodies(want))
				}
			}
		}
	}
}

func bodies(r mapper.Result) string {
	var out []byte
	for _, request := range r.Requests {
		out = append(request.AppendBody(out), '\n')
	}
	return string(out)
}

// TestManyPropertiesTakeLittle bounds what an event of many properties, which is refused,
// takes beside its own text.
func TestManyPropertiesTakeLittle(t *testing.T) {
	event := []byte(trackWith(manyProperties(200_000)))
	m := newMapper(t, mapper.Config{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := m.Map(event); err == nil {
		t.Fatal("it was mapped")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 100*200_000 {
		t.Errorf("%d bytes for 200,000 properties", took)
	}
}

// TestAllocations bounds what an event of the mix costs the garbage collector.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and empties pools at random")
	}
	m := newMapper(t, mapper.Config{})
	var out []byte
	i := 0
	events, _ := sampleEvents("")
	perEvent := testing.AllocsPerRun(len(events), func() {
		result, err := m.Map(events[i%len(events)])
		i++
		if err != nil {
			t.Fatal(err)
		}
		out = out[:0]
		for _, request := range result.Requests {
			out = request.AppendBody(out)
		}
	})
	if perEvent > 20 {
		t.Errorf("%v allocations an event", perEvent)
	}
}
