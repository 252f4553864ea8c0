package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestMap(t *testing.T) {
	events := write(t, "events.jsonl", lines(
		`{"type":"identify","messageId":"m1","userId":"1","traits":{"email":"ann@example.com","plan":"<gold> & more","n":12345678901234567890}}`,
		``,
		`{"type":"track","messageId":"m2","event":"Ping","context":{"traits":{"email":"ann@example.com"}},"properties":{"price":1.10}}`,
		`{"type":"page","messageId":"m3"}`,
		`{"type":"track","messageId":"m4","event":"Ping","userId":"7"}`,
		`nonsense`,
	))
	more := write(t, "more.jsonl", `{"type":"identify","traits":{"email":"bob@example.com","phone":"12"}}`)
	want := lines(
		`{"line":1,"message_id":"m1","requests":[{"operation":"create_profile","method":"POST","path":"/api/profiles/","body":`+
			`{"data":{"attributes":{"email":"ann@example.com","external_id":"1","properties":{"plan":"<gold> & more","n":12345678901234567890}},"type":"profile"}}}]}`,
		`{"line":3,"message_id":"m2","requests":[{"operation":"create_event","method":"POST","path":"/api/events/","body":`+
			`{"data":{"attributes":{"metric":{"name":"Ping"},"profile":{"$email":"ann@example.com"},"properties":{"price":1.10},"unique_id":"m2"},"type":"event"}}}]}`,
		`{"line":4,"message_id":"m3","requests":[],"skipped":"unsupported_type"}`,
		`{"line":5,"message_id":"m4","requests":[],"error":{"code":"missing_identifier","field":"","message":"…"}}`,
		`{"line":6,"requests":[],"error":{"code":"invalid_json","field":"","message":"…"}}`,
		`{"line":1,"requests":[{"operation":"create_profile","method":"POST","path":"/api/profiles/","body":`+
			`{"data":{"attributes":{"email":"bob@example.com","properties":{"phone":"12"}},"type":"profile"}}}],"warnings":[{"code":"invalid_phone","field":"traits.phone","message":"…"}]}`,
	)
	for name, s := range map[string]struct {
		setup
		args []string
	}{
		"files":          {setup{}, []string{events, more}},
		"standard input": {setup{stdin: strings.NewReader(read(t, events))}, []string{"-", more}},
	} {
		r := s.run(t, append([]string{"map"}, s.args...)...)
		r.want(t, statusDeadLetters, "events that can't be sent: 2")
		if diff := cmp.Diff(want, withoutMessages(r.stdout)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// withoutMessages takes the text for people out of a map's output.
func withoutMessages(output string) string {
	parts := strings.Split(output, `"message":"`)
	for i, part := range parts[1:] {
		_, after, _ := strings.Cut(part, `"}`)
		parts[i+1] = `…"}` + after
	}
	return strings.Join(parts, `"message":"`)
}

func TestMapWithoutErrors(t *testing.T) {
	r := setup{stdin: strings.NewReader(lines(identify(1), `{"type":"page"}`))}.run(t, "map")
	r.want(t, statusDone)
	if r.stderr != "" {
		t.Errorf("stderr %q", r.stderr)
	}
}

func TestMapFromLine(t *testing.T) {
	r := setup{stdin: strings.NewReader(lines(identify(1), identify(2), identify(3)))}.run(t, "map", "--from-line", "2")
	r.want(t, statusDone)
	if !strings.HasPrefix(r.stdout, `{"line":2,"message_id":"i2"`) || strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("stdout %s", r.stdout)
	}
}

// TestMapOfALargeBatch maps a line whose results are far more than what is written at once,
// between others.
func TestMapOfALargeBatch(t *testing.T) {
	const events = 30_000
	var batch, want strings.Builder
	for i := range events {
		batch.WriteString(strings.Repeat(",", min(i, 1)) + identify(i))
		fmt.Fprintf(&want, "2 %d i%d\n", i+1, i)
	}
	var out largestWrite
	p := Program{
		Stdin:  strings.NewReader(lines(identify(1), `{"batch":[`+batch.String()+`]}`, identify(2))),
		Stdout: &out, Stderr: io.Discard, Getenv: func(string) string { return "" },
	}
	if status := p.Run(t.Context(), []string{"map"}); status != statusDone {
		t.Fatalf("status %d", status)
	}
	var got strings.Builder
	for line := range strings.Lines(out.String()) {
		var result struct {
			Line      int
			Number    int    `json:"event_number"`
			MessageID string `json:"message_id"`
		}
		if err := json.Unmarshal([]byte(line), &result); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%d %d %s\n", result.Line, result.Number, result.MessageID)
	}
	if got.String() != "1 0 i1\n"+want.String()+"3 0 i2\n" {
		t.Errorf("%d lines, which aren't those of the events in order", strings.Count(got.String(), "\n"))
	}
	if out.largest > 2*largePortion {
		t.Errorf("%d bytes were gathered before they were written", out.largest)
	}
}

// largestWrite keeps what is written, and how much of it came at once at most.
type largestWrite struct {
	strings.Builder
	largest int
}

func (w *largestWrite) Write(p []byte) (int, error) {
	w.largest = max(w.largest, len(p))
	return w.Builder.Write(p)
}

// TestBadLines puts each bad line between good ones.
func TestBadLines(t *testing.T) {
	tests := []struct {
		name, line string
		code       string
	}{
		{"no JSON", "nonsense", "invalid_json"},
		{"cut off", `{"type":"track","event":"Pi`, "invalid_json"},
		{"a value and something else", `{"type":"page"} {"type":"page"} 7`, "invalid_json"},
		{"list of what is no event", `[1]`, "invalid_event"},
		{"list that is cut off", `[{"type":"page"},`, "invalid_json"},
		{"string", `"track"`, "invalid_event"},
		{"null", `null`, "invalid_event"},
		{"invalid UTF-8", "{\"type\":\"identify\",\"traits\":{\"email\":\"a\xff@example.com\"}}", "invalid_json"},
		{"null byte", "{\"type\":\"identify\"\x00}", "invalid_json"},
		{"duplicate keys", `{"type":"identify","type":"track","traits":{"email":"a@example.com"}}`, "invalid_json"},
		{"10,000 levels", `{"type":"identify","traits":{"email":"a@example.com","x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}}`, "invalid_json"},
		{"20 MB", `{"type":"identify","traits":{"email":"a@example.com","x":"` + strings.Repeat("y", 20_000_000) + `"}}`, "line_too_long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := lines(identify(1), tt.line, identify(3)) + tt.line
			r := setup{stdin: strings.NewReader(text)}.run(t, "map")
			r.want(t, statusDeadLetters)
			var codes []string
			scanner := bufio.NewScanner(strings.NewReader(r.stdout))
			for line := 1; scanner.Scan(); line++ {
				var got struct {
					Line  int
					Error struct{ Code string }
				}
				if err := json.Unmarshal(scanner.Bytes(), &got); err != nil || got.Line != line {
					t.Fatalf("%v in %s", err, scanner.Bytes())
				}
				codes = append(codes, got.Error.Code)
			}
			if diff := cmp.Diff([]string{"", tt.code, "", tt.code}, codes); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// brokenWriter fails after a number of writes.
type brokenWriter struct {
	writes int
	err    error
}

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.writes == 0 {
		return 0, w.err
	}
	w.writes--
	return len(p), nil
}

func TestMapToABrokenOutput(t *testing.T) {
	tests := []struct {
		err    error
		status int
	}{
		{syscall.EPIPE, statusDone},
		{io.ErrClosedPipe, statusDone},
		{syscall.ENOSPC, statusStopped},
	}
	for _, tt := range tests {
		for writes := range 3 {
			var stderr strings.Builder
			p := Program{
				Stdin:  strings.NewReader(strings.Repeat(identify(1)+"\n", 2000)),
				Stdout: &brokenWriter{writes, tt.err},
				Stderr: &stderr,
				Getenv: func(string) string { return "" },
			}
			if status := p.Run(t.Context(), []string{"map"}); status != tt.status {
				t.Errorf("%v after %d writes: status %d, want %d", tt.err, writes, status, tt.status)
			}
			if tt.status == statusDone && stderr.Len() > 0 {
				t.Errorf("%v: stderr %q", tt.err, &stderr)
			}
			if tt.status != statusDone && !strings.Contains(stderr.String(), "standard output") {
				t.Errorf("%v: stderr %q", tt.err, &stderr)
			}
		}
	}
}

func TestMapPrintsBeforeItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, events := io.Pipe()
		results, out := io.Pipe()
		p := Program{Stdin: in, Stdout: out, Stderr: io.Discard, Getenv: func(string) string { return "" }}
		status := make(chan int)
		go func() { status <- p.Run(t.Context(), []string{"map"}) }()

		scanner := bufio.NewScanner(results)
		for person := range 3 {
			io.WriteString(events, identify(person)+"\n")
			if !scanner.Scan() {
				t.Fatal("no result while more input is awaited")
			}
		}
		events.Close()
		if got := <-status; got != statusDone {
			t.Errorf("status %d", got)
		}
	})
}

func TestMapInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		in, events := io.Pipe()
		go func() {
			io.WriteString(events, lines(identify(1), "", identify(3)))
			synctest.Wait()
			cancel(errors.New("signal"))
		}()
		r := setup{stdin: in, ctx: ctx}.run(t, "map", "--send-nulls")
		r.want(t, statusStopped, "stopped at line 4 of standard input: interrupted",
			"with the same input again", "rudderklaviyo map --send-nulls --from-line=4 -")
		if strings.Count(r.stdout, "\n") != 2 {
			t.Errorf("stdout %s", r.stdout)
		}
		events.Close() // ends the abandoned read
	})
}
