package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// write makes a file and gives its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readAll returns each line as file:number:text.
func readAll(t *testing.T, cfg Config) ([]string, error) {
	t.Helper()
	r, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var lines []string
	for {
		line, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		text := string(line.Text)
		if line.TooLong {
			text = "too long"
		}
		lines = append(lines, fmt.Sprintf("%d:%d:%s", line.File, line.Line, text))
	}
}

func TestNext(t *testing.T) {
	block := strings.Repeat("x", chunkSize)
	tests := []struct {
		name  string
		text  string
		limit int
		from  int
		want  []string
	}{
		{name: "nothing", text: ""},
		{name: "lines", text: "a\nb\n", want: []string{"0:1:a", "0:2:b"}},
		{name: "last line without its end", text: "a\nb", want: []string{"0:1:a", "0:2:b"}},
		{name: "CRLF", text: "a\r\nb\r\n", want: []string{"0:1:a", "0:2:b"}},
		{name: "blank lines are counted", text: "\n \t\r\na\n\n\nb\n\n", want: []string{"0:3:a", "0:6:b"}},
		{name: "byte order mark", text: "\uFEFFa\n\uFEFFb\n", want: []string{"0:1:a", "0:2:\uFEFFb"}},
		{name: "byte order mark alone", text: "\uFEFF\na\n", want: []string{"0:2:a"}},
		{name: "null bytes and invalid UTF-8 stay", text: "a\x00\xff\n{\"b\":1}\nb", want: []string{"0:1:a\x00\xff", `0:2:{"b":1}`, "0:3:b"}},
		{name: "from a line on", text: "a\n\nb\nc\n", from: 2, want: []string{"0:3:b", "0:4:c"}},
		{name: "from a line after the last", text: "a\n", from: 9},
		{name: "longer than a block", text: block + "y\n" + block + block + "z", want: []string{"0:1:" + block + "y", "0:2:" + block + block + "z"}},
		{name: "as long as a block", text: block[1:] + "\nb\n", want: []string{"0:1:" + block[1:], "0:2:b"}},
		{name: "at the limit", limit: 3, text: "\uFEFFabc\r\nabc\nabc", want: []string{"0:1:abc", "0:2:abc", "0:3:abc"}},
		{name: "over the limit", limit: 3, text: "abcd\nabcde\r\nabc\nabcdefghijk\nb\nabcd", want: []string{"0:1:too long", "0:2:too long", "0:3:abc", "0:4:too long", "0:5:b", "0:6:too long"}},
		{name: "far over the limit", limit: 3, text: block + block + "\nb\n" + block + block, want: []string{"0:1:too long", "0:2:b", "0:3:too long"}},
		{name: "over the limit after blocks", limit: 2 * chunkSize, text: block + block + "y\nb\n", want: []string{"0:1:too long", "0:2:b"}},
		{name: "byte order mark of a line over the limit is the first line's", limit: 3, text: block + "\n\uFEFF\n", want: []string{"0:1:too long", "0:2:\uFEFF"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for how, source := range map[string]struct {
				file  string
				stdin io.Reader
			}{
				"file":      {file: write(t, "events", tt.text)},
				"stdin":     {file: Stdin, stdin: strings.NewReader(tt.text)},
				"slow":      {file: Stdin, stdin: iotest.HalfReader(strings.NewReader(tt.text))},
				"early EOF": {file: Stdin, stdin: iotest.DataErrReader(strings.NewReader(tt.text))},
			} {
				got, err := readAll(t, Config{Files: []string{source.file}, Stdin: source.stdin, Limit: tt.limit, From: Position{Line: tt.from}})
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: (-want +got)\n%.2000s", how, diff)
				}
			}
		})
	}
}

func TestFilesFollowEachOther(t *testing.T) {
	got, err := readAll(t, Config{
		Files: []string{write(t, "a", "\uFEFFa\nb"), Stdin, write(t, "empty", ""), write(t, "c", "\uFEFFd\ne\n")},
		Stdin: strings.NewReader("c\n"),
		From:  Position{Line: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0:2:b", "1:1:c", "3:1:d", "3:2:e"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestUnreadableFileIsFoundFirst(t *testing.T) {
	secret := write(t, "secret", "a\n")
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		file string
		want error
	}{
		{"missing", filepath.Join(t.TempDir(), "missing.jsonl"), fs.ErrNotExist},
		{"directory", t.TempDir(), nil},
		{"not permitted", secret, fs.ErrPermission},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == fs.ErrPermission && os.Geteuid() == 0 {
				return // root reads everything
			}
			_, err := Open(Config{Files: []string{write(t, "first", "a\n"), tt.file}})
			if err == nil || !strings.Contains(err.Error(), tt.file) {
				t.Fatalf("Open: %v, want an error that names %s", err, tt.file)
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("Open: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestStdinTwice(t *testing.T) {
	if _, err := Open(Config{Files: []string{Stdin, Stdin}}); err == nil {
		t.Error("Open: no error")
	}
}

func TestFileThatIsGoneWhenItsTurnComes(t *testing.T) {
	gone := write(t, "gone", "b\n")
	r, err := Open(Config{Files: []string{write(t, "first", "a\n"), gone}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(t.Context()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), gone) {
		t.Errorf("Next: %v, want an error that names %s", err, gone)
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("device on fire")
	got, err := readAll(t, Config{Files: []string{Stdin}, Stdin: io.MultiReader(strings.NewReader("a\ncut of"), iotest.ErrReader(broken))})
	if len(got) != 1 {
		t.Errorf("got %q, want the whole line alone", got)
	}
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "standard input at line 2") {
		t.Errorf("Next: %v", err)
	}
}

func TestNextIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out := io.Pipe()
		r, err := Open(Config{Files: []string{Stdin}, Stdin: in})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait() // Next waits
			cancel()
		}()
		if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("Next: %v", err)
		}
		// What comes afterwards isn't lost.
		go func() {
			io.WriteString(out, "a\n")
			out.Close()
		}()
		line, err := r.Next(t.Context())
		if err != nil || string(line.Text) != "a" || line.Line != 1 {
			t.Errorf("Next: %d %q, %v", line.Line, line.Text, err)
		}
	})
}

func TestNextStopsBetweenLines(t *testing.T) {
	r, err := Open(Config{Files: []string{write(t, "events", "a\nb\n")}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := r.Next(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Next: %v", err)
	}
}

// endless is a line that doesn't end before n bytes.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.n)
	e.n -= n
	for i := range p[:n] {
		p[i] = 'x'
	}
	return n, nil
}

func TestMemoryIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := readAll(t, Config{Files: []string{Stdin}, Stdin: &endless{n: 200_000_000}, Limit: 1_000_000})
	runtime.ReadMemStats(&after)
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d lines, %v", len(got), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 20_000_000 {
		t.Errorf("allocated %d bytes for a line of 200 MB", used)
	}
}

