package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readForms returns each event as line.event form text.
func readForms(t *testing.T, cfg Config) ([]string, error) {
	t.Helper()
	r, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var events []string
	for {
		e, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		text := string(e.Text)
		if e.TooLong {
			text = "too long"
		}
		events = append(events, fmt.Sprintf("%d.%d %s %s", e.Line, e.Event, e.Form, text))
	}
}

var formTests = []struct {
	name, text string
	limit      int
	want       []string
	wantErr    string
}{
	{
		name: "events on lines",
		text: "{\"type\":\"track\"}\n{\"type\":\"page\"}",
		want: []string{`1.0 json_lines {"type":"track"}`, `2.0 json_lines {"type":"page"}`},
	},
	{
		name: "events that mention what batches have",
		text: `{"type":"track","batch":[1],"payload":{"a":1}}` + "\n" + `{"type":"track","properties":{"batch":[{}],"payload":{}}}`,
		want: []string{`1.0 json_lines {"type":"track","batch":[1],"payload":{"a":1}}`, `2.0 json_lines {"type":"track","properties":{"batch":[{}],"payload":{}}}`},
	},
	{
		name: "a batch on a line",
		text: `{"sentAt":"2026-01-01","batch":[{"a":1}, {"b":"]}"} ],"context":{"batch":[7]}}` + "\n" + `{"c":3}`,
		want: []string{`1.1 batch {"a":1}`, `1.2 batch {"b":"]}"}`, `2.0 json_lines {"c":3}`},
	},
	{
		name: "two batches or payloads in one object", // of which taking one would lose the other
		text: `{"batch":[1],"b\u0061tch":[2]}` + "\n" + `{"payload":{"a":1},"payload":{"b":2}}` + "\n" + `{"payload":{"batch":[3],"batch":[4]}}`,
		want: []string{`1.0 json_lines {"batch":[1],"b\u0061tch":[2]}`, `2.0 json_lines {"payload":{"a":1},"payload":{"b":2}}`, `3.0 archive {"batch":[3],"batch":[4]}`},
	},
	{
		name: "a second batch behind one over lines", // of which the events are given when the second is seen
		text: "{\"batch\":[\n{\"a\":1}],\"context\":{\"batch\":[7]},\"b\\u0061tch\" : [{\"b\":2},\n[3]],\"batch\":[]\n}\n{\"c\":3}",
		want: []string{`2.1 batch {"a":1}`, "2.2 batch \"b\\u0061tch\" : [{\"b\":2},\n[3]]", `3.3 batch "batch":[]`, `5.0 json {"c":3}`},
	},
	{
		name:  "a second batch behind one over lines, over the limit",
		limit: 30,
		text:  "{\"batch\":[\n{\"a\":1}],\"batch\":[" + strings.Repeat("{},", 30) + "{}]}\n{\"c\":3}",
		want:  []string{`2.1 batch {"a":1}`, "2.2 batch too long", `3.0 json {"c":3}`},
	},
	{
		name: "what stands behind a batch over lines and is no member",
		text: "{\"batch\":[\n{\"a\":1}],\"x\":}{\"batch\":[{\"b\":2}] nonsense \"batch\": [3]}[{\"c\":3}]",
		want: []string{`2.1 batch {"a":1}`, `2.2 batch {"b":2}`, `2.3 json_array {"c":3}`},
	},
	{
		name: "a batch that is the second over lines",
		text: "{\n\"batch\":7,\"batch\":[{\"a\":1}]}",
		want: []string{"1.0 json {\n\"batch\":7,\"batch\":[{\"a\":1}]}"},
	},
	{
		name: "bodies one behind the other on a line",
		text: `{"batch":[{"a":1},{"b":2}],"sentAt":"now"}{"batch":[]} {"type":"track","x":"}{"}` + "\t" + `[{"batch":[{"c":3}]},{"d":4}]{"payload":{"e":5}}` + "\n" + `{"f":6}{"g":7}`,
		want: []string{`1.1 batch {"a":1}`, `1.2 batch {"b":2}`, `1.3 json {"type":"track","x":"}{"}`, `1.4 batch {"c":3}`, `1.5 json_array {"d":4}`, `1.6 archive {"e":5}`, `2.1 json {"f":6}`, `2.2 json {"g":7}`},
	},
	{
		name: "bodies one behind the other on a line, the last of which is cut off",
		text: `{"a":1}{"batch":[{"b":2},{"c":3}]}{"batch":[{"d":4},{"e`,
		want: []string{`1.1 json {"a":1}`, `1.2 batch {"b":2}`, `1.3 batch {"c":3}`, `1.4 json {"batch":[{"d":4},{"e`},
	},
	{
		name: "an event with a bracket too many", // which mustn't be taken for a whole one and more
		text: `{"type":"track","x":{}},"y":{"z":1}}` + "\n" + `{"a":1}}{"b":2}` + "\n" + `{"a":1}{"b":2},`,
		want: []string{`1.0 json_lines {"type":"track","x":{}},"y":{"z":1}}`, `2.0 json_lines {"a":1}}{"b":2}`, `3.0 json_lines {"a":1}{"b":2},`},
	},
	{
		name:  "bodies one behind the other on the first line, over the limit",
		limit: 20,
		text:  `  {"type":"track","a":1} {"b":2}[{"c":3}]` + "\n" + `{"d":4}`,
		want:  []string{`1.0 json too long`, `1.1 json {"b":2}`, `1.2 json_array {"c":3}`, `2.0 json {"d":4}`},
	},
	{
		name: "more blank lines than anything is long",
		text: "\uFEFF" + strings.Repeat(" \t\r\n", 200_000) + "[\n{\"a\":1}\n]", limit: 50,
		want: []string{`200002.1 json_array {"a":1}`},
	},
	{
		name: "more blanks than a line may have", limit: 5,
		text: "\n" + strings.Repeat(" ", chunkSize) + "[\n1]\n",
		want: []string{`2.0 json_lines too long`, `3.0 json_lines 1]`},
	},
	{
		name: "carriage returns in values and between them",
		text: "{\"a\":\r1}\r{\"b\":2}\r\n{\"c\":3}\r\n",
		want: []string{"1.1 json {\"a\":\r1}", `1.2 json {"b":2}`, `2.0 json_lines {"c":3}`},
	},
	{name: "an empty batch", text: `{"batch":[]}` + "\n" + `{"c":3}`, want: []string{`2.0 json_lines {"c":3}`}},
	{name: "a batch that is none", text: `{"batch":7}`, want: []string{`1.0 json_lines {"batch":7}`}},
	{name: "a batch that is cut off", text: `{"batch":[{"a":1},{"b":` + "\n" + `{"c":3}`, want: []string{`1.0 json_lines {"batch":[{"a":1},{"b":`, `2.0 json_lines {"c":3}`}},
	{
		name: "bad events in a batch",
		text: `{"batch":[{"a":1},{"b":},nonsense,"x",{"d":4}]}` + "\n" + `{"batch":[{"a":1]}` + "\n" + `{"c":3}`,
		want: []string{`1.1 batch {"a":1}`, `1.2 batch {"b":}`, `1.3 batch nonsense`, `1.4 batch "x"`, `1.5 batch {"d":4}`, `2.0 json_lines {"batch":[{"a":1]}`, `3.0 json_lines {"c":3}`},
	},
	{
		name: "a line of the archive with an event",
		text: `{"userId":"7","payload":{"type":"track","batch":[1]},"createdAt":"2026-01-01T00:00:00Z","messageId":"m"}`,
		want: []string{`1.0 archive {"type":"track","batch":[1]}`},
	},
	{
		name: "a line of the archive with a batch",
		text: `{"userId":"7","payload":{"batch":[{"a":1},{"b":2}],"writeKey":"k"},"createdAt":"2026-01-01T00:00:00Z","messageId":"m"}`,
		want: []string{`1.1 archive {"a":1}`, `1.2 archive {"b":2}`},
	},
	{
		name: "lines of the archive with strings of JSON",
		text: `{"payload":"{\"type\":\"tr\\u00e4ck\"}"}` + "\n" + `{"payload":"[{\"a\":1},{\"b\":2}]"}` + "\n" + `{"payload":"{\"batch\":[{\"c\":3}]}"}`,
		want: []string{`1.0 archive {"type":"tr\u00e4ck"}`, `2.1 archive {"a":1}`, `2.2 archive {"b":2}`, `3.1 archive {"c":3}`},
	},
	{
		name: "payloads that hold no event",
		text: `{"payload":null}` + "\n" + `{"payload":"hello"}` + "\n" + `{"payload":7}` + "\n" + `{"payload":"{"}` + "\n" + `{"payload":""}`,
		want: []string{`1.0 json_lines {"payload":null}`, `2.0 json_lines {"payload":"hello"}`, `3.0 json_lines {"payload":7}`, `4.0 json_lines {"payload":"{"}`, `5.0 json_lines {"payload":""}`},
	},
	{
		name: "arrays on lines among events",
		text: `{"a":1}` + "\n" + `[{"b":2},{"c":3}]` + "\n" + `[broken` + "\n" + `{"d":4}`,
		want: []string{`1.0 json_lines {"a":1}`, `2.1 json_array {"b":2}`, `2.2 json_array {"c":3}`, `3.0 json_lines [broken`, `4.0 json_lines {"d":4}`},
	},
	{
		name: "a log before the events",
		text: "[info] starting\n{\"a\":1}\n",
		want: []string{`1.0 json_lines [info] starting`, `2.0 json_lines {"a":1}`},
	},
	{
		name: "an array over lines",
		text: "\uFEFF\n [\n  {\"a\": 1},\n  {\n    \"b\": \"]},[{\\\"\"\n  }\n,{\"c\":3}, {\"d\":4}]\n",
		want: []string{`3.1 json_array {"a": 1}`, "4.2 json_array {\n    \"b\": \"]},[{\\\"\"\n  }", `7.3 json_array {"c":3}`, `7.4 json_array {"d":4}`},
	},
	{
		name: "an array on one line",
		text: `[{"a":1},{"batch":[{"b":2},{"c":3}]},{"payload":{"d":4}},{"e":5}]`,
		want: []string{`1.1 json_array {"a":1}`, `1.2 batch {"b":2}`, `1.3 batch {"c":3}`, `1.4 archive {"d":4}`, `1.5 json_array {"e":5}`},
	},
	{
		name: "an array on a line among others",
		text: `{"a":1}` + "\n" + `[{"batch":[{"b":2},{"c":3}]},{"payload":{"d":4}},{"type":"track","batch":[1]}]` + "\n" + `{"e":5}`,
		want: []string{`1.0 json_lines {"a":1}`, `2.1 batch {"b":2}`, `2.2 batch {"c":3}`, `2.3 archive {"d":4}`, `2.4 json_array {"type":"track","batch":[1]}`, `3.0 json_lines {"e":5}`},
	},
	{
		name: "a type with an escape in its name",
		text: `{"typ\u0065":"track","batch":[{"a":1}]}` + "\n" + `{"b":2}`,
		want: []string{`1.0 json_lines {"typ\u0065":"track","batch":[{"a":1}]}`, `2.0 json_lines {"b":2}`},
	},
	{
		name: "an array with bad elements",
		text: "[{\"a\":1},\n{\"b\":},\nnonsense,\n7,null,\n{\"c\":\"a quote is missing},\n{\"d\":[1}},\n{\"e\":5}\n]",
		want: []string{
			`1.1 json_array {"a":1}`, `2.2 json_array {"b":}`, `3.3 json_array nonsense`, `4.4 json_array 7`, `4.5 json_array null`,
			`5.6 json_array {"c":"a quote is missing},`, `6.7 json_array {"d":[1}}`, `7.8 json_array {"e":5}`,
		},
	},
	{
		name: "arrays one behind the other",
		text: "[{\"a\":1},{\"b\":2}\n][{\"c\":3}]\n[{\"d\":4}]\n[]",
		want: []string{`1.1 json_array {"a":1}`, `1.2 json_array {"b":2}`, `2.1 json_array {"c":3}`, `3.1 json_array {"d":4}`},
	},
	{
		name: "arrays on the same line",
		text: `[{"a":1},{"b":2}] [{"c":3}]`,
		want: []string{`1.1 json_array {"a":1}`, `1.2 json_array {"b":2}`, `1.3 json_array {"c":3}`},
	},
	{
		name: "events over lines",
		text: "{\n  \"type\": \"track\"\n}\n{\n  \"event\": {}} {\"a\":1}\nnonsense\n{\"b\":2}\n",
		want: []string{"1.0 json {\n  \"type\": \"track\"\n}", "4.0 json {\n  \"event\": {}}", `5.0 json {"a":1}`, "6.0 json nonsense", `7.0 json {"b":2}`},
	},
	{
		name: "batches over lines",
		text: "{\"sentAt\":\"now\",\"batch\":[\n{\"a\":1},\n{\"b\":2}\n],\"context\":{\"x\":[{}]}}\n{\n\"batch\": [ {\"c\":3} ]\n}",
		want: []string{`2.1 batch {"a":1}`, `3.2 batch {"b":2}`, `6.1 batch {"c":3}`},
	},
	{
		name: "a batch with an event a line",
		text: "{\"batch\":[{\"a\":1},\n{\"b\":2}]}",
		want: []string{`1.1 batch {"a":1}`, `2.2 batch {"b":2}`},
	},
	{
		name:    "an array that is cut off between events",
		text:    "[\n{\"a\":1},\n",
		want:    []string{`2.1 json_array {"a":1}`},
		wantErr: "at line 3: incomplete JSON at the end of the file",
	},
	{
		name:    "an array that is cut off within an event",
		text:    "[\n{\"a\":1},\n{\"b\":",
		want:    []string{`2.1 json_array {"a":1}`},
		wantErr: "at line 3: incomplete JSON at the end of the file",
	},
	{
		name:    "a batch that isn't closed",
		text:    "{\"batch\":[\n{\"a\":1}],\n",
		want:    []string{`2.1 batch {"a":1}`},
		wantErr: "incomplete JSON at the end of the file",
	},
	{
		name:  "events over the limit",
		limit: 20,
		text:  "[{\"a\":1},{\"b\":\"" + strings.Repeat("x", 300_000) + "\"},{\"c\":3},\n{\"d\":\"" + strings.Repeat("x", 15) + "\"},{\"e\":5}]",
		want:  []string{`1.1 json_array {"a":1}`, `1.2 json_array too long`, `1.3 json_array {"c":3}`, `2.4 json_array too long`, `2.5 json_array {"e":5}`},
	},
	{
		name:  "a batch on a line, as long as the limit",
		limit: 42,
		text:  "\uFEFF\n" + `  {"batch":[{"a":1},{"b":2}],"sent":"now"}` + "\r\n" + `{"c":3}`,
		want:  []string{`2.1 batch {"a":1}`, `2.2 batch {"b":2}`, `3.0 json_lines {"c":3}`},
	},
	{
		name:  "a batch on the first line, over the limit",
		limit: 41,
		text:  "\uFEFF\n" + `  {"batch":[{"a":1},{"b":2}],"sent":"now"}` + "\r\n" + `{"c":3}`,
		want:  []string{`2.1 batch {"a":1}`, `2.2 batch {"b":2}`, `3.0 json {"c":3}`},
	},
	{
		name:  "a batch on the first line, over the limit, with what else it has",
		limit: 30,
		text:  `{"sentAt":"now","batch":[{"a":1},{"b":"` + strings.Repeat("x", 30) + `"}, {"payload":{"c":3}},nonsense],"context":{"batch":[{"d":"` + strings.Repeat("x", 50) + `"}]}}`,
		want:  []string{`1.1 batch {"a":1}`, `1.2 batch too long`, `1.3 archive {"c":3}`, `1.4 batch nonsense`},
	},
	{
		name:    "a batch over the limit that is cut off",
		limit:   20,
		text:    `{"batch":[{"a":1},{"b":2},{"c`,
		want:    []string{`1.1 batch {"a":1}`, `1.2 batch {"b":2}`},
		wantErr: "at line 1: incomplete JSON at the end of the file",
	},
	{
		name:  "a batch on a later line, over the limit",
		limit: 20,
		text:  `{"a":1}` + "\n" + `{"batch":[{"b":2},{"c":3}]}`,
		want:  []string{`1.0 json_lines {"a":1}`, `2.0 json_lines too long`},
	},
	{
		name:  "an event on the first line, over the limit",
		limit: 20,
		text:  `{"type":"track","batch":[{"b":2},{"c":3}]}` + "\n" + `{"a":1}`,
		want:  []string{`1.0 json_lines too long`, `2.0 json_lines {"a":1}`},
	},
	{
		name: "a line of the archive with a list, over lines",
		text: "{\n\"payload\":[{\"a\":1},{\"b\":2}]\n}\n{\n\"payload\": \"[{},[3]]\"}{\"payload\":{}}",
		want: []string{`1.1 archive {"a":1}`, `1.2 archive {"b":2}`, `4.1 archive {}`, `4.2 json_array 3`, `5.0 archive {}`},
	},
	{
		name: "lists in arrays over lines",
		text: "[{\"batch\":[]},{\"a\":1},\n[{\"b\":2},{\"batch\":[{\"c\":3},{\"d\":4}]}], {\"payload\":\"{\\\"e\\\":5}\"},\n{\"batch\":[]}, {\"f\":6}]",
		want: []string{`1.1 json_array {"a":1}`, `2.2 json_array {"b":2}`, `2.3 batch {"c":3}`, `2.4 batch {"d":4}`, `2.5 archive {"e":5}`, `3.6 json_array {"f":6}`},
	},
	{name: "an empty array", text: "[\n]\n"},
	{name: "blank lines", text: "\n \n\n"},
	{name: "nothing", text: ""},
}

