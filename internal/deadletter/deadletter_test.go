package deadletter

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWrite(t *testing.T) {
	mapping := Error{Code: "missing_identifier", Message: "no <email> or phone & so on"}
	api := Error{Code: "invalid", Message: "refused", Status: 400, Detail: "bad", Pointer: "/data"}
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	tests := []struct {
		name   string
		letter Letter
		want   string
	}{
		{
			"from the mapping",
			Letter{Line: 3, Event: []byte(`{"type" : "track", "n":1.10, "n":12345678901234567890, "s":"<é>"}`), Error: mapping},
			`{"line":3,"event":{"type" : "track", "n":1.10, "n":12345678901234567890, "s":"<é>"},"error":{"code":"missing_identifier","field":"","message":"no <email> or phone & so on","status":0,"detail":"","pointer":""},"attempts":0}`,
		},
		{
			"from Klaviyo, of several files",
			Letter{File: "a\"b.jsonl", Line: 3, Event: []byte(`{}`), Error: api, Attempts: 4, Revision: "2023-02-22"},
			`{"file":"a\"b.jsonl","line":3,"event":{},"error":{"code":"invalid","field":"","message":"refused","status":400,"detail":"bad","pointer":"/data"},"attempts":4,"revision":"2023-02-22"}`,
		},
		{
			"no JSON",
			Letter{Line: 1, Event: []byte(`{"a":`)},
			`{"line":1,"event":"{\"a\":","error":{"code":"","field":"","message":"","status":0,"detail":"","pointer":""},"attempts":0}`,
		},
		{
			"no JSON that would be some inside a record",
			Letter{Line: 1, Event: []byte(`{},"line":2`)},
			`{"line":1,"event":"{},\"line\":2","error":{"code":"","field":"","message":"","status":0,"detail":"","pointer":""},"attempts":0}`,
		},
		{
			"too deep to stand inside a record",
			Letter{Line: 1, Event: []byte(deep)},
			`{"line":1,"event":"` + deep + `","error":{"code":"","field":"","message":"","status":0,"detail":"","pointer":""},"attempts":0}`,
		},
		{
			"a string, which is no event",
			Letter{Line: 1, Event: []byte(`"a"`)},
			`{"line":1,"event":"\"a\"","error":{"code":"","field":"","message":"","status":0,"detail":"","pointer":""},"attempts":0}`,
		},
		{
			"null, which is no event",
			Letter{Line: 1, Event: []byte(`null`)},
			`{"line":1,"event":"null","error":{"code":"","field":"","message":"","status":0,"detail":"","pointer":""},"attempts":0}`,
		},
		{
			"invalid UTF-8",
			Letter{Line: 1, Event: []byte("{\"a\":\"\xff\"}")},
			`{"line":1,"event_base64":"` + base64.StdEncoding.EncodeToString([]byte("{\"a\":\"\xff\"}")) + `","error":{"code":"","field":"","message":"","status":0,"detail":"","pointer":""},"attempts":0}`,
		},
		{
			"too long to read",
			Letter{Line: 1},
			`{"line":1,"event":null,"error":{"code":"","field":"","message":"","status":0,"detail":"","pointer":""},"attempts":0}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dead.jsonl")
			if err := open(t, path).Write(tt.letter); err != nil {
				t.Fatal(err)
			}
			got := read(t, path)
			if diff := cmp.Diff(tt.want+"\n", got); diff != "" {
				t.Errorf("(-want +got)\n%.3000s", diff)
			}
			if !json.Valid([]byte(got)) {
				t.Error("the record is no JSON")
			}
		})
	}
}

func TestFileIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	open(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
}

func TestOpenAppends(t *testing.T) {
	for _, before := range []string{"{\"line\":1}\n", "{\"line\":1"} {
		path := filepath.Join(t.TempDir(), "dead.jsonl")
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(t, path).Write(Letter{Line: 2}); err != nil {
			t.Fatal(err)
		}
		got := read(t, path)
		if !strings.HasPrefix(got, before) || strings.Count(got, "\n") != 2 {
			t.Errorf("after %q: got %q, want a line more", before, got)
		}
	}
}

func TestOpenNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "dead.jsonl")
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v, want an error that names the file", err)
	}
}

func TestWriteError(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "dead.jsonl"))
	f.Close()
	if err := f.Write(Letter{Line: 1}); err == nil {
		t.Error("Write to a closed file: no error")
	}
}

// failingDisk can't make sure that what was written stays.
type failingDisk struct{ osFile }

func (failingDisk) Sync() error { return syscall.EIO }

func TestRecordIsNotDoneBeforeItIsOnTheDisk(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "dead.jsonl"))
	f.file = failingDisk{f.file}
	if err := f.Write(Letter{Line: 1}); !errors.Is(err, syscall.EIO) {
		t.Errorf("Write: %v, want %v", err, syscall.EIO)
	}
}

// TestFileThatLosesItsName moves, removes and replaces the file between two records.
func TestFileThatLosesItsName(t *testing.T) {
	skipOnWindows(t)
	for name, lose := range map[string]func(path string) error{
		"moved":   func(path string) error { return os.Rename(path, path+".1") },
		"removed": os.Remove,
		"replaced": func(path string) error {
			other := path + ".new"
			return errors.Join(os.WriteFile(other, []byte(`{"line":9,"cut`), 0o600), os.Rename(other, path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "dead.jsonl")
			f := open(t, path)
			for line := 1; line <= 3; line++ {
				if err := f.Write(Letter{Line: line}); err != nil {
					t.Fatal(err)
				}
				if line == 1 {
					if err := lose(path); err != nil {
						t.Fatal(err)
					}
				}
			}
			want := string(Letter{Line: 2}.Record()) + string(Letter{Line: 3}.Record())
			if got := read(t, path); !strings.HasSuffix(got, "\n"+want) && got != want {
				t.Errorf("%s, want the records after that", got)
			}
		})
	}
}

func TestRecordsAreWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	f := open(t, path)
	event := []byte(`{"a":"` + strings.Repeat("x", 10_000) + `"}`)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := f.Write(Letter{Line: i, Event: event}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	lines := bytes.Split([]byte(strings.TrimSpace(read(t, path))), []byte("\n"))
	if len(lines) != 50 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if !json.Valid(line) {
			t.Errorf("%.50s… is no JSON", line)
		}
	}
}

// TestRecordSize whatever the event and the reason.
func TestRecordSize(t *testing.T) {
	for _, size := range []int{1, largeEvent - 1, largeEvent, 4 << 20} {
		for _, letter := range []string{"\x01", "\xff", "\"", "x", "ä"} {
			event := []byte(strings.Repeat(letter, size/len(letter)+1)[:size])
			reason := strings.Repeat(letter, 1<<20)
			l := Letter{Line: 1 << 40, Number: 1 << 40, Event: event, Attempts: 1 << 40, Revision: "2023-02-22",
				Error: Error{Code: reason, Field: reason, Message: reason, Status: 400, Detail: reason, Pointer: reason}.Truncate()}
			record := l.Record()
			if len(record) > MaxRecord(size) {
				t.Errorf("%d of %q: the record has %d bytes, and at most %d are expected", size, letter, len(record), MaxRecord(size))
			}
			if got, err := Parse(record); err != nil || !bytes.Equal(got.Event, event) {
				t.Errorf("%d of %q: it is read as another event, %v", size, letter, err)
			}
		}
	}
}

// skipOnWindows is for tests that move, remove or replace a file while it is open.
func skipOnWindows(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("an open file can't be replaced")
	}
}