func TestLinesOfAFileCostNoAllocation(t *testing.T) {
	r, err := Open(Config{Files: []string{write(t, "events", strings.Repeat("{\"type\":\"track\"}\n", 2000))}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	allocations := testing.AllocsPerRun(1000, func() {
		if _, err := r.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 0 {
		t.Errorf("%v allocations a line", allocations)
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\r\n\n\uFEFFb\n\nc", 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit <= 0 || limit > 1<<20 {
			return
		}
		var want []string
		for i, line := range strings.Split(text, "\n") {
			line = strings.TrimSuffix(line, "\r")
			if i == 0 {
				line = strings.TrimPrefix(line, "\uFEFF")
			}
			switch {
			case len(line) > limit:
				want = append(want, fmt.Sprintf("0:%d:too long", i+1))
			case strings.TrimSpace(line) != "":
				want = append(want, fmt.Sprintf("0:%d:%s", i+1, line))
			}
		}
		got, err := readAll(t, Config{Files: []string{Stdin}, Stdin: strings.NewReader(text), Limit: limit, Verbatim: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// TestStartAtEachLine reads on from each line's position, with and without
// its offset.
func TestStartAtEachLine(t *testing.T) {
	long := strings.Repeat("x", 2*chunkSize)
	files := []string{write(t, "a", "\uFEFFa\r\n\n"+long+"\nb"), write(t, "b", "\n\uFEFFc\nd\n\n")}
	r, err := Open(Config{Files: files, Limit: chunkSize})
	if err != nil {
		t.Fatal(err)
	}
	var lines []Event
	for {
		line, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		line.Text = append([]byte(nil), line.Text...)
		lines = append(lines, line)
	}
	afterLong := int64(8 + len(long))
	want := []Event{
		{Position: Position{0, 1, 0, 0}, Next: Position{0, 2, 0, 6}, Form: FormJSONLines, Ended: true, Text: []byte("a")},
		{Position: Position{0, 3, 0, 7}, Next: Position{0, 4, 0, afterLong}, Form: FormJSONLines, Ended: true, TooLong: true},
		{Position: Position{0, 4, 0, afterLong}, Next: Position{0, 5, 0, afterLong + 1}, Form: FormJSONLines, Text: []byte("b")},
		{Position: Position{1, 2, 0, 1}, Next: Position{1, 3, 0, 6}, Form: FormJSONLines, Ended: true, Text: []byte("\uFEFFc")},
		{Position: Position{1, 3, 0, 6}, Next: Position{1, 4, 0, 8}, Form: FormJSONLines, Ended: true, Text: []byte("d")},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	if r.Size() != 9 {
		t.Errorf("size %d at the end", r.Size())
	}
	all, err := readAll(t, Config{Files: files, Limit: chunkSize})
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		for _, offset := range []int64{line.Offset, 0} {
			from := Position{File: line.File, Line: line.Line, Offset: offset}
			got, err := readAll(t, Config{Files: files, Limit: chunkSize, From: from})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(all[i:], got); diff != "" {
				t.Errorf("from %+v: (-want +got)\n%s", from, diff)
			}
		}
	}
}

// TestSizeTellsMemory reads a line over the limit: the chunk it is refused in holds
// next to no text, but the memory that the line took.
func TestSizeTellsMemory(t *testing.T) {
	const limit = 4 << 20
	text := strings.Repeat("x", limit+chunkSize) + "\n"
	r, err := Open(Config{Files: []string{Stdin}, Stdin: strings.NewReader(text), Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var chunk Chunk
	if err := r.NextChunk(t.Context(), &chunk); err != nil {
		t.Fatal(err)
	}
	if event, ok := chunk.Next(); !ok || !event.TooLong {
		t.Fatal("the line isn't refused")
	}
	if chunk.Size() < limit {
		t.Errorf("size %d, but the line took %d", chunk.Size(), limit)
	}
}
