package plan

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func mapped(t *testing.T, text string) mapper.Result {
	t.Helper()
	m, err := mapper.New(mapper.Config{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Map([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// keyed is an event's request that is known by another key.
type keyed struct {
	mapper.Request
	key mapper.EventKey
}

func (k keyed) Event() mapper.EventKey { return k.key }

// TestMemoryIsFlat adds events each of its own person, second, messageId, metric, type,
// list, and error, and looks at what the draft holds of the first and of all.
func TestMemoryIsFlat(t *testing.T) {
	identify := mapped(t, `{"type":"identify","traits":{"email":"a@example.com","properties":{"subscribe":true,"listId":"L"}}}`)
	track := mapped(t, `{"type":"track","event":"Ping","messageId":"m","properties":{"email":"a@example.com"}}`)
	profile, subscription := identify.Requests[0], identify.Requests[1]
	event := keyed{Request: track.Requests[0]}
	const most = 26 << 20
	full, all := 350_000, 550_000 // events; after the first the draft holds what it may

	d := New([]string{"events.jsonl"}, delivery.BulkAuto)
	before := heapInUse()
	var atFull int
	for i := range all {
		name := fmt.Sprint(i)
		e := Event{Event: input.Event{Position: input.Position{Line: i}, Form: input.FormJSONLines}}
		e.Result.Identity = mapper.Identity{Email: name, ExternalID: "u" + name}
		e.Result.Type = name
		switch i % 16 {
		case 0:
			e.Result.Requests = []mapper.Request{profile}
		case 1:
			subscription.Body().(*klaviyo.SubscriptionCreateJobCreateQuery).Data.Attributes.ListID = name
			e.Result.Requests = []mapper.Request{profile, subscription}
		case 2:
			e.Reason = &mapper.Error{Code: "invalid_json"}
		default:
			at := time.Unix(int64(1_700_000_000+i), 0).UTC().Format(time.RFC3339)
			event.key = mapper.EventKey{Metric: name, UniqueID: name, Time: at}
			e.Result.Requests = []mapper.Request{event}
		}
		d.Add(e)
		if i == full {
			atFull = heapInUse() - before
		}
	}
	held := heapInUse() - before
	runtime.KeepAlive(d)
	if held > most || held > atFull+1<<20 {
		t.Errorf("%d bytes after %d events, %d after %d", atFull, full, held, all)
	}
	t.Logf("%d bytes", held)
}

func heapInUse() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

func TestTypesAreRudderStacks(t *testing.T) {
	d := New([]string{"a"}, delivery.BulkAuto)
	for _, name := range []string{"track", "page", "", "mine", "yours", "track"} {
		d.Add(Event{Result: mapper.Result{Type: name, Skipped: mapper.SkipUnsupportedType}})
	}
	want := map[string]int{"track": 2, "page": 1, "unknown": 1, "other": 2}
	if diff := cmp.Diff(want, d.Plan(nil, Quota{Share: 1}).Types); diff != "" {
		t.Error(diff)
	}
}
