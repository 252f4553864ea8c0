package command

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// TestOneFileInTwoRoles gives a file two roles by each way to name it.
func TestOneFileInTwoRoles(t *testing.T) {
	const dead, saved, next, lock = "--dead-letter", "--checkpoint", "the next version of the checkpoint", "the lock of the checkpoint"
	tests := []struct {
		name    string
		prepare func() error
		args    []string
		want    [2]string
	}{
		{"the input", nil, []string{"--dead-letter=events", "events"}, [2]string{dead, "the input"}},
		{"by a symbolic link", func() error { return os.Symlink("events", "link") },
			[]string{"--dead-letter=link", "events"}, [2]string{dead, "the input"}},
		{"by a hard link", func() error { return os.Link("events", "link") },
			[]string{"--no-dead-letter", "--checkpoint=link", "events"}, [2]string{saved, "the input"}},
		{"neither is there", nil, []string{"--dead-letter=new", "--checkpoint=./new", "events"}, [2]string{dead, saved}},
		{"neither is there, by a link", func() error { return os.Symlink("new", "link") },
			[]string{"--dead-letter=link", "--checkpoint=new", "events"}, [2]string{dead, saved}},
		{"neither is there, by a link to the folder", func() error { return os.Symlink(".", "folder") },
			[]string{"--dead-letter=folder/new", "--checkpoint=new", "events"}, [2]string{dead, saved}},
		{"the checkpoint's next version", nil, []string{"--dead-letter=.new.tmp", "--checkpoint=new", "events"}, [2]string{dead, next}},
		{"the next version of a checkpoint elsewhere", func() error { return os.Symlink("events", "link") },
			[]string{"--dead-letter=.events.tmp", "--checkpoint=link", "other"}, [2]string{dead, next}},
		{"the checkpoint's lock", nil, []string{"--dead-letter=new.lock", "--checkpoint=new", "events"}, [2]string{dead, lock}},
		{"the settings", nil, []string{"--dead-letter=settings.json", "--config=settings.json", "events"}, [2]string{dead, "--config"}},
		{"the output", nil, []string{"--dead-letter=output", "events"}, [2]string{dead, "standard output"}},
		{"input and output", nil, []string{"events", "output"}, [2]string{"the input", "standard output"}},
		{"standard input", nil, []string{"--dead-letter=stdin"}, [2]string{dead, "the input"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			event := lines(track(1, "m1"))
			for name, text := range map[string]string{"events": event, "other": event, "stdin": event, "output": "", "settings.json": "{}"} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if tt.prepare != nil {
				if err := tt.prepare(); err != nil {
					t.Fatal(err)
				}
			}
			before, err := filepath.Glob("*")
			if err != nil {
				t.Fatal(err)
			}

			r := runOnFiles(t, append([]string{"send", "--simulate"}, tt.args...)...)
			r.want(t, statusUsage, tt.want[0]+" is ", tt.want[1]+" too")

			if after, err := filepath.Glob("*"); err != nil || len(after) != len(before) || read(t, "events") != event {
				t.Errorf("files before %v, after %v, %v", before, after, err)
			}
		})
	}
}

// TestOutputIntoTheInput would have no end.
func TestOutputIntoTheInput(t *testing.T) {
	for _, command := range []string{"map", "plan", "explain"} {
		t.Chdir(t.TempDir())
		for _, name := range []string{"stdin", "output"} {
			if err := os.WriteFile(name, []byte(lines(track(1, "m1"))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		runOnFiles(t, command, "output").want(t, statusUsage, "the input is standard output too")
		runOnFiles(t, command).want(t, statusDone)
	}
}

// TestOutputIntoTheSettings would make them useless for the next run.
func TestOutputIntoTheSettings(t *testing.T) {
	const settings = "listId: L\n"
	for _, command := range []string{"map", "plan", "explain"} {
		t.Chdir(t.TempDir())
		if err := errors.Join(os.WriteFile("stdin", []byte(lines(track(1, "m1"))), 0o600), os.WriteFile("output", []byte(settings), 0o600)); err != nil {
			t.Fatal(err)
		}
		runOnFiles(t, command, "--config=output").want(t, statusUsage, "the file of --config is standard output too: output")
		if got := read(t, "output"); got != settings {
			t.Errorf("%s: the settings are now %q", command, got)
		}
	}
}

// TestReplacementOfAReplayedFile takes the name that the new file has until it is whole.
func TestReplacementOfAReplayedFile(t *testing.T) {
	t.Chdir(t.TempDir())
	record := lines(`{"line":1,"event":{"type":"page"},"error":{"code":"x"},"attempts":0}`)
	for name, text := range map[string]string{"stdin": "", "output": "", "dead": record, "linked": record, ".dead.tmp": "{}"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("output", ".linked.tmp"); err != nil {
		t.Fatal(err)
	}
	const next = "the next version of the file to replay"
	runOnFiles(t, "replay", "--simulate", "--config=.dead.tmp", "dead").want(t, statusUsage, "the file of --config is "+next+" too")
	runOnFiles(t, "replay", "--simulate", "linked").want(t, statusUsage, next+" is standard output too")
	if got := read(t, ".dead.tmp"); got != "{}" {
		t.Errorf("the settings are now %q", got)
	}
}

// runOnFiles runs the program with files for standard input and output.
func runOnFiles(t *testing.T, args ...string) result {
	t.Helper()
	stdin, err := os.Open("stdin")
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := os.OpenFile("output", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	var stderr bytes.Buffer
	p := Program{Stdin: stdin, Stdout: stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
	status := p.Run(t.Context(), args)
	return result{status, "", stderr.String()}
}

func TestFilesThatMayBeShared(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.WriteFile("stdin", nil, 0o600), os.WriteFile("output", nil, 0o600),
		os.WriteFile("events", []byte(lines(track(1, "m1"))), 0o600)); err != nil {
		t.Fatal(err)
	}
	runOnFiles(t, "send", "--simulate", "--dead-letter=dead", "--checkpoint=new", "events", "events").want(t, statusDone)
	runOnFiles(t, "send", "--simulate", "--dead-letter", os.DevNull, os.DevNull).want(t, statusDone)
	runOnFiles(t, "replay", "--simulate", "output").want(t, statusUsage, "the file to replay is standard output too")
}

func TestDeadLettersIntoAPipeWithoutAReader(t *testing.T) {
	path := pipe(t)
	k := klaviyotest.New()
	account(k).run(t, "send", "--dead-letter", path, write(t, "events.jsonl", lines(track(1, "m1")))).want(t, statusStopped, path, "start the reader")
	if len(k.Requests()) > 0 {
		t.Error("a request was sent")
	}
}
