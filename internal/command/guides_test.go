package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// guides are the pages that show commands step by step.
var guides = []string{"service.md", "operations.md", "cluster.md", "dead-letters.md", "guarantees.md", "admin.md", "ingest.md",
	"backfill.md", "nightly.md"}

func guide(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// TestFlagsOfTheGuides finds no flag in the guides that no command has.
func TestFlagsOfTheGuides(t *testing.T) {
	known := map[string]bool{"now": true} // systemctl's
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(Program{}.rootCommand())
	for _, name := range guides {
		for _, flag := range regexp.MustCompile(`[ \x60]--([a-z][a-z-]+)`).FindAllStringSubmatch(guide(t, name), -1) {
			if !known[flag[1]] {
				t.Errorf("%s: no command has --%s", name, flag[1])
			}
		}
	}
}

// TestFlagsOfServe holds the table of serve's flags to those there are, and to their defaults.
func TestFlagsOfServe(t *testing.T) {
	// What the program finds out at its start.
	said := map[string]string{"data-dir": "systemd's `STATE_DIRECTORY`", "admin-token-file": "`admin-token` in the data folder", "id": "host and process number"}
	want, got := map[string]string{}, map[string]string{}
	Program{}.serveCommand().Flags().VisitAll(func(f *pflag.Flag) {
		def := said[f.Name]
		if def == "" && f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			def = "`" + strings.ToLower(f.DefValue) + "`"
		}
		want[f.Name] = def
	})
	for _, row := range regexp.MustCompile("(?m)^\\| (`--.+?`) \\| *(.*?) *\\|").FindAllStringSubmatch(guide(t, "operations.md"), -1) {
		for _, flag := range strings.Split(row[1], ", ") {
			got[strings.Trim(flag, "`-")] = row[2]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestMetricsOfTheGuides finds no metric in the guides that the page of the metrics hasn't.
func TestMetricsOfTheGuides(t *testing.T) {
	metrics := guide(t, "admin.md")
	for _, name := range guides {
		for _, metric := range regexp.MustCompile("metric\\s`(\\w+)`").FindAllStringSubmatch(guide(t, name), -1) {
			if !strings.Contains(metrics, "`"+metric[1]+"`") {
				t.Errorf("%s: there is no metric %s", name, metric[1])
			}
		}
	}
}
