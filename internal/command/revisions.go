package command

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// revision is a revision of Klaviyo's API.
type revision struct {
	name string
	// until is the day on which Klaviyo retires it.
	until string
}

// revisions are those that the program speaks, the oldest first.
var revisions = []revision{
	{name: "2023-02-22", until: "2025-02-22"},
	{name: "2026-07-15", until: "2028-07-15"},
}

const revisionFlag = "revision"

// latestAfter gives the latest revision, if that is later than the named one.
func latestAfter(name string) (revision, bool) {
	latest := revisions[len(revisions)-1]
	return latest, latest.name > name
}

// String says how long Klaviyo serves the revision.
func (r revision) String() string {
	text := "served until " + r.until
	if r.isRetired(time.Now()) {
		text = "retired on " + r.until
	}
	if r.name == mapper.DefaultRevision() {
		text += ", the default"
	}
	return text
}

// isRetired tells whether Klaviyo no longer serves the revision.
func (r revision) isRetired(now time.Time) bool { return r.until <= now.Format(time.DateOnly) }

// listRevisions says in a line of its own how long Klaviyo serves each.
func listRevisions() string {
	var lines strings.Builder
	lines.WriteString("revisions of Klaviyo's API:\n")
	for _, r := range revisions {
		fmt.Fprintf(&lines, "  %s  %s\n", r.name, r)
	}
	return lines.String()
}

// noticeRevision says before a run begins that it is of a revision which nobody has chosen,
// where Klaviyo itself is to take it and there is a later one.
func (p Program) noticeRevision(mapping mapper.Config, flags destinationFlags) {
	later, ok := latestAfter(mapper.DefaultRevision())
	if mapping.Revision != "" || !ok || flags.simulate.on() || !isKlaviyos(flags.baseURL) {
		return
	}
	i := slices.IndexFunc(revisions, func(r revision) bool { return r.name == mapper.DefaultRevision() })
	fmt.Fprintf(p.Stderr, "Requests are of revision %s of Klaviyo's API (%s). Add --%s %s (%s).\n",
		revisions[i].name, revisions[i], revisionFlag, later.name, later)
}

// warnOfRevision does for an account of a service what noticeRevision does for a run.
func (p Program) warnOfRevision(a config.Account, flags serveFlags) {
	later, ok := latestAfter(mapper.DefaultRevision())
	if a.Mapping.Revision != "" || !ok || flags.simulate.on() || !isKlaviyos(flags.baseURL) {
		return
	}
	p.logger(flags.log).Warn(fmt.Sprintf("the account's destination names no revision: set revision: %s in it (%s)", later.name, later),
		"account", a.Name, "revision", mapper.DefaultRevision())
}

// isKlaviyos tells whether a base URL is of Klaviyo's own host.
func isKlaviyos(baseURL string) bool {
	own, _ := url.Parse(client.DefaultBaseURL)
	given, err := url.Parse(baseURL)
	return err == nil && strings.EqualFold(given.Hostname(), own.Hostname())
}

// retiredError is the stop of a run whose revision Klaviyo no longer serves.
type retiredError struct {
	revision string
	seen     string // what it was seen by
	cause    error
}

func (e *retiredError) Error() string {
	return fmt.Sprintf("Klaviyo no longer serves revision %s (%s)", e.revision, e.seen)
}

func (e *retiredError) Unwrap() error { return e.cause }

// adviceToGoOn has the command name the revision that goes on, and says so.
func (e *retiredError) adviceToGoOn(cmd *cobra.Command) string {
	later, ok := latestAfter(e.revision)
	if !ok {
		return "Take a release of this program that supports a later revision. To continue from the same line"
	}
	if err := cmd.Flags().Set(revisionFlag, later.name); err != nil {
		panic(err) // commands that send have the flag
	}
	return fmt.Sprintf("Add --%s %s, which continues from the same line", revisionFlag, later.name)
}
