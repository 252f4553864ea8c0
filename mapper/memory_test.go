package mapper_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestResultsAreNotReused maps events one after the other and at the same time with one Mapper,
// whose memory serves one event after the other, and looks at all results at the end.
func TestResultsAreNotReused(t *testing.T) {
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

// TestLargeEventMemory bounds what an event of many megabytes makes the collector's
// work, be it mapped or refused: three times its own length, and a little.
func TestLargeEventMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and takes minutes")
	}
	const size = 5_100_000 // more than a request may have
	times := func(s string, size int) string { return strings.TrimSuffix(strings.Repeat(s, size/len(s)), ",") }
	named := map[string]string{}                   // by value, since many events have the same
	names := func(value string, size int) string { // of many members
		if len(named[value]) < size {
			var b strings.Builder
			for i := 0; b.Len() < size; i++ {
				fmt.Fprintf(&b, `"%06x":%s,`, i, value)
			}
			named[value] = b.String()
		}
		one := len(`"000000":,`) + len(value)
		return strings.TrimSuffix(named[value][:(size+one-1)/one*one], ",")
	}
	var (
		numbers  = "[" + times("1,", size) + "]"
		members  = "{" + names("0", size) + "}"
		long     = times("x", size)
		escaped  = times(`\u00e9`, size)
		checkout = func(properties string) string {
			return strings.Replace(trackWith("{"+properties+"}"), "Song Played", "Checkout Started", 1)
		}
		beside  = func(member string) string { return strings.Replace(trackWith("{}"), `"type"`, member+`,"type"`, 1) }
		options = func(options string) string {
			return identifyWith(`"properties":{"subscribe":true,"listId":"L1",` + options + "}")
		}
		retl = func(record string) string {
			return beside(`"context":{"mappedToDestination":true,"externalId":[` + record + `]}`)
		}
		items = func(n int, fields string) string {
			return `"items":[` + times("{"+fields+"},", n*(len(fields)+3)) + "]"
		}
		control = times(`\u0001`, size)
		deep    = strings.Repeat("{"+names("0", 31*11)+`,"d":`, 6_000) + "0" + strings.Repeat("}", 6_000)
		flat    = mapper.Config{FlattenProperties: true}
	)
	tests := []struct {
		name, event string
		cfg         mapper.Config
		code        mapper.Code // empty if it is mapped
		field       string
		warnings    int
	}{
		{name: "properties", event: trackWith(members), code: mapper.CodeTooManyProperties, field: "properties"},
		{name: "properties, flattened", event: trackWith(members), cfg: flat, code: mapper.CodeTooManyProperties, field: "properties"},
		{name: "a property of members", event: trackWith(`{"a":` + members + `}`), code: mapper.CodeTooLarge},
		{name: "a property of members, flattened", event: trackWith(`{"a":` + members + `}`), cfg: flat, code: mapper.CodeTooManyProperties, field: "properties"},
		{name: "a list", event: trackWith(`{"l":` + numbers + `}`), code: mapper.CodeListTooLong, field: "properties.l"},
		{name: "a list of lists", event: trackWith(`{"l":[` + times("[],", size) + `]}`), code: mapper.CodeListTooLong, field: "properties.l"},
		{name: "deep lists", event: trackWith(`{"l":` + strings.Repeat("[", 9_000) + times("[[[1]]],", size) + strings.Repeat("]", 9_000) + `}`),
			code: mapper.CodeTooDeep, field: "properties.l" + strings.Repeat("[0]", 9)},
		{name: "a string", event: trackWith(`{"s":"` + long + `"}`), code: mapper.CodeStringTooLong, field: "properties.s"},
		{name: "a string with escapes", event: trackWith(`{"s":"` + escaped + `"}`), code: mapper.CodeStringTooLong, field: "properties.s"},
		{name: "strings", event: trackWith(`{"l":[` + times(`"`+times("x", 90_000)+`",`, size) + `]}`), code: mapper.CodeTooLarge},
		{name: "a long name", event: trackWith(`{"` + long + `":[` + times("1,", 10_000) + `]}`), code: mapper.CodeListTooLong,
			field: "properties." + strings.Repeat("x", 1_000) + "…"},
		{name: "white space", event: trackWith(`{"a":[` + times(" ", size) + `1]}`)},
		{name: "white space, flattened", event: trackWith(`{"a":{"b":[1` + times(" ", 5*size) + `]},"c":{"d":1}}`), cfg: flat},

		{name: "traits", event: identifyWith(names("0", size)), code: mapper.CodeTooLarge, field: "traits"},
		{name: "traits, flattened", event: identifyWith(names(`{"a":0}`, size)), cfg: flat, code: mapper.CodeTooLarge, field: "traits"},
		{name: "a trait of members, flattened", event: identifyWith(`"a":` + members), cfg: flat, code: mapper.CodeTooLarge},
		{name: "keys that collide", event: identifyWith(`"a":{"b":` + strings.Replace(members, "0}", `0},"b.000000":1,"b":`, 1) + `1}`), cfg: flat, code: mapper.CodeInvalidJSON, field: "traits.a.b"},
		{name: "a long key that collides", event: trackWith(`{"` + times("x", 1_000_000) + `":` + inAllWays(10) + `}`), cfg: flat, code: mapper.CodeTooLarge, warnings: 16},
		{name: "traits that are null", event: identifyWith(names("null", size)), code: mapper.CodeTooLarge, field: "traits"},
		{name: "traits of a track", event: strings.Replace(trackWith("{}"), `"traits":{`, `"traits":{`+names("0", size)+",", 1), code: mapper.CodeTooLarge, field: "traits"},
		{name: "traits in context", event: beside(`"context":{"traits":` + members + `}`), code: mapper.CodeTooLarge, field: "context.traits"},
		{name: "traits of a group", event: strings.Replace(identifyWith(`"subscribe":true,`+names("0", size)), `"identify"`, `"group","groupId":"L1"`, 1)},
		{name: "long names with escapes in traits and in context", event: strings.Replace(identifyWith(`"\u0061`+long+`":0`), `"type"`, `"context":{"traits":{"\u0062`+long+`":0}},"type"`, 1), code: mapper.CodeTooLarge},
		{name: "a trait that is a list", event: identifyWith(`"l":` + numbers), code: mapper.CodeTooLarge},

		{name: "empty items", event: checkout(`"products":[` + times("{},", size) + "]"), code: mapper.CodeListTooLong, field: "properties.products"},
		{name: "items", event: checkout(`"items":[` + times(`{"sku":1},`, size) + "]"), code: mapper.CodeListTooLong, field: "properties.items"},
		{name: "items, flattened", event: checkout(`"items":[` + times(`{"sku":1},`, size) + "]"), cfg: flat, code: mapper.CodeListTooLong, field: "properties.items"},
		{name: "items that are numbers", event: checkout(`"items":` + numbers), code: mapper.CodeListTooLong, field: "properties.items"},
		{name: "items of another metric", event: trackWith(`{"items":[` + times(`{"sku":1},`, size) + "]}"), code: mapper.CodeListTooLong, field: "properties.items"},
		{name: "items with many fields", event: checkout(items(4_000, names("0", 1_100)))},
		{name: "items with more fields", event: checkout(items(4_000, names("0", 1_400))), code: mapper.CodeTooLarge},
		{name: "an item of members", event: checkout(`"items":[{"sku":1,` + names("0", size) + "}]"), code: mapper.CodeTooManyProperties, field: "properties.items[0]"},
		{name: "a deep item with many fields", event: checkout(`"products":[{` + names("0", size/2) + `,"d":` + deep + `},{"d":` + deep + "}]"), code: mapper.CodeTooDeep, field: "properties.products[0]" + strings.Repeat(".d", 8)},
		{name: "items that collide", event: checkout(items(4_000, `"sku":1,"SKU":2,"url":1,"URL":2`)), warnings: 101},
		{name: "an item of white space", event: checkout(`"items":[{"sku":[` + times(" ", size) + `1]}]`)},

		{name: "consent", event: options(`"consent":` + numbers), warnings: 101},
		{name: "consent of a track", event: strings.Replace(trackWith("{}"), `"traits":{`, `"traits":{"consent":[`+times(`"",`, size)+"],", 1), code: mapper.CodeListTooLong, field: "traits.consent"},
		{name: "a channel", event: options(`"consent":"` + escaped + `"`), warnings: 2},
		{name: "a list of list ids", event: strings.Replace(options(`"a":1`), `"L1"`, numbers, 1), warnings: 2},
		{name: "a list id", event: strings.Replace(options(`"a":1`), "L1", long, 1), code: mapper.CodeTooLarge},
		{name: "an email address", event: strings.Replace(trackWith("{}"), "ana", long, 1), code: mapper.CodeInvalidEmail, field: "traits.email"},
		{name: "a list id of control characters", event: strings.Replace(identifyWith(`"subscribe":true`), `"identify"`, `"group","groupId":"`+control+`"`, 1), code: mapper.CodeTooLarge},
		{name: "fields of control characters", event: strings.Replace(trackWith("{}"), `"email"`, `"title":"`+control+`","image":"`+control+`","email"`, 1), code: mapper.CodeTooLarge},
		{name: "an email address of a group", event: strings.Replace(strings.Replace(identifyWith(`"subscribe":true`), "example", long, 1), `"identify"`, `"group","groupId":"L1"`, 1), code: mapper.CodeInvalidEmail, field: "traits.email"},
		{name: "a first name", event: identifyWith(`"firstName":"` + times(`\u2603`, 3*size) + `"`), code: mapper.CodeTooLarge},
		{name: "a blank name", event: identifyWith(`"firstName":"` + times(`\u2028`, size) + `"`)},
		{name: "an event's name", event: strings.Replace(trackWith("{}"), "Song Played", escaped, 1), code: mapper.CodeMetricNameTooLong, field: "event"},
		{name: "a message id", event: beside(`"messageId":"` + times(`\u00e9`, 3*size) + `"`), code: mapper.CodeTooLarge},
		{name: "a time", event: beside(`"timestamp":"` + escaped + `"`), code: mapper.CodeInvalidTime, field: "timestamp"},
		{name: "a type", event: strings.Replace(trackWith("{}"), `"track"`, `"`+escaped+`"`, 1)},
		{name: "a value", event: trackWith(`{"value":0.` + times("1", size) + `}`), code: mapper.CodeTooLarge, warnings: 1},
		{name: "external ids", event: retl(`{"id":"r-1","identifierType":"userId"},` + times("1,", size))},
		{name: "an external id of members", event: retl(`{"id":"r-1","identifierType":"userId",` + names("0", size) + `}`)},
		{name: "an external id's type", event: retl(`{"id":"r-1","identifierType":"` + escaped + `"}`)},

		{name: "members elsewhere", event: beside(`"a":` + members)},
		{name: "members at the top", event: beside(names("0", size))},
		{name: "objects elsewhere", event: beside(`"a":[` + times("{"+names("0", 400)+"},", size) + "]")},
		{name: "colons", event: beside(`"a":"` + times(":", size) + `","b":{` + names("0", 400) + "}")},
		{name: "a name twice at the end", event: identifyWith(names("0", size) + `,"\u0030000a0":1`), code: mapper.CodeInvalidJSON, field: "traits.0000a0"},
		{name: "a long name twice", event: beside(`"` + long + `":1,"` + long + `":1`), code: mapper.CodeInvalidJSON, field: strings.Repeat("x", 1_000) + "…"},
		{name: "something after the event", event: identifyWith(names("0", size)) + "x", code: mapper.CodeInvalidJSON},
		{name: "cut off", event: strings.TrimSuffix(identifyWith(names("0", size)), "}"), code: mapper.CodeInvalidJSON},
		{name: "no event", event: numbers, code: mapper.CodeInvalidEvent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, event := newMapper(t, tt.cfg), []byte(tt.event)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			result, err := m.Map(event)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > uint64(3*len(event))+4<<20 {
				t.Errorf("%d bytes for an event of %d", took, len(event))
			}
			var e *mapper.Error
			if !errors.As(err, &e) {
				e = &mapper.Error{}
			}
			if e.Code != tt.code || e.Field != tt.field {
				t.Errorf("got %q at %.200q, want %q at %.200q", e.Code, e.Field, tt.code, tt.field)
			}
			if len(result.Warnings) != tt.warnings {
				t.Errorf("%d warnings, want %d", len(result.Warnings), tt.warnings)
			}
		})
	}
}

