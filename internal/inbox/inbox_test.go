package inbox

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

var received = time.Date(2026, 3, 1, 9, 30, 0, 250_000_000, time.UTC)

func message(requests ...Request) (m []byte) {
	for _, r := range requests {
		if r.Received.IsZero() {
			r.Received = received
		}
		m = Append(m, r)
	}
	return m
}

// readAll reads the events of a message, starting at a position.
func readAll(t testing.TB, message []byte, from input.Position) (events []input.Event) {
	t.Helper()
	for r := Read(message, from); ; {
		event, err := r.Next()
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
}

func texts(events []input.Event) (texts []string) {
	for _, e := range events {
		texts = append(texts, string(e.Text))
	}
	return texts
}

func TestFormat(t *testing.T) {
	got := string(message(Request{Kind: Webhook, Body: []byte("{\n}")}, Request{Kind: Batch}))
	want := `{"receivedAt":"2026-03-01T09:30:00.25Z","kind":"webhook","bytes":3}` + "\n{\n}\n" +
		`{"receivedAt":"2026-03-01T09:30:00.25Z","kind":"batch","bytes":0}` + "\n\n"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestMaxOverhead(t *testing.T) {
	body := make([]byte, 4<<20)
	at := time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", 3600))
	for kind := range kinds {
		if size := len(Append(nil, Request{kind, at, body})) - len(body); size > MaxOverhead {
			t.Errorf("%s: %d bytes", kind, size)
		}
	}
}

// TestWebhook checks which events the bodies of the webhook have.
func TestWebhook(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want []string
		form input.Form
	}{
		"an event":                  {`{"type":"track"}`, []string{`{"type":"track"}`}, input.FormJSON},
		"an event over lines":       {"{\n \"type\": \"track\"\n}\n", []string{"{\n \"type\": \"track\"\n}\n"}, input.FormJSON},
		"an event with a payload":   {`{"type":"track","payload":{}}`, []string{`{"type":"track","payload":{}}`}, input.FormJSON},
		"with a byte order mark":    {"\uFEFF{}", []string{"{}"}, input.FormJSON},
		"an array":                  {"[{\"a\":1},\n {\"b\":2}]", []string{`{"a":1}`, `{"b":2}`}, input.FormJSONArray},
		"an array over lines":       {"\n\n [\n{\"a\":1}\n]\n", []string{`{"a":1}`}, input.FormJSONArray},
		"an empty array":            {`[]`, nil, ""},
		"a batch":                   {`{"batch":[{"a":1},2],"sentAt":"x"}`, []string{`{"a":1}`, "2"}, input.FormBatch},
		"an empty batch":            {`{"batch":[]}`, nil, ""},
		"a row of the archive":      {`{"userId":"u","payload":{"type":"track"},"createdAt":"x"}`, []string{`{"type":"track"}`}, input.FormArchive},
		"a row with text":           {`{"payload":"{\"type\":\"track\"}"}`, []string{`{"type":"track"}`}, input.FormArchive},
		"a row with a batch":        {`{"payload":{"batch":[{"a":1},{"b":2}]}}`, []string{`{"a":1}`, `{"b":2}`}, input.FormArchive},
		"JSON Lines":                {"{\"a\":1}\n{\"b\":2}\n", []string{`{"a":1}`, `{"b":2}`}, input.FormJSON},
		"an array in an array":      {`[[{"a":1}],{"batch":[{"b":2}]}]`, []string{`{"a":1}`, `{"b":2}`}, ""},
		"nothing":                   {"", []string{""}, input.FormJSON},
		"blanks":                    {" \r\n\t", []string{" \r\n\t"}, input.FormJSON},
		"no JSON":                   {"type=track", []string{"type=track"}, input.FormJSON},
		"cut off":                   {`{"batch":[{"a":1},`, []string{`{"batch":[{"a":1},`}, input.FormJSON},
		"two batches in one object": {`{"batch":[1],"batch":[2]}`, []string{`{"batch":[1],"batch":[2]}`}, input.FormJSON},
		"a number":                  {"17", []string{"17"}, input.FormJSON},
		"bytes":                     {"\xff\x00\x1f\x8b", []string{"\xff\x00\x1f\x8b"}, input.FormJSON},
	} {
		t.Run(name, func(t *testing.T) {
			events := readAll(t, message(Request{Kind: Webhook, Body: []byte(test.body)}), input.Position{Line: 7})
			if diff := cmp.Diff(test.want, texts(events)); diff != "" {
				t.Error(diff)
			}
			if n := Count(Webhook, []byte(test.body)); n != len(test.want) {
				t.Errorf("Count gives %d", n)
			}
			for _, e := range events {
				if test.form != "" && e.Form != test.form {
					t.Errorf("form %s", e.Form)
				}
			}
		})
	}
}

// TestSDK checks how the events of SDKs are completed. The request is received 250 ms after
// 09:30:00.
func TestSDK(t *testing.T) {
	const at = `"receivedAt":"2026-03-01T09:30:00.250Z"`
	const now = `"timestamp":"2026-03-01T09:30:00.250Z"`
	for name, test := range map[string]struct {
		kind Kind
		body string
		want []string
	}{
		"a clock that is an hour slow": {Batch,
			`{"batch":[{"type":"track","originalTimestamp":"2026-03-01T08:29:00Z","sentAt":"2026-03-01T08:30:00Z"}]}`,
			[]string{`{"timestamp":"2026-03-01T09:29:00.250Z",` + at + `,"type":"track","originalTimestamp":"2026-03-01T08:29:00Z","sentAt":"2026-03-01T08:30:00Z"}`}},
		"the batch's sentAt": {Batch,
			`{"sentAt":"2026-03-01T09:00:10Z","batch":[{"originalTimestamp":"2026-03-01T09:00:00Z"},{"originalTimestamp":"2026-03-01T09:00:00Z","sentAt":"2026-03-01T09:00:01Z"}]}`,
			[]string{
				`{"timestamp":"2026-03-01T09:29:50.250Z",` + at + `,"originalTimestamp":"2026-03-01T09:00:00Z"}`,
				`{"timestamp":"2026-03-01T09:29:59.250Z",` + at + `,"originalTimestamp":"2026-03-01T09:00:00Z","sentAt":"2026-03-01T09:00:01Z"}`,
			}},
		"an event's sentAt that is no time": {Batch,
			`{"sentAt":"2026-03-01T09:00:10Z","batch":[{"originalTimestamp":"2026-03-01T09:00:00Z","sentAt":"soon"}]}`,
			[]string{`{"timestamp":"2026-03-01T09:29:50.250Z",` + at + `,"originalTimestamp":"2026-03-01T09:00:00Z","sentAt":"soon"}`}},
		"no sentAt": {Track, `{"type":"track","originalTimestamp":"2026-02-01T10:00:00+01:00"}`,
			[]string{`{"timestamp":"2026-02-01T09:00:00.000Z",` + at + `,"type":"track","originalTimestamp":"2026-02-01T10:00:00+01:00"}`}},
		"no originalTimestamp": {Track, `{"type":"track","sentAt":"2026-02-01T10:00:00Z"}`,
			[]string{`{` + now + `,` + at + `,"type":"track","sentAt":"2026-02-01T10:00:00Z"}`}},
		"no time": {Track, `{}`, []string{`{"type":"track",` + now + `,` + at + `}`}},
		"Segment's timestamp": {Batch,
			`{"batch":[{"timestamp":"2025-01-01T00:00:00.000Z","sentAt":"2026-03-01T09:00:00Z"}],"sentAt":"2026-03-01T09:00:00Z"}`,
			[]string{`{` + at + `,"timestamp":"2025-01-01T00:00:00.000Z","sentAt":"2026-03-01T09:00:00Z"}`}},
		"a timestamp in another notation": {Track, `{"type":"track","timestamp": 1740787200 }`,
			[]string{`{` + at + `,"type":"track","timestamp": 1740787200 }`}},
		"a timestamp that is no time": {Track, `{"timestamp": "yesterday", "type":"track","receivedAt":1}`,
			[]string{`{"timestamp": "2026-03-01T09:30:00.250Z", "type":"track","receivedAt":"2026-03-01T09:30:00.250Z"}`}},
		"a null timestamp": {Track, `{"type":"track","timestamp":null}`,
			[]string{`{` + at + `,"type":"track","timestamp":"2026-03-01T09:30:00.250Z"}`}},
		"a type that is blank":  {Identify, `{"type" : " " , ` + now + `}`, []string{`{` + at + `,"type" : "identify" , ` + now + `}`}},
		"another type stays":    {Page, `{"type":"screen",` + now + `}`, []string{`{` + at + `,"type":"screen",` + now + `}`}},
		"a batch gives no type": {Batch, `{"batch":[{` + now + `}]}`, []string{`{` + at + `,` + now + `}`}},
		"names with escapes": {Alias, `{"\u0074ype":"alias","timest\u0061mp":"x","t\"":1}`,
			[]string{`{` + at + `,"\u0074ype":"alias","timest\u0061mp":"2026-03-01T09:30:00.250Z","t\"":1}`}},
		"names in nested objects": {Group, `{"type":"group","traits":{"timestamp":"x","receivedAt":"y"},` + now + `}`,
			[]string{`{` + at + `,"type":"group","traits":{"timestamp":"x","receivedAt":"y"},` + now + `}`}},
		"byte for byte": {Track, " {\"type\":\"track\" ,\t\"properties\":{\"n\":1.10,\"big\":12345678901234567890,\"s\":\"\\ud83d\\u00e9\"}} \n",
			[]string{" {" + now + "," + at + ",\"type\":\"track\" ,\t\"properties\":{\"n\":1.10,\"big\":12345678901234567890,\"s\":\"\\ud83d\\u00e9\"}} \n"}},

		"a name twice":             {Track, `{"type":"track","sentAt":1,"sentAt":2}`, []string{`{"type":"track","sentAt":1,"sentAt":2}`}},
		"no JSON":                  {Track, `{"type":`, []string{`{"type":`}},
		"two objects":              {Track, `{}{}`, []string{`{}{}`}},
		"no UTF-8":                 {Track, "{\"a\":\"\xff\"}", []string{"{\"a\":\"\xff\"}"}},
		"no object":                {Batch, `{"batch":[1,"a",null,[{}]]}`, []string{`1`, `"a"`, `null`, `[{}]`}},
		"nothing":                  {Identify, ``, []string{``}},
		"a batch that is an array": {Batch, `[{}]`, []string{`[{}]`}},
		"a batch in a batch":       {Batch, `{"batch":[{"batch":[{}],` + now + `}]}`, []string{`{` + at + `,"batch":[{}],` + now + `}`}},
		"a byte order mark":        {Batch, "\uFEFF{\"batch\":[1]}", []string{`1`}},
		"a batch with a type":      {Batch, `{"type":"batch","batch":[{` + now + `}]}`, []string{`{` + at + `,` + now + `}`}},
		"two batches":              {Batch, `{"batch":[1],"batch":[2]}`, []string{`{"batch":[1],"batch":[2]}`}},
		"a batch without a list":   {Batch, `{"batch":{},` + now + `}`, []string{`{` + at + `,"batch":{},` + now + `}`}},
		"an empty batch":           {Batch, ` {"batch":[ ]} `, nil},
	} {
		t.Run(name, func(t *testing.T) {
			events := readAll(t, message(Request{Kind: test.kind, Body: []byte(test.body)}), input.Position{Line: 1})
			if diff := cmp.Diff(test.want, texts(events)); diff != "" {
				t.Error(diff)
			}
			if n := Count(test.kind, []byte(test.body)); n != len(test.want) {
				t.Errorf("Count gives %d", n)
			}
		})
	}
}

// TestPositions reads a message with requests of all kinds, starting at each of its events.
func TestPositions(t *testing.T) {
	m := message(
		Request{Kind: Webhook, Body: []byte(`[]`)},
		Request{Kind: Webhook, Body: []byte(`{"n":1}`)},
		Request{Kind: Batch, Body: []byte(`{"batch":[2,3]}`)},
		Request{Kind: Batch, Body: []byte(`{"batch":[]}`)},
		Request{Kind: Webhook, Body: []byte("{\"batch\":[4,\n5]}")},
		Request{Kind: Track, Body: []byte("")},
		Request{Kind: Webhook, Body: []byte(`{"batch":[]}`)},
	)
	all := readAll(t, m, input.Position{Line: 42})
	if len(all) != 6 {
		t.Fatalf("%d events", len(all))
	}
	for i, e := range all {
		want := input.Event{Position: input.Position{Line: 42, Event: i + 1}, Next: input.Position{Line: 42, Event: i + 2}, Form: e.Form, Text: e.Text, Ended: true}
		if i == len(all)-1 {
			want.Next = input.Position{Line: 43}
		}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(all[i:], readAll(t, m, e.Position)); diff != "" {
			t.Errorf("from event %d: %s", i+1, diff)
		}
	}
	if diff := cmp.Diff(all, readAll(t, m, input.Position{Line: 42})); diff != "" {
		t.Error(diff)
	}
	if events := readAll(t, m, input.Position{Line: 42, Event: 7}); len(events) > 0 {
		t.Errorf("%d events after the last", len(events))
	}
	if events := readAll(t, nil, input.Position{Line: 42}); len(events) > 0 {
		t.Errorf("%d events in an empty message", len(events))
	}
}

// TestTextStays checks that the text of an event stays valid after the next event is read.
func TestTextStays(t *testing.T) {
	m := message(Request{Kind: Batch, Body: []byte(`{"batch":[{"type":"a"},{"type":"b"}]}`)}, Request{Kind: Webhook, Body: []byte(`{"payload":"{\"c\":1}"}`)})
	before := texts(readAll(t, m, input.Position{Line: 1}))
	var kept [][]byte
	for r := Read(m, input.Position{Line: 1}); ; {
		event, err := r.Next()
		if err != nil {
			break
		}
		kept = append(kept, event.Text)
	}
	for i := range before {
		if string(kept[i]) != before[i] {
			t.Errorf("event %d became %s", i+1, kept[i])
		}
	}
}

// TestDamaged reads messages that Append doesn't write. The events before the damage are returned.
func TestDamaged(t *testing.T) {
	good := string(message(Request{Kind: Webhook, Body: []byte(`{"email":"jane@example.com"}`)}))
	for name, bad := range map[string]string{
		"no newline":       `{"receivedAt":"2026-03-01T09:30:00Z","kind":"webhook","bytes":2}`,
		"no JSON":          "webhook 2\n{}\n",
		"no time":          `{"receivedAt":"today","kind":"webhook","bytes":2}` + "\n{}\n",
		"another kind":     `{"receivedAt":"2026-03-01T09:30:00Z","kind":"pixel","bytes":2}` + "\n{}\n",
		"no kind":          `{}` + "\n\n",
		"a short body":     `{"receivedAt":"2026-03-01T09:30:00Z","kind":"webhook","bytes":20}` + "\n{}\n",
		"a long body":      `{"receivedAt":"2026-03-01T09:30:00Z","kind":"webhook","bytes":1}` + "\n{}\n",
		"no bytes at all":  `{"receivedAt":"2026-03-01T09:30:00Z","kind":"webhook","bytes":-1}` + "\n{}\n",
		"more than an int": `{"receivedAt":"2026-03-01T09:30:00Z","kind":"webhook","bytes":99999999999999999999}` + "\n{}\n",
		"no end":           strings.TrimSuffix(good, "\n"),
		"blank":            "\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := Read([]byte(good+bad), input.Position{Line: 42})
			first, err := r.Next()
			if err != nil || first.Next != (input.Position{Line: 42, Event: 2}) {
				t.Fatalf("%+v, %v", first, err)
			}
			for range 2 {
				_, err = r.Next()
				damaged := new(DamagedError)
				if !errors.As(err, &damaged) || damaged.Sequence != 42 || !strings.Contains(err.Error(), "message 42 ") {
					t.Errorf("error %v", err)
				}
				if strings.Contains(err.Error(), "jane") || strings.Contains(err.Error(), "today") {
					t.Errorf("the error quotes the message: %v", err)
				}
			}
		})
	}
}