func TestForms(t *testing.T) {
	for _, tt := range formTests {
		t.Run(tt.name, func(t *testing.T) {
			for how, source := range map[string]struct {
				file  string
				stdin io.Reader
			}{
				"file":         {file: write(t, "events", tt.text)},
				"byte by byte": {file: Stdin, stdin: iotest.OneByteReader(strings.NewReader(tt.text))},
				"early EOF":    {file: Stdin, stdin: iotest.DataErrReader(strings.NewReader(tt.text))},
			} {
				got, err := readForms(t, Config{Files: []string{source.file}, Stdin: source.stdin, Limit: tt.limit})
				if (err != nil) != (tt.wantErr != "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("%s: error %v, want %q", how, err, tt.wantErr)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: (-want +got)\n%.2000s", how, diff)
				}
			}
		})
	}
}

// TestStartAtEachEvent goes on at the position of each event, and at the one
// after it, in each form.
func TestStartAtEachEvent(t *testing.T) {
	for _, tt := range formTests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Files: []string{write(t, "events", tt.text)}, Limit: tt.limit}
			r, err := Open(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			last := Position{}
			for i := 0; ; i++ {
				e, err := r.Next(t.Context())
				if err != nil {
					return
				}
				if e.isBefore(last) || e.Line == last.Line && e.Event == last.Event {
					t.Errorf("event %d.%d doesn't follow %d.%d", e.Line, e.Event, last.Line, last.Event)
				}
				last = e.Position
				if i == len(tt.want) {
					t.Fatalf("there is an event %d.%d", e.Line, e.Event)
				}
				for from, want := range map[Position][]string{e.Position: tt.want[i:], e.Next: tt.want[i+1:]} {
					cfg.From = from
					got, _ := readForms(t, cfg)
					if diff := cmp.Diff(append([]string(nil), want...), got); diff != "" {
						t.Errorf("from %+v (-want +got)\n%.2000s", from, diff)
					}
				}
			}
		})
	}
}

