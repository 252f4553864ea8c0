package command

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// build says what the program was built from. Go records all of it, so that a release needs
// no flags of the linker.
type build struct {
	Version string `json:"version"`
	// Commit and Date, that of the commit, are empty where the program wasn't built from a checkout.
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the checkout had changes that weren't committed
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// thisBuild is that of the program that runs.
func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{GoVersion: runtime.Version(), Main: debug.Module{Version: "unknown"}}
	}
	return newBuild(info)
}

func newBuild(info *debug.BuildInfo) build {
	b := build{Version: info.Main.Version, Go: info.GoVersion, OS: runtime.GOOS, Arch: runtime.GOARCH}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Date = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

// versions are what the version command says.
type versions struct {
	build
	Revisions []servedRevision `json:"revisions"`
}

// servedRevision is a revision and how long Klaviyo serves it.
type servedRevision struct {
	Revision    string `json:"revision"`
	ServedUntil string `json:"served_until"`
	Retired     bool   `json:"retired"`
	Default     bool   `json:"default"`
}

func newVersions(b build, now time.Time) versions {
	v := versions{build: b}
	for _, r := range revisions {
		v.Revisions = append(v.Revisions, servedRevision{r.name, r.until, r.isRetired(now), r.name == mapper.DefaultRevision()})
	}
	return v
}

// versionPrinters gives the forms of the version by the values of --output.
var versionPrinters = map[string]func(versions, io.Writer) error{
	"table": versions.printTable,
	"json":  versions.printJSON,
}

func (v versions) printJSON(w io.Writer) error { return json.NewEncoder(w).Encode(v) }

func (v versions) printTable(w io.Writer) error {
	_, err := io.WriteString(w, "rudderklaviyo "+v.text())
	return err
}

func (v versions) text() string {
	var text strings.Builder
	fmt.Fprintln(&text, v.Version)
	if v.Commit != "" {
		commit := v.Commit
		if v.Modified {
			commit += " with uncommitted changes"
		}
		fmt.Fprintf(&text, "  commit  %s\n  date    %s\n", commit, v.Date)
	}
	fmt.Fprintf(&text, "  go      %s %s/%s\n%s", v.Go, v.OS, v.Arch, listRevisions())
	return text.String()
}

func (p Program) versionCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version and the revisions of Klaviyo's API",
		Long: `Version shows the version, the commit and its date, the Go release that built
the program, and until when Klaviyo serves each revision of its API.`,
		Example: `  rudderklaviyo version
  rudderklaviyo version --output json | jq -r .version`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			show := versionPrinters[output]
			if show == nil {
				return wrongUsage(fmt.Errorf("--output must be one of %s", strings.Join(slices.Sorted(maps.Keys(versionPrinters)), ", ")))
			}
			return writeError(show(newVersions(thisBuild(), time.Now()), p.Stdout))
		},
	}
	addFlags(cmd, resultsGroup, func(flags *pflag.FlagSet) { registerOutput(flags, &output, "version") })
	return cmd
}
