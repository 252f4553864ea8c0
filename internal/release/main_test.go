package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/command"
)

// TestEveryCommandHasAPage writes the files of a release, and looks for each command in them.
func TestEveryCommandHasAPage(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("SOURCE_DATE_EPOCH", "1764322200") // 2025-11-28
	if err := write(command.Root(), folder); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range command.Root().Commands() {
		if cmd.Hidden {
			continue
		}
		page := read(t, filepath.Join(folder, "man", "rudderklaviyo-"+cmd.Name()+".1"))
		if !strings.Contains(page, cmd.Short) || !strings.Contains(page, "Nov 2025") || cmd.Flags().HasFlags() && !strings.Contains(page, "$RUDDERKLAVIYO_") {
			t.Errorf("the page of %s begins %.300s", cmd.Name(), page)
		}
	}
	for name := range completions {
		if text := read(t, filepath.Join(folder, "completions", name)); !strings.Contains(text, "rudderklaviyo") {
			t.Errorf("%s is %.300s", name, text)
		}
	}
}

// TestLinesOfExamplesStay looks for two lines of the help of serve that must not be joined.
func TestLinesOfExamplesStay(t *testing.T) {
	folder := t.TempDir()
	if err := write(command.Root(), folder); err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(read(t, filepath.Join(folder, "man", "rudderklaviyo-serve.1")), "lists the accounts:\n")
	_, lines, _ = strings.Cut(lines, "accounts:\n")
	first, _, _ := strings.Cut(lines, "\n")
	if !strings.HasPrefix(first, "    - name: ") || strings.Contains(first, "klaviyoKeyFile") {
		t.Errorf("after accounts: %.200q", lines)
	}
}

// TestBashTakesTheCompletions has bash itself read them.
func TestBashTakesTheCompletions(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	folder := t.TempDir()
	if err := write(command.Root(), folder); err != nil {
		t.Fatal(err)
	}
	script := `. "$0" && complete -p rudderklaviyo`
	out, err := exec.Command(bash, "--norc", "-c", script, filepath.Join(folder, "completions", "rudderklaviyo.bash")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "__start_rudderklaviyo") {
		t.Errorf("%s, %v", out, err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
