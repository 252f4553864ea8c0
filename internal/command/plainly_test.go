package command

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// TestFilesThatCannotBeOpened names each by the name it was given.
func TestFilesThatCannotBeOpened(t *testing.T) {
	t.Chdir(t.TempDir())
	record := lines(`{"line":1,"event":{"type":"page"},"error":{"code":"x"},"attempts":0}`)
	if err := errors.Join(os.Mkdir("folder", 0o700), os.WriteFile("events", []byte(lines(track(1, "m1"))), 0o600),
		os.WriteFile("dead", []byte(record), 0o600)); err != nil {
		t.Fatal(err)
	}
	const none, folder = ": no such file or directory", ": is a directory"
	tests := []struct {
		args, want string
		status     int
	}{
		{"map none", "none" + none, statusStopped},
		{"plan none", "none" + none, statusStopped},
		{"explain none", "none" + none, statusStopped},
		{"send --simulate events none", "none" + none, statusStopped},
		{"map no/where", "no/where: there is no folder no", statusStopped},
		{"map folder", "folder" + folder, statusStopped},
		{"map --config none events", "none" + none, statusUsage},
		{"map --config folder events", "folder" + folder, statusUsage},
		{"send --simulate --dead-letter no/where/dead events", "no/where/dead: there is no folder no/where", statusStopped},
		{"send --simulate --dead-letter folder events", "folder" + folder, statusStopped},
		{"send --simulate --no-dead-letter --checkpoint saved none", "none" + none, statusStopped},
		{"send --simulate --no-dead-letter --checkpoint no/saved events", "--checkpoint: no/saved.lock: there is no folder no", statusStopped},
		{"send --simulate --report no/r.html events", "--report: no/r.html: there is no folder no", statusStopped},
		{"replay --simulate none", "none" + none, statusStopped},
		{"replay --simulate folder", "folder: not a regular file", statusUsage},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			setup{}.run(t, strings.Fields(tt.args)...).want(t, tt.status, "rudderklaviyo: "+tt.want+"\n")
		})
	}
	held, err := deadletter.Open("dead")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	setup{}.run(t, "replay", "--simulate", "dead").want(t, statusStopped, "rudderklaviyo: dead: another program is using it\n")
	setup{}.run(t, "map", "").want(t, statusStopped, `rudderklaviyo: "": no such file or directory`)
}

// TestAStoppedRunNamesThePlaceOnce stops in each way in which reading may.
func TestAStoppedRunNamesThePlaceOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	w.Write([]byte(lines(identify(1), identify(2))))
	w.Close()
	if err := errors.Join(os.WriteFile("cut.gz", compressed.Bytes()[:compressed.Len()-9], 0o600),
		os.WriteFile("cut.json", []byte("[\n"+identify(1)+",\n"+identify(2)+",\n"+`{"type":`), 0o600),
		os.WriteFile("whole", []byte(lines(identify(1))), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"map", "plan", "send --simulate", "send --simulate --no-dead-letter --checkpoint=saved"} {
		for name, want := range map[string]string{
			"cut.gz":   "line 3 of cut.gz: incomplete compressed file",
			"cut.json": "line 3, event 3, of cut.json: can't be read at line 4: incomplete JSON at the end of the file",
		} {
			t.Run(command+" "+name, func(t *testing.T) {
				defer os.Remove("saved")
				r := setup{}.run(t, append(strings.Fields(command), "whole", name)...)
				r.want(t, statusStopped, "rudderklaviyo: stopped at "+want)
				message, _, _ := strings.Cut(r.stderr[strings.Index(r.stderr, "stopped at"):], "\n")
				if strings.Count(message, name) != 1 {
					t.Errorf("the place is there more than once: %s", message)
				}
			})
		}
	}
}

func TestReasonsBesideAPlace(t *testing.T) {
	at, broken := input.Position{File: 1, Line: 7}, errors.New("broken")
	for want, reason := range map[string]error{
		"broken":                          &input.ReadError{File: "f", Index: 1, Line: 7, Err: broken},
		"can't be read at line 9: broken": &input.ReadError{File: "f", Index: 1, Line: 9, Err: broken},
		"g at line 7: broken":             &input.ReadError{File: "g", Index: 2, Line: 7, Err: broken},
		"file does not exist":             &fs.PathError{Op: "open", Path: "f", Err: fs.ErrNotExist},
		"write dead: broken":              &fs.PathError{Op: "write", Path: "dead", Err: broken},
	} {
		if got := withoutPlace(reason, at, "f").Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestResultsOntoAFullDisk(t *testing.T) {
	full, err := os.OpenFile(fullDisk, os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no " + fullDisk)
	}
	defer full.Close()
	var stderr bytes.Buffer
	p := Program{Stdin: strings.NewReader(lines(identify(1))), Stdout: full, Stderr: &stderr, Getenv: func(string) string { return "" }}
	if status := p.Run(t.Context(), []string{"map"}); status != statusStopped || stderr.String() != "rudderklaviyo: write to standard output: no space left on device\n" {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}
