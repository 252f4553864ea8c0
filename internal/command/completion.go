package command

import (
	"maps"
	"slices"

	"github.com/nyaruka/phonenumbers"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// flagChoices are all values of a flag, by its name. Those of settings are in
// [config.Settings].
var flagChoices = map[string]func() []cobra.Completion{
	revisionFlag:  describeRevisions,
	outputFlag:    func() []cobra.Completion { return slices.Sorted(maps.Keys(printers)) },
	logLevelFlag:  func() []cobra.Completion { return []cobra.Completion{"debug", "info", "warn", "error"} },
	logFormatFlag: func() []cobra.Completion { return []cobra.Completion{string(logText), string(logJSON)} },
	"consent": func() []cobra.Completion {
		return []cobra.Completion{string(mapper.ChannelEmail), string(mapper.ChannelSMS)}
	},
	"bulk": func() []cobra.Completion {
		return []cobra.Completion{string(delivery.BulkAuto), string(delivery.BulkNever)}
	},
	simulateFlag: func() []cobra.Completion {
		return []cobra.Completion{
			cobra.CompletionWithDesc(string(simulationLimits), "Klaviyo's limits are kept"),
			cobra.CompletionWithDesc(string(simulationFast), "none are"),
		}
	},
	"default-country": func() []cobra.Completion { return slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) },
}

// completeFlag has the shell complete the values of a flag: its choices, files and folders
// where its value is one, and else nothing.
func completeFlag(cmd *cobra.Command, flag *pflag.Flag) {
	var complete cobra.CompletionFunc
	setting, _ := config.LookUp(annotation(flag, keyAnnotation))
	switch value, _ := pflag.UnquoteUsage(flag); {
	case flagChoices[flag.Name] != nil:
		complete = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return flagChoices[flag.Name](), cobra.ShellCompDirectiveNoFileComp
		}
	case setting.Values != nil:
		complete = cobra.FixedCompletions(setting.Values, cobra.ShellCompDirectiveNoFileComp)
	case value == "file":
		return // as shells do anyway
	case value == "folder":
		complete = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	default:
		complete = cobra.NoFileCompletions
	}
	if err := cmd.RegisterFlagCompletionFunc(flag.Name, complete); err != nil {
		panic(err) // the flag is there, once
	}
}

// describeRevisions are the revisions' names, with how long Klaviyo serves each.
func describeRevisions() []cobra.Completion {
	var names []cobra.Completion
	for _, r := range revisions {
		names = append(names, cobra.CompletionWithDesc(r.name, r.String()))
	}
	return names
}
