package deadletter

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/flock"
	"github.com/rudderklaviyo/rudderklaviyo/internal/fulldisk"
)

func TestParseGivesWhatWasWritten(t *testing.T) {
	reason := Error{Code: "invalid", Field: "a.b", Message: "no <b>", Status: 400, Detail: "bad", Pointer: "/data"}
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	for _, event := range []string{
		`{"type" : "track", "n":1.10, "n":12345678901234567890, "s":"<é>"}`, `{"a":`, `{},"line":2`, deep, "{\"a\":\"\xff\"}",
		`"a string"`, `"{\"type\":\"track\"}"`, `null`, `17`, `[1]`, "\u2028", `"`,
	} {
		want := Letter{File: "a\"b", Line: 3, Event: []byte(event), Error: reason, Attempts: 4}
		got, err := Parse(bytes.TrimSpace(want.Record()))
		if err != nil {
			t.Errorf("%.50s: %v", event, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.50s: (-want +got)\n%.1000s", event, diff)
		}
	}
	if got, err := Parse(Letter{Line: 1}.Record()); err != nil || got.Event != nil {
		t.Errorf("an event that was too long: %q, %v", got.Event, err)
	}
}

func TestParseInvalidRecords(t *testing.T) {
	for _, line := range []string{
		"", "{", `{"line":1,"event":{"type":"tr`, `{"type":"track","event":"Ping"}`, `{"line":1,"error":{},"attempts":0}`,
		`{"line":1,"event_base64":"%","error":{}}`, `{"line":"1","event":{},"error":{}}`, `[]`,
	} {
		if letter, err := Parse([]byte(line)); !errors.Is(err, errNotRecord) {
			t.Errorf("%s: %+v, %v", line, letter, err)
		}
	}
}

// fullDisk takes no more than that many bytes, until somebody makes room.
type fullDisk struct {
	osFile
	room fulldisk.Room
}

func (d *fullDisk) Write(p []byte) (int, error) { return d.room.Write(d.osFile, p) }

// TestNoRecordJoinsOneThatWasCut: it would be lost to replay, and count as kept.
func TestNoRecordJoinsOneThatWasCut(t *testing.T) {
	record := Letter{Line: 1, Event: []byte(`{"a":1}`)}.Record()
	for room := range len(record) {
		path := filepath.Join(t.TempDir(), "dead.jsonl")
		f := open(t, path)
		full := &fullDisk{f.file, fulldisk.Room(room)}
		f.file = full
		for range 2 {
			if err := f.Write(Letter{Line: 1, Event: []byte(`{"a":1}`)}); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("room for %d bytes: %v", room, err)
			}
			full.room = 1000
		}
		if got := read(t, path); got != string(record[:room]) {
			t.Errorf("room for %d bytes: %q", room, got)
		}
		// The next run's record stands on a line of its own.
		if err := open(t, path).Write(Letter{Line: 2}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(read(t, path)), "\n")
		if letter, err := Parse([]byte(lines[len(lines)-1])); err != nil || letter.Line != 2 {
			t.Errorf("room for %d bytes: %v: %q", room, err, lines)
		}
	}
}

func rewrite(t *testing.T, path string) *Rewriter {
	t.Helper()
	r, err := Rewrite(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRewrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	f := open(t, path)
	var ends []int64
	for i := range 4 {
		if err := f.Write(Letter{Line: i, Event: []byte(`{"a":1.0}`), Error: Error{Code: "old"}}); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int64(len(read(t, path))))
	}
	f.Close()
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}

	before := read(t, path)
	r := rewrite(t, path)
	if _, err := Open(path); !errors.Is(err, flock.ErrLocked) {
		t.Errorf("Open meanwhile: %v", err)
	}
	err := errors.Join(r.Keep(0, ends[0]), r.Replace(ends[1], ends[2], Letter{Error: Error{Code: "new"}, Attempts: 3}))
	if err != nil {
		t.Fatal(err)
	}
	if read(t, path) != before {
		t.Error("the old file has changed")
	}
	if err := os.WriteFile(path, []byte(before+`{"late":1}`), 0); err != nil { // without a line's end
		t.Fatal(err)
	}
	if err := r.Finish(ends[2]); err != nil {
		t.Fatal(err)
	}
	want := string(Letter{Line: 0, Event: []byte(`{"a":1.0}`), Error: Error{Code: "old"}}.Record()) +
		string(Letter{Line: 2, Event: []byte(`{"a":1.0}`), Error: Error{Code: "new"}, Attempts: 3}.Record()) +
		string(Letter{Line: 3, Event: []byte(`{"a":1.0}`), Error: Error{Code: "old"}}.Record()) + "{\"late\":1}\n"
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	open(t, path)
}

