package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// The groups of commands in the help of the program.
const (
	filesGroup   = "files"
	serviceGroup = "service"
	othersGroup  = "others"
)

var commandGroups = []*cobra.Group{
	{ID: filesGroup, Title: "Files of events"},
	{ID: serviceGroup, Title: "The service"},
	{ID: othersGroup, Title: "Settings and the program"},
}

// related says by the path of a command which others one may look for, and for what.
var related = map[string]string{
	"plan":                "explain (one event), doctor (the account), send",
	"map":                 "explain (where each field comes from), plan (a whole file in figures)",
	"explain":             "plan (finds the events that can't be sent), map (the requests as JSON)",
	"doctor":              "plan (the events alone, without a key), config show, send",
	"send":                "plan and doctor (before), replay (what failed), serve (without files)",
	"replay":              "explain (why an event failed), send, dead-letters replay (of a service)",
	"serve":               "config init --service, doctor --accounts, dead-letters, healthcheck",
	"healthcheck":         "serve, doctor --accounts",
	"dead-letters export": "explain (why an event failed), replay (sends the printed file)",
	"dead-letters replay": "dead-letters export, dead-letters delete",
	"dead-letters delete": "dead-letters export, dead-letters replay",
	"config init":         "config show, doctor (checks the account), serve (with --service)",
	"config show":         "config init, doctor (checks the settings with the account)",
	"version":             "doctor (checks the revision with the account)",
}

func init() { cobra.AddTemplateFunc("related", helpOfRelated) }

// helpOfRelated names the related commands.
func helpOfRelated(cmd *cobra.Command) string {
	text := related[pathOf(cmd)]
	if text == "" {
		return ""
	}
	const heading = "See also: "
	return "\n\n" + strings.Join(terminal.Wrap(heading+text+".", helpWidth), "\n"+strings.Repeat(" ", len(heading)))
}

// pathOf is the path of a command without the program's name.
func pathOf(cmd *cobra.Command) string {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return path
}