// FuzzForms reads a text at once and byte by byte, and from each event on.
func FuzzForms(f *testing.F) {
	for _, tt := range formTests {
		if len(tt.text) < 1000 {
			f.Add(tt.text, 1000)
			f.Add(tt.text, 5)
		}
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit <= 0 || limit > 1<<20 {
			return
		}
		cfg := Config{Files: []string{Stdin}, Stdin: strings.NewReader(text), Limit: limit}
		want, wantErr := readForms(t, cfg)
		cfg.Stdin = iotest.OneByteReader(strings.NewReader(text))
		got, err := readForms(t, cfg)
		if diff := cmp.Diff(want, got); diff != "" || (err != nil) != (wantErr != nil) {
			t.Fatalf("%v, %v: (-at once +byte by byte)\n%s", wantErr, err, diff)
		}
		cfg.Stdin = strings.NewReader(text)
		r, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for i := range want {
			e, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			isCopied := strings.Contains(text, `payload"`) // and so may be the events in a list of it
			if !e.TooLong && !bytes.Contains([]byte(text), e.Text) && !isCopied {
				t.Fatalf("event %d.%d isn't in the text", e.Line, e.Event)
			}
			cfg.Stdin, cfg.From = strings.NewReader(text), Position{Line: e.Line, Event: e.Event}
			got, _ := readForms(t, cfg)
			if diff := cmp.Diff(want[i:], got); diff != "" {
				t.Fatalf("from %d.%d (-want +got)\n%s", e.Line, e.Event, diff)
			}
		}
	})
}
