package rudderklaviyo_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNightly runs the script of docs/nightly.md with a program in the place of ours that ends
// with each of its exit statuses: what is done moves, and only what needs attention is printed.
func TestNightly(t *testing.T) {
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skip("there is no flock")
	}
	for _, tt := range []struct {
		statuses []int // of the exports, in order
		want     int
		left     string // of the exports, which are numbered
		prints   string
	}{
		{[]int{0, 0}, 0, "", ""},
		{[]int{3, 0}, 3, "", "inbox/0.jsonl.gz: exit status 3\nsummary of done/0.jsonl.gz"},
		{[]int{0, 1, 0}, 1, "1 2", "inbox/1.jsonl.gz: exit status 1\nsummary of inbox/1.jsonl.gz"},
		{[]int{2, 0}, 2, "0 1", "inbox/0.jsonl.gz: exit status 2\nsummary of inbox/0.jsonl.gz"},
		{nil, 1, "", "There is no export in inbox/."},
	} {
		dir := t.TempDir()
		write := func(name, text string) {
			t.Helper()
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		write("nightly.sh", readPage(t, "examples/nightly/nightly.sh"))
		write("secrets/klaviyo.key", "pk_1")
		write("state/log", "")
		write("inbox/part", "") // another file
		write("done/old", "")
		// The last argument is the export, which says how to end.
		write("bin/rudderklaviyo", "#!/bin/sh\nfor file; do :; done\necho \"summary of $file\"\nread status <\"$file\"\nexit $status\n")
		for i, status := range tt.statuses {
			write(fmt.Sprintf("inbox/%d.jsonl.gz", i), fmt.Sprintln(status))
		}
		cmd := exec.Command("sh", filepath.Join(dir, "nightly.sh"))
		cmd.Env = []string{"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != tt.want {
			t.Errorf("%v: %v, want status %d\n%s", tt.statuses, err, tt.want, out)
		}
		printed := strings.TrimSpace(string(out))
		if printed != tt.prints {
			t.Errorf("%v: it prints %q, want %q", tt.statuses, printed, tt.prints)
		}
		var left []string
		names, _ := filepath.Glob(filepath.Join(dir, "inbox", "*.jsonl.gz"))
		for _, name := range names {
			left = append(left, strings.TrimSuffix(filepath.Base(name), ".jsonl.gz"))
		}
		if strings.Join(left, " ") != tt.left {
			t.Errorf("%v: %v is left, want %s", tt.statuses, left, tt.left)
		}
	}
}
