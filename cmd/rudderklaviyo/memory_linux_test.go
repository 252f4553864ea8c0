//go:build !race

package main

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
)

// TestMemory runs map and plan over what takes most, and bounds their resident memory. The
// lines are just below the limit.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	const most = 72 << 20
	repeated := func(value string) iter.Seq[string] { return numbered(func(int) string { return value }) }
	names := numbered(func(i int) string { return fmt.Sprintf(`"%06x":0`, i) })
	events := numbered(func(i int) string { return strings.TrimSuffix(event(i), "\n") })
	quoted := numbered(func(i int) string { return strings.ReplaceAll(strings.TrimSuffix(event(i), "\n"), `"`, `\"`) })
	track := func(properties string) string {
		return strings.Replace(event(0), `"context"`, `"properties":`+properties+`,"context"`, 1)
	}
	line := func(before string, values iter.Seq[string], after string) func(io.Writer) error {
		return func(w io.Writer) error {
			text := withinLimit(before, values, after)
			for range 3 {
				if _, err := w.Write(text); err != nil {
					return err
				}
			}
			return nil
		}
	}
	inEvent := func(format string, values iter.Seq[string]) func(io.Writer) error {
		before, after, _ := strings.Cut(format, "…")
		return line(before, values, strings.TrimSuffix(after, "\n"))
	}
	inputs := []struct {
		name  string
		write func(io.Writer) error
	}{
		{"events", func(w io.Writer) error { return sample.Write(w, 1, 50_000) }},
		{"a batch", line(`{"batch":[`, events, `]}`)},
		{"a batch of next to nothing", line(`{"batch":[`, repeated(`{"a":1234}`), `]}`)},
		{"an array", line(`[`, events, `]`)},
		{"an archive's string", line(`{"payload":"{\"batch\":[`, quoted, `]}"}`)},
		{"properties", inEvent(track(`{…}`), names)},
		{"numbers", inEvent(track(`{"l":[…]}`), repeated("0"))},
		{"traits", inEvent(`{"type":"identify","traits":{"email":"a@example.com",…}}`, names)},
		{"items", inEvent(strings.Replace(track(`{"products":[…]}`), "Ping", "Checkout Started", 1), repeated(`{"sku":1}`))},
		{"names elsewhere", inEvent(track(`{},"a":{…}`), names)},
		{"a string", inEvent(track(`{"s":"…"}`), repeated(`\u00e9`))},
		{"control characters", inEvent(`{"type":"group","groupId":"L…","traits":{"email":"a@example.com","subscribe":true}}`, repeated(strings.Repeat(`\u0001`, 100)))},
		{"a name with escapes", inEvent(`{"type":"identify","traits":{"email":"a@example.com","a…":0}}`, repeated(strings.Repeat(`\u0061`, 100)))},
		{"no JSON", inEvent(track(`{…`), names)},
	}
	for _, in := range inputs {
		name := filepath.Join(t.TempDir(), "input.jsonl")
		file, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := in.write(file); err != nil {
			t.Fatal(err)
		}
		file.Close()
		for _, command := range []string{"map", "plan"} {
			t.Run(command+" "+in.name, func(t *testing.T) {
				p := newProcess(t, command, name)
				p.cmd.Env = append(p.cmd.Env, "GOMAXPROCS=2")
				p.start()
				if peak := p.peak(); peak > most {
					t.Errorf("%d MB", peak>>20)
				} else {
					t.Logf("%d MB", peak>>20)
				}
			})
		}
	}
}

// numbered gives ever more values.
func numbered(value func(int) string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; yield(value(i)); i++ {
		}
	}
}

// withinLimit is a line of as many values, with commas between them, as a line may have.
func withinLimit(before string, values iter.Seq[string], after string) []byte {
	const limit = 16_000_000
	text := append(make([]byte, 0, limit+1), before...)
	for value := range values {
		if len(text)+len(value)+len(after)+len(",\n") > limit {
			break
		}
		text = append(append(text, value...), ',')
	}
	return append(append(bytes.TrimSuffix(text, []byte(",")), after...), '\n')
}

// peak waits for the end and gives the most memory, in bytes, that was resident. What the
// system tells of a process that has ended counts its parent's.
func (p *process) peak() (bytes int) {
	p.t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.wait()
	}()
	status := fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)
	for {
		if text, err := os.ReadFile(status); err == nil {
			_, line, _ := strings.Cut(string(text), "VmHWM:")
			var kilobytes int
			fmt.Sscan(line, &kilobytes)
			bytes = max(bytes, kilobytes<<10)
		}
		select {
		case <-ended:
			return bytes
		case <-time.After(5 * time.Millisecond):
		}
	}
}
