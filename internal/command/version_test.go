package command

import (
	"encoding/json"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestVersion shows what Go has recorded of a build.
func TestVersion(t *testing.T) {
	checkout := []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "4f0c2a"}, {Key: "vcs.time", Value: "2026-11-28T09:30:00Z"}}
	tests := []struct {
		name     string
		version  string
		settings []debug.BuildSetting
		want     []string // lines, without the platform
	}{
		{"release", "v1.2.3", append(slices.Clone(checkout), debug.BuildSetting{Key: "vcs.modified", Value: "false"}),
			[]string{"rudderklaviyo v1.2.3", "  commit  4f0c2a", "  date    2026-11-28T09:30:00Z", "  go      go1.26.8 "}},
		{"changed checkout", "v1.2.3+dirty", append(slices.Clone(checkout), debug.BuildSetting{Key: "vcs.modified", Value: "true"}),
			[]string{"rudderklaviyo v1.2.3+dirty", "  commit  4f0c2a with uncommitted changes", "  date    2026-11-28T09:30:00Z", "  go      go1.26.8 "}},
		{"go install", "v1.2.3", nil, []string{"rudderklaviyo v1.2.3", "  go      go1.26.8 "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuild(&debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: tt.version}, Settings: tt.settings})
			var text strings.Builder
			if err := newVersions(b, time.Now()).printTable(&text); err != nil {
				t.Fatal(err)
			}
			shown, _, _ := strings.Cut(text.String(), "revisions of ")
			got := strings.Split(strings.TrimSuffix(shown, "\n"), "\n")
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestVersionOfRevisions asks on the last day of a revision and on the first without it.
func TestVersionOfRevisions(t *testing.T) {
	last := revisions[len(revisions)-1]
	until, err := time.Parse(time.DateOnly, last.until)
	if err != nil {
		t.Fatal(err)
	}
	for retired, now := range map[bool]time.Time{false: until.Add(-time.Second), true: until} {
		got := newVersions(build{}, now).Revisions
		if want := (servedRevision{last.name, last.until, retired, false}); got[len(got)-1] != want {
			t.Errorf("at %v: %+v, want %+v", now, got[len(got)-1], want)
		}
	}
}

func TestVersionAsJSON(t *testing.T) {
	r := setup{}.run(t, "version", "--output=json")
	r.want(t, statusDone)
	var got versions
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version == "" || !strings.HasPrefix(got.Go, "go1.") || len(got.Revisions) != len(revisions) || !got.Revisions[0].Default {
		t.Errorf("%s", r.stdout)
	}
	setup{}.run(t, "version", "--output=yaml").want(t, statusUsage, "--output must be one of json, table")
}
