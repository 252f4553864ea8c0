package input

import (
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// heldAtOnce is a slow twin of holding: it takes down all events of a value, numbers
// them, and then says what follows the last.
func heldAtOnce(value Event) []Event {
	var events []Event
	switch held := findNested(value.Text); {
	case held.sequence:
		for _, one := range valuesOf(value, held.form, held.text) {
			if !mayNest(one.Text) || findNested(one.Text).form == "" {
				events = append(events, one)
			} else {
				events = append(events, heldAtOnce(one)...)
			}
		}
		return numbered(value, events)
	case held.form != "" && !isList(held.text):
		value.Form, value.Text = held.form, held.text
		return []Event{value}
	}
	for _, element := range elementsOf(value) {
		if !mayNest(element.Text) {
			events = append(events, element)
			continue
		}
		switch held := findNested(element.Text); {
		case held.form == "":
			events = append(events, element)
		case !isList(held.text):
			element.Form, element.Text = held.form, held.text
			events = append(events, element)
		default:
			events = append(events, elementsOf(element)...)
		}
	}
	return numbered(value, events)
}

func numbered(value Event, events []Event) []Event {
	for i := range events {
		events[i].Event = max(value.Event, 1) + i
		events[i].Next = value.Position
		events[i].Next.Event = events[i].Event + 1
	}
	if len(events) > 0 {
		events[len(events)-1].Next = value.Next
	}
	return events
}

func elementsOf(value Event) []Event {
	held := findNested(value.Text)
	return valuesOf(value, held.form, held.text[1:len(held.text)-1])
}

func valuesOf(value Event, form Form, rest []byte) (events []Event) {
	for value.Form = form; ; {
		rest = []byte(strings.TrimLeft(string(rest), " \t\r\n,"))
		if len(rest) == 0 {
			return events
		}
		var s scan
		n, _ := s.value(rest)
		value.Text, rest = rest[:n], rest[n:]
		events = append(events, value)
	}
}

// FuzzNested checks what a value holds against the slow twin, in a line and in a list.
func FuzzNested(f *testing.F) {
	for _, tt := range formTests {
		if len(tt.text) < 1000 {
			f.Add(tt.text, 0)
			f.Add(strings.ReplaceAll(tt.text, "\n", " "), 7)
		}
	}
	f.Add(`[{"batch":[]},[[1],2],{"payload":[{"batch":[3]}]},{"payload":"[4,{}]"},{"batch":[]}]`, 0)
	f.Add(`{"payload":"{\"batch\":[{\"payload\":{}},[],[5],{}]}"}`, 3)
	f.Fuzz(func(t *testing.T, text string, number int) {
		if strings.TrimSpace(text) == "" || number < 0 {
			return
		}
		value := Event{
			Position: Position{File: 1, Line: 2, Event: number, Offset: 4}, Next: Position{File: 1, Line: 3, Offset: 9},
			Form: FormJSONLines, Ended: true, Text: []byte(text),
		}
		h, ok := openNested(value)
		if form := findNested(value.Text).form; ok != (form != "") {
			t.Fatalf("open: %v of a value that holds %q", ok, form)
		}
		if !ok {
			return
		}
		count := h.count()
		var got []Event
		for event, ok := h.next(); ok; event, ok = h.next() {
			got = append(got, event)
		}
		if diff := cmp.Diff(heldAtOnce(value), got); diff != "" {
			t.Fatalf("(-at once +one by one)\n%s", diff)
		}
		if count != len(got) {
			t.Fatalf("count %d of %d", count, len(got))
		}
	})
}

// allocated is how many bytes reading takes in all, and gives how many events there are.
func allocated(t *testing.T, cfg Config) (bytes uint64, events int) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for {
		if _, err = r.Next(t.Context()); err != nil {
			break
		}
		events++
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, events
}

// TestSmallEventsTakeNoMemory reads 4 MB of events that are next to nothing, in each form
// that holds events. What is allocated is the memory for the text, once, and once more
// for a string's.
func TestSmallEventsTakeNoMemory(t *testing.T) {
	const events, size = 1_333_332, 4_000_000
	list := "[" + strings.Repeat("{},", events-1) + "{}]"
	lists := "[" + strings.Repeat(`{"batch":[`+strings.Repeat("{},", events/12-1)+"{}]},", 11) +
		`{"payload":[` + strings.Repeat("{},", events/12-1) + "{}]}]"
	for _, tt := range []struct {
		name, text string
		limit      int
		want       uint64
	}{
		{"a batch on a line", "{}\n" + `{"batch":` + list + "}", 0, 2 * size},
		{"an array on a line", "{}\n" + list, 0, 2 * size},
		{"batches in an array on a line", "{}\n" + lists, 0, 2 * size},
		{"a line of the archive", "{}\n" + `{"payload":` + list + `}`, 0, 2 * size},
		{"a string in a line of the archive", "{}\n" + `{"payload":"` + list + `"}`, 0, 3 * size},
		{"a string with a batch", "{}\n" + `{"payload":"{\"batch\":` + list + `}"}`, 0, 3 * size},
		{"an array", "[{}," + list[1:], 0, size},
		{"batches in an array", "[{}," + lists[1:], 0, 3 * size},
		{"an array over lines", "[{},\n" + strings.ReplaceAll(list[1:], ",", ",\n"), 0, size},
		{"a batch over the limit", `{"batch":[{},` + list[1:] + "}", size / 2, 4 * size},
	} {
		t.Run(tt.name, func(t *testing.T) {
			limit := tt.limit
			if limit == 0 {
				limit = size + 1000
			}
			got, n := allocated(t, Config{Files: []string{Stdin}, Stdin: strings.NewReader(tt.text), Limit: limit})
			if n != events+1 {
				t.Errorf("%d events, want %d", n, events+1)
			}
			if got > tt.want {
				t.Errorf("allocated %d bytes for %d", got, len(tt.text))
			}
		})
	}
}

// TestStringIsCopiedOnce reads a string that is nothing but escapes.
func TestStringIsCopiedOnce(t *testing.T) {
	text := `{"payload":"{\"a\":\"` + strings.Repeat(`\\n`, 1_333_333) + `\"}"}`
	got, n := allocated(t, Config{Files: []string{Stdin}, Stdin: strings.NewReader(text), Limit: len(text)})
	if n != 1 || got > 12_000_000 {
		t.Errorf("%d events, allocated %d bytes for %d", n, got, len(text))
	}
}

// TestInvalidTextTakesNoMemory reads a string of bytes that are none of UTF-8, each of
// which would become three.
func TestInvalidTextTakesNoMemory(t *testing.T) {
	text := `{"payload":"` + strings.Repeat("\xff", 4_000_000) + `"}`
	got, n := allocated(t, Config{Files: []string{Stdin}, Stdin: strings.NewReader(text), Limit: len(text)})
	if n != 1 || got > 10_000_000 {
		t.Errorf("%d events, allocated %d bytes for %d", n, got, len(text))
	}
}

// TestCopiedLineIsReleased looks at a chunk after the events of a string were copied out of
// its last line: it holds the copy alone, and still tells what its memory was.
func TestCopiedLineIsReleased(t *testing.T) {
	r, err := Open(Config{Files: []string{Stdin}, Stdin: strings.NewReader(`{"payload":{}}` + "\n" + `{"payload":"[{},{}]"}` + "\n")})
	if err != nil {
		t.Fatal(err)
	}
	var chunk Chunk
	if err := r.NextChunk(t.Context(), &chunk); err != nil {
		t.Fatal(err)
	}
	for _, holdsText := range []bool{true, false} {
		event, _ := chunk.Next()
		if !chunk.Unwrap(event) {
			t.Fatalf("line %d holds nothing", event.Line)
		}
		if got := chunk.text != nil; got != holdsText || chunk.Size() != chunkSize {
			t.Errorf("line %d: holds its text: %v, size %d", event.Line, got, chunk.Size())
		}
		if first, _ := chunk.Next(); string(first.Text) != "{}" {
			t.Errorf("line %d: %q", event.Line, first.Text)
		}
	}
	if last, _ := chunk.Next(); string(last.Text) != "{}" {
		t.Errorf("the last event is %q", last.Text)
	}
}