// FuzzCount checks that Count and Reader agree, and that events of SDKs are completed if the mapper
// can read them, and otherwise not changed. Dead letters are never changed.
func FuzzCount(f *testing.F) {
	for _, body := range []string{
		`{"type":"track","originalTimestamp":"2026-03-01T08:29:00Z"}`, `{"batch":[{"a":1},[2],{"batch":[]}],"sentAt":"x"}`, `[{"payload":"{}"}]`,
		"{\"a\":1}\n{\"b\":2}", `{"payload":{"batch":[1,2]}}`, "", " ", `{"type":null,"timestamp":0}`, `{ }`, `{,}`, "\uFEFF[]", `[}`, `{"batch":[}`, `"`, `["`,
	} {
		f.Add([]byte(body), []byte(`{}`))
	}
	m, err := mapper.New(mapper.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		for kind := range kinds {
			requests := []Request{{kind, received, first}, {Webhook, received, []byte("[]")}, {kind, received, second}}
			want := Count(kind, first) + Count(kind, second)
			events := readAll(t, message(requests...), input.Position{Line: 3})
			if len(events) != want {
				t.Fatalf("%s: %d events; Count gives %d", kind, len(events), want)
			}
			if kind == Webhook || kind == Batch {
				continue
			}
			for i, body := range [][]byte{first, second} {
				body = bytes.TrimPrefix(body, byteOrderMark)
				before, after := codeOf(m, body), codeOf(m, events[i].Text)
				changed := !bytes.Equal(body, events[i].Text)
				isObject := before != mapper.CodeInvalidJSON && before != mapper.CodeInvalidEvent
				if changed != (isObject && kind != Event) {
					t.Errorf("%s: %q became %q; the mapper's error is %q", kind, body, events[i].Text, before)
				}
				if changed && after == mapper.CodeInvalidJSON {
					t.Errorf("%s: %q became %q, which isn't JSON", kind, body, events[i].Text)
				}
			}
		}
	})
}

// codeOf is the code of the mapper's error, or empty.
func codeOf(m *mapper.Mapper, event []byte) mapper.Code {
	_, err := m.Map(event)
	if e := new(mapper.Error); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// FuzzRead checks that a message of any bytes is read as events, or as a DamagedError after them.
func FuzzRead(f *testing.F) {
	f.Add(message(Request{Kind: Batch, Body: []byte(`{"batch":[1]}`)}))
	f.Add([]byte(`{"receivedAt":"2026-03-01T09:30:00Z","kind":"webhook","bytes":2}` + "\n{}"))
	f.Fuzz(func(t *testing.T, message []byte) {
		for r := Read(message, input.Position{Line: 9}); ; {
			_, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if damaged := new(DamagedError); !errors.As(err, &damaged) {
					t.Error(err)
				}
				return
			}
		}
	})
}
