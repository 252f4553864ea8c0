package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// flagGroup is a heading of the help, over the flags about one thing.
type flagGroup string

const (
	eventsGroup   flagGroup = "Events to read"
	settingsGroup flagGroup = "Settings"
	klaviyoGroup  flagGroup = "Calls to Klaviyo"
	mappingGroup  flagGroup = "Mapping"
	resultsGroup  flagGroup = "Results"
	takingGroup   flagGroup = "Taking events"
	keepingGroup  flagGroup = "Keeping events"
	adminGroup    flagGroup = "Page, metrics and dead letters"
	messagesGroup flagGroup = "Messages"
	otherGroup    flagGroup = "Other flags"
)

// flagGroups are all groups, in the order of the help.
var flagGroups = []flagGroup{eventsGroup, settingsGroup, klaviyoGroup, mappingGroup, resultsGroup,
	takingGroup, keepingGroup, adminGroup, messagesGroup, otherGroup}

// What is noted of a flag, as annotations.
const (
	groupAnnotation    = "rudderklaviyo_group"
	keyAnnotation      = "rudderklaviyo_key"      // of the file of --config
	variableAnnotation = "rudderklaviyo_variable" // that the value is from
)

// annotate notes something of a flag.
func annotate(flag *pflag.Flag, what, text string) {
	if flag.Annotations == nil {
		flag.Annotations = map[string][]string{}
	}
	flag.Annotations[what] = []string{text}
}

// annotation is what is noted, or empty.
func annotation(flag *pflag.Flag, what string) string {
	return strings.Join(flag.Annotations[what], "")
}

// addFlags gives a command the flags that register makes, in a group. Those whose names
// noEffect has are understood, so that the command takes the arguments of another, and
// are in no help.
func addFlags(cmd *cobra.Command, group flagGroup, register func(*pflag.FlagSet), noEffect ...string) {
	flags := pflag.NewFlagSet(string(group), pflag.ContinueOnError)
	register(flags)
	flags.VisitAll(func(flag *pflag.Flag) {
		annotate(flag, groupAnnotation, string(group))
		flag.Hidden = flag.Hidden || slices.Contains(noEffect, flag.Name)
	})
	cmd.Flags().AddFlagSet(flags)
	flags.VisitAll(func(flag *pflag.Flag) { completeFlag(cmd, flag) })
}

// groupOf is the group of a flag. Those that cobra makes have none.
func groupOf(flag *pflag.Flag) flagGroup {
	if group := annotation(flag, groupAnnotation); group != "" {
		return flagGroup(group)
	}
	return otherGroup
}

// helpWidth is how many columns the help takes.
const helpWidth = 80

// usageTemplate is cobra's, with the flags in groups and the related commands.
const usageTemplate = `Usage:{{if and .Runnable (not .HasAvailableSubCommands)}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

{{if not .Groups}}Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{$all := .Commands}}{{range $i, $group := .Groups}}{{if $i}}

{{end}}{{.Title}}:{{range $all}}{{if and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{flagGroups .LocalFlags}}{{related .}}{{if .HasAvailableSubCommands}}

Use "{{.CommandPath}} [command] --help" for more about a command.{{end}}
`

func init() { cobra.AddTemplateFunc("flagGroups", helpOfFlags) }

// helpOfFlags tells of flags, group by group.
func helpOfFlags(flags *pflag.FlagSet) string {
	byGroup := map[flagGroup][]*pflag.Flag{}
	hasVariables, hasKeys := false, false
	flags.VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			byGroup[groupOf(flag)] = append(byGroup[groupOf(flag)], flag)
			hasVariables = hasVariables || variableOf(flag) != ""
			hasKeys = hasKeys || annotation(flag, keyAnnotation) != ""
		}
	})
	var help strings.Builder
	for _, group := range flagGroups {
		if len(byGroup[group]) == 0 {
			continue
		}
		help.WriteString("\n\n" + string(group) + ":\n")
		for i, flag := range byGroup[group] {
			if i > 0 {
				help.WriteByte('\n')
			}
			help.WriteString(helpOfFlag(flag))
		}
	}
	switch {
	case hasKeys:
		help.WriteString("\n\nA flag takes precedence over its environment variable ($…), and that over the\nkey in the file of --config.")
	case hasVariables:
		help.WriteString("\n\nA flag takes precedence over its environment variable ($…).")
	}
	if len(byGroup[mappingGroup]) > 0 {
		help.WriteString("\n\n" + strings.Join(terminal.Wrap("Keys without a flag: "+withoutFlags(), helpWidth), "\n"))
	}
	return help.String()
}

// withoutFlags are the keys that have no flag, and why.
func withoutFlags() string {
	var keys []string
	for _, s := range config.Settings {
		if s.NoFlag != "" {
			keys = append(keys, s.Key+" ("+s.NoFlag+")")
		}
	}
	return strings.Join(keys, ", ") + "."
}

// helpOfFlag tells of a flag in the form of Go's package flag: its name in a line, then
// what it does, then its variable and its key.
func helpOfFlag(flag *pflag.Flag) string {
	value, usage := pflag.UnquoteUsage(flag)
	name := "--" + flag.Name
	if flag.Shorthand != "" {
		name = "-" + flag.Shorthand + ", " + name
	}
	switch {
	case flag.NoOptDefVal != "" && flag.Value.Type() != "bool":
		name += "[=" + value + "]"
	case value != "":
		name += " " + value
	}
	if value := defaultOf(flag); !isZero(value) {
		usage += " (default " + value + ")"
	}
	const indent = "\n        "
	help := "  " + name
	for _, line := range append(terminal.Wrap(usage, helpWidth-len(indent)), strings.Join(alsoSetBy(flag), ", ")) {
		help += indent + line
	}
	return strings.TrimRight(help, "\n ") // without a variable
}

// alsoSetBy are the environment variable and the key that a flag has.
func alsoSetBy(flag *pflag.Flag) []string {
	var names []string
	if variable := variableOf(flag); variable != "" {
		names = append(names, "$"+variable)
	}
	if key := annotation(flag, keyAnnotation); key != "" {
		names = append(names, "key "+key)
	}
	return names
}

// NameVariables puts the environment variable and the key of each flag behind what it does,
// for manual pages, whose form has no place for them.
func NameVariables(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if names := alsoSetBy(flag); len(names) > 0 {
			flag.Usage += " (" + strings.Join(names, ", ") + ")"
		}
	})
	for _, child := range cmd.Commands() {
		NameVariables(child)
	}
}

// defaultOf is the default of a flag, or of its key.
func defaultOf(flag *pflag.Flag) string {
	if setting, ok := config.LookUp(annotation(flag, keyAnnotation)); ok {
		return strings.Trim(setting.Default, "[]")
	}
	return flag.DefValue
}

// isZero tells whether a default says nothing.
func isZero(value string) bool { return slices.Contains([]string{"", "0", "false", "[]"}, value) }
