package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
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
	case flag.Name == limitFlag:
		complete = completeLimit
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

// completeLimit completes the name of an operation, with its published limits, and behind the
// name these limits, which are there to be raised.
func completeLimit(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	published := map[string]runtime.Operation{}
	for _, revision := range mapper.Revisions() { // the latest last
		for operation := range client.Operations(revision).All() {
			if !operation.Public { // which the program doesn't call
				published[string(operation.ID)] = *operation
			}
		}
	}
	limits := func(op runtime.Operation) string { return fmt.Sprintf("%d/s,%d/m", op.Burst.Calls, op.Steady.Calls) }
	if name, _, ok := strings.Cut(typed, "="); ok {
		if op, known := published[name]; known {
			return []cobra.Completion{name + "=" + limits(op)}, cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, name := range slices.Sorted(maps.Keys(published)) {
		if strings.HasPrefix(name, typed) {
			names = append(names, cobra.CompletionWithDesc(name+"=", "Klaviyo's limit is "+limits(published[name])))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
