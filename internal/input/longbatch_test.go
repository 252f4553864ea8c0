package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// longBatch is a batch call's body on one line, of several chunks, over a limit that is
// longer than a chunk too, with the events as readForms gives them.
func longBatch() (text string, limit int, want []string) {
	const events = 40_000
	var list []string
	for i := range events {
		event := fmt.Sprintf(`{"n":%d,"pad":"%s"}`, i, strings.Repeat("x", i%90))
		list = append(list, event)
		want = append(want, fmt.Sprintf("1.%d batch %s", i+1, event))
	}
	return `{"sentAt":"now","batch":[` + strings.Join(list, ",") + `],"context":{"pad":"` + strings.Repeat("x", chunkSize) + `"}}`, 5 * chunkSize, want
}

// TestLongBatch reads a batch over the limit from all that a file may be.
func TestLongBatch(t *testing.T) {
	text, limit, want := longBatch()
	after := write(t, "after", "{\"a\":1}\n{\"b\":2}")
	all := append(want[:len(want):len(want)], `1.0 json_lines {"a":1}`, `2.0 json_lines {"b":2}`)
	for _, tt := range []struct {
		name, file string
		stdin      io.Reader
	}{
		{name: "file", file: write(t, "events", text)},
		{name: "gzip", file: write(t, "events.gz", gzipped(t, text))},
		{name: "zstd", file: write(t, "events.zst", zstandard(t, text))},
		{name: "pipe", file: Stdin, stdin: iotest.HalfReader(strings.NewReader(text))},
		{name: "gzip in a pipe", file: Stdin, stdin: iotest.DataErrReader(strings.NewReader(gzipped(t, text)))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := Config{Files: []string{tt.file, after}, Stdin: tt.stdin, Limit: limit}
			got, err := readForms(t, cfg)
			if diff := cmp.Diff(all, got); diff != "" || err != nil {
				t.Fatalf("%v (-want +got)\n%.2000s", err, diff)
			}
			if tt.stdin != nil {
				return
			}
			for _, event := range []int{1, 2, maxPendingAlone + 1, len(want)} {
				cfg.From = Position{Line: 1, Event: event}
				got, err := readForms(t, cfg)
				if diff := cmp.Diff(all[event-1:], got); diff != "" || err != nil {
					t.Errorf("from event %d: %v (-want +got)\n%.2000s", event, err, diff)
				}
			}
		})
	}
}

// TestLongBatchWithinTheLimit is a line, after which others can be begun with.
func TestLongBatchWithinTheLimit(t *testing.T) {
	text, _, want := longBatch()
	name := write(t, "events", text+"\n{\"a\":1}\n{\"b\":2}")
	cfg := Config{Files: []string{name}, Limit: len(text)}
	got, err := readForms(t, cfg)
	if diff := cmp.Diff(append(want, `2.0 json_lines {"a":1}`, `3.0 json_lines {"b":2}`), got); diff != "" || err != nil {
		t.Fatalf("%v (-want +got)\n%.2000s", err, diff)
	}
	cfg.From = Position{Line: 2}
	r, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if event, err := r.Next(t.Context()); err != nil || event.Offset != int64(len(text)+1) {
		t.Errorf("the second line is at offset %d, %v", event.Offset, err)
	}
}

// TestLongBatchTellsMemory looks at the chunks of a batch over the limit: they tell of
// what was read ahead until it is let go, and hold a small part of it each.
func TestLongBatchTellsMemory(t *testing.T) {
	text, limit, want := longBatch()
	r, err := Open(Config{Files: []string{Stdin}, Stdin: strings.NewReader(text), Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var chunk Chunk
	var sizes []int
	events := 0
	for {
		if err := r.NextChunk(t.Context(), &chunk); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, chunk.Size())
		n := 0
		for _, ok := chunk.Next(); ok; _, ok = chunk.Next() {
			n++
		}
		if n > maxPendingAlone || chunk.readAhead == 0 && n > maxPending || cap(chunk.text) > 2*chunkSize {
			t.Errorf("%d events in a chunk that has memory for a text of %d", n, cap(chunk.text))
		}
		events += n
	}
	if events != len(want) {
		t.Errorf("%d events, want %d", events, len(want))
	}
	if first, last := sizes[0], sizes[len(sizes)-1]; first < limit || last > 2*chunkSize {
		t.Errorf("size %d at first, %d at last; the limit is %d", first, last, limit)
	}
}

// TestLongBatchGivesUpWaiting gives up before it is known whether a line is over the
// limit, and while the batch is given; nothing is lost.
func TestLongBatchGivesUpWaiting(t *testing.T) {
	text, limit, want := longBatch()
	for _, at := range []int{10, 2 * chunkSize, limit + chunkSize, len(text) - chunkSize - 100} {
		synctest.Test(t, func(t *testing.T) {
			in, out := io.Pipe()
			r, err := Open(Config{Files: []string{Stdin}, Stdin: in, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			go io.WriteString(out, text[:at])
			var got []string
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				synctest.Wait() // all there is was read, and Next waits
				cancel()
			}()
			for {
				event, err := r.Next(ctx)
				if errors.Is(err, context.Canceled) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%d.%d %s %s", event.Line, event.Event, event.Form, event.Text))
			}
			go func() {
				io.WriteString(out, text[at:])
				out.Close()
			}()
			for {
				event, err := r.Next(t.Context())
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%d.%d %s %s", event.Line, event.Event, event.Form, event.Text))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("given up after %d bytes: (-want +got)\n%.2000s", at, diff)
			}
		})
	}
}
