package stream

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAcknowledgedIsSynced traces a process that keeps messages, letters and positions. Each has
// to be written to a file that is synced before the process says that it is kept.
func TestAcknowledgedIsSynced(t *testing.T) {
	t.Parallel()
	log := traceKeeping(t, 600)
	defer log.Close()
	counts := map[string]int{}
	for _, said := range unsynced(t, log, counts) {
		t.Errorf("%s was acknowledged before it was synced", said)
	}
	for _, what := range []string{"message", "letter", "position"} {
		if counts[what] == 0 {
			t.Errorf("no %s was kept", what)
		}
	}
	t.Log(counts)
}

// TestUnsynced checks traces with each sync that is needed, and traces that lack one.
func TestUnsynced(t *testing.T) {
	const (
		write        = `7 pwrite64(3</d/1.blk>, "1-0-0\r\n", 7, 0) = 7`
		sync         = `7 fsync(3</d/1.blk>) = 0`
		said         = `9 write(1<pipe:[5]>, "message 1 1-0-0\n", 16) = 16`
		begun        = `7 fsync(3</d/1.blk> <unfinished ...>`
		ended        = `7 <... fsync resumed>)  = 0`
		startedWrite = `8 pwrite64(3</d/1.blk>, "1-0-0\r\n", 7, 0 <unfinished ...>`
		endedWrite   = `8 <... pwrite64 resumed>) = 7`
		failed       = `7 fsync(3</d/1.blk>) = -1 EIO (Input/output error)`
		other        = `7 fsync(4</d/2.blk>) = 0`
	)
	for _, test := range []struct {
		name  string
		lines []string
		want  int
	}{
		{"synced", []string{write, sync, said}, 0},
		{"synced by a call that is interrupted", []string{write, begun, ended, said}, 0},
		{"not synced", []string{write, said}, 1},
		{"synced before", []string{sync, write, said}, 1},
		{"synced afterwards", []string{write, said, sync}, 1},
		{"not yet synced", []string{write, begun, said, ended}, 1},
		{"a sync begun before", []string{begun, strings.Replace(write, "7", "8", 1), ended, said}, 1},
		{"a write that ends during the sync", []string{startedWrite, begun, endedWrite, ended, said}, 1},
		{"a write that ends before the sync", []string{startedWrite, endedWrite, begun, ended, said}, 0},
		{"a sync that failed", []string{write, failed, said}, 1},
		{"another file synced", []string{write, other, said}, 1},
		{"not written", []string{sync, said}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			counts := map[string]int{}
			if got := unsynced(t, strings.NewReader(strings.Join(test.lines, "\n")), counts); len(got) != test.want || counts["message"] != 1 {
				t.Errorf("%q of %v, want %d", got, counts, test.want)
			}
		})
	}
}

// call is a line of strace: a call that has ended, one that is interrupted by the line of
// another thread, or the end of one.
var (
	call    = regexp.MustCompile(`^(\d+) +(\w+)\(\d+<(.*?)>(.*)$`)
	resumed = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>.*= (-?\d+)`)
	result  = regexp.MustCompile(`= (-?\d+)[^"]*$`)
)

// unsynced reads a trace and gives what was said to be kept before it was synced. It counts
// what was said.
func unsynced(t *testing.T, trace io.Reader, counts map[string]int) (found []string) {
	t.Helper()
	type begun struct {
		name, file string
		line       int
		write      int // of a write: its number
	}
	type written struct {
		file, text string
		ended      int // the line, 0 before
		synced     bool
	}
	var (
		writes  []written
		threads = map[string]begun{} // with a call that hasn't ended
	)
	number := 0
	end := func(b begun, ok bool) {
		switch {
		case !ok:
		case b.name == "pwrite64":
			writes[b.write].ended = number
		default:
			for i := range writes {
				if w := &writes[i]; w.file == b.file && w.ended > 0 && w.ended < b.line {
					w.synced = true
				}
			}
		}
	}
	lines := bufio.NewScanner(trace)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		number++
		line := lines.Text()
		if m := resumed.FindStringSubmatch(line); m != nil {
			if b, ok := threads[m[1]]; ok {
				delete(threads, m[1])
				end(b, !strings.HasPrefix(m[2], "-"))
			}
			continue
		}
		m := call.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		thread, b, rest := m[1], begun{name: m[2], file: m[3], line: number}, m[4]
		switch b.name {
		case "write":
			var what, seq, text string
			if _, err := fmt.Sscanf(rest, `, "%s %s %s`, &what, &seq, &text); err != nil || !strings.HasPrefix(b.file, "pipe:") {
				continue
			}
			text, _, _ = strings.Cut(text, `\n`)
			mark, ok := map[string]string{
				"message":  text + `\r\n`,
				"letter":   "invalid." + seq + "-1",
				"position": `\"position\":{\"seq\":` + seq + ",",
			}[what]
			if !ok {
				continue
			}
			counts[what]++
			kept := false
			for _, w := range writes {
				kept = kept || w.synced && strings.Contains(w.text, mark)
			}
			if !kept {
				found = append(found, what+" "+seq)
			}
			continue
		case "pwrite64":
			b.write = len(writes)
			writes = append(writes, written{file: b.file, text: rest})
		}
		if r := result.FindStringSubmatch(rest); r != nil && !strings.HasSuffix(line, "<unfinished ...>") {
			end(b, !strings.HasPrefix(r[1], "-"))
		} else {
			threads[thread] = b
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// traceKeeping runs keep until it has said that many lines, and skips the test where no process
// can be traced.
func traceKeeping(t *testing.T, lines int) *os.File {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("a process is traced with strace: ", err)
	}
	log := filepath.Join(t.TempDir(), "trace")
	strace := []string{"--follow-forks", "--decode-fds=path", "--string-limit=8192", "--trace=write,pwrite64,fsync,fdatasync", "--signal=none", "--output=" + log}
	if said, err := exec.CommandContext(t.Context(), "strace", append(strace, "true")...).CombinedOutput(); err != nil {
		t.Skipf("no process can be traced here: %v: %s", err, said)
	}
	cmd := exec.CommandContext(t.Context(), "strace", append(strace, os.Args[0])...)
	cmd.Env = append(os.Environ(), keepIn+"="+t.TempDir())
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := 0
	for scanner := bufio.NewScanner(stdout); said < lines && scanner.Scan(); said++ {
	}
	stdout.Close() // of which the process dies
	if err := cmd.Wait(); said < lines {
		t.Fatalf("the process ended after %d lines: %v", said, err)
	}
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