// TestExplainIsLinear explains events of many names with escapes, each of which takes memory
// whenever it is looked at: that must not be once for each other name.
func TestExplainIsLinear(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	names := func(n int, value string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"\u0061%06x":%s`, i, value)
		}
		return b.String()
	}
	const many = 5_000
	tests := []struct{ name, event string }{
		{"names in traits and in context", strings.Replace(identifyWith(`"a":0`+names(many, "null")), `"type"`, `"context":{"traits":{"a":0`+names(many, "0")+`}},"type"`, 1)},
		{"names that collide", strings.Replace(identifyWith(`"a":0`+names(many, "null")), `"type"`, `"context":{"traits":{"b":`+inAllWays(12)+`}},"type"`, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMapper(t, mapper.Config{FlattenProperties: true})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := m.Explain([]byte(tt.event))
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; err != nil || took > uint64(100*len(tt.event)) {
				t.Errorf("%d bytes for an event of %d, %v", took, len(tt.event), err)
			}
		})
	}
}

// inAllWays is an object that has a name of that many levels, nested in all ways that flatten
// to it.
func inAllWays(levels int) string {
	ways := []string{"0"}
	for n := 1; n <= levels; n++ {
		var members []string
		for first := 1; first <= n; first++ {
			name := strings.TrimSuffix(strings.Repeat("a.", first), ".")
			members = append(members, fmt.Sprintf("%q:%s", name, ways[n-first]))
		}
		ways = append(ways, "{"+strings.Join(members, ",")+"}")
	}
	return ways[levels]
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