// lateAppender appends to the old file when the new one is about to take its place.
type lateAppender struct {
	atomicfile.Replacement
	append func()
}

func (l *lateAppender) Commit() error {
	l.append()
	return l.Replacement.Commit()
}

// TestRecordsThatComeLate appends, without a lock, after Finish has looked for the
// last time.
func TestRecordsThatComeLate(t *testing.T) {
	skipOnWindows(t)
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	if err := os.WriteFile(path, Letter{Line: 1}.Record(), 0o600); err != nil {
		t.Fatal(err)
	}
	late, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	r := rewrite(t, path)
	r.new = &lateAppender{r.new, func() {
		if _, err := late.WriteString("{\"late\":1}\n{\"late\":2}"); err != nil {
			t.Error(err)
		}
	}}
	if err := r.Finish(0); err != nil {
		t.Fatal(err)
	}
	want := string(Letter{Line: 1}.Record()) + "{\"late\":1}\n{\"late\":2}\n"
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestIncompleteRecordIsContinued is of a program that doesn't ask for a lock and writes
// a record in pieces: a line's end between them would take the event from replay.
func TestIncompleteRecordIsContinued(t *testing.T) {
	skipOnWindows(t)
	done, next := string(Letter{Line: 1, Event: []byte(`{"a":1}`)}.Record()), string(Letter{Line: 3, Event: []byte(`{"c":1}`)}.Record())
	record := string(Letter{Line: 2, Event: []byte(`{"b":1}`)}.Record())
	half, rest := record[:len(record)/2], record[len(record)/2:]
	for name, test := range map[string]struct {
		pieces []string // that follow the first half one by one while the replay works
		late   string   // that comes when the new file is about to take its place
		want   string
	}{
		"in two pieces":         {pieces: []string{rest + next}, want: record + next},
		"in three":              {pieces: []string{rest[:5], rest[5:]}, want: record},
		"no more comes":         {want: half + "\n"},
		"its writer has died":   {pieces: []string{next}, want: half + "\n" + next},
		"it ends late":          {late: rest + next, want: half + "\n" + record + next},
		"its second half, late": {pieces: []string{rest[:5]}, late: rest[5:], want: half + rest[:5] + "\n" + record},
		"another's, late":       {late: next, want: half + "\n" + next},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dead.jsonl")
			if err := os.WriteFile(path, []byte(done+half), 0o600); err != nil {
				t.Fatal(err)
			}
			r := rewrite(t, path)
			write := func(text string) {
				if _, err := r.old.WriteAt([]byte(text), size(t, r.old)); err != nil {
					t.Error(err)
				}
			}
			end := int64(len(done + half))
			err := r.Keep(int64(len(done)), end)
			for _, piece := range test.pieces {
				write(piece)
				err = errors.Join(err, r.Keep(end, end+int64(len(piece))))
				end += int64(len(piece))
			}
			r.new = &lateAppender{r.new, func() { write(test.late) }}
			if err = errors.Join(err, r.Finish(end)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, read(t, path)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func size(t *testing.T, file *os.File) int64 {
	t.Helper()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestRecordsThatCanNotBeAdded tells them from a replay that failed as a whole.
func TestRecordsThatCanNotBeAdded(t *testing.T) {
	skipOnWindows(t)
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	open(t, path).Close()
	r := rewrite(t, path)
	r.new = &lateAppender{r.new, func() {
		if _, err := r.old.WriteString("{\"late\":1}\n"); err != nil {
			t.Error(err)
		}
		r.name = filepath.Join(path, "gone")
	}}
	if err := r.Finish(0); !errors.Is(err, ErrMissedRecords) {
		t.Errorf("Finish: %v, want %v", err, ErrMissedRecords)
	}
}

func TestRewriteDiscarded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	if err := open(t, path).Write(Letter{Line: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := Rewrite(path); !errors.Is(err, flock.ErrLocked) {
		t.Errorf("Rewrite while another writes: %v", err)
	}
	if _, err := Rewrite(filepath.Dir(path)); !errors.Is(err, ErrNotRegular) {
		t.Errorf("Rewrite of a folder: %v", err)
	}
}

// TestOpenWhileAReplayEnds opens the old file just before another takes its place.
func TestOpenWhileAReplayEnds(t *testing.T) {
	skipOnWindows(t)
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	open(t, path).Close()
	old, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := rewrite(t, path).Finish(0); err != nil {
		t.Fatal(err)
	}
	if err := lockCurrent(old, path, flock.Shared); !errors.Is(err, flock.ErrLocked) {
		t.Errorf("claim of the file that was replaced: %v", err)
	}
}
