package command

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
)

// flagValues says by the type of a flag, or the name of one that has its own, what its
// value is.
var flagValues = map[string]string{
	"int":         "a whole number",
	"float64":     "a number, such as 0.8",
	"bool":        "true or false",
	"stringSlice": "values with commas between them; double quotes go around one with a comma or a quotation mark",
	logLevelFlag:  "one of debug, info, warn, error",
	simulateFlag:  "one of limits, fast, false",
}

// flagError puts an error of the flags' parser in plain words.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		if what := cmp.Or(flagValues[flag.Name], flagValues[flag.Value.Type()]); what != "" {
			return fmt.Errorf("--%s must be %s", flag.Name, what)
		}
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &unknown):
		name, dashes := unknown.GetSpecifiedName(), "--"
		if unknown.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		if cmd.Name() == "map" && (name == outputFlag || name == "json") {
			return fmt.Errorf("there is no --%s: map always prints JSON", name)
		}
		if instead := insteadOf[name]; instead != "" {
			return fmt.Errorf("there is no %s%s: %s", dashes, name, instead)
		}
		if meant := nearestFlag(cmd, name); meant != "" && dashes == "--" {
			return fmt.Errorf("%w; did you mean --%s?", err, meant)
		}
	}
	return err
}

// nearestFlag is the flag of a command that was probably meant by a name: the one that it
// begins, or the one that differs least.
func nearestFlag(cmd *cobra.Command, name string) string {
	var names, begun []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		names = append(names, flag.Name)
		if strings.HasPrefix(flag.Name, name+"-") {
			begun = append(begun, flag.Name)
		}
	})
	if len(begun) == 1 {
		return begun[0]
	}
	return config.Nearest(name, slices.Values(names))
}

const (
	insteadOfDryRun = "rudderklaviyo plan tells what send would do, and --simulate delivers to a Klaviyo inside the program"
	insteadOfKey    = "other users of a machine see flags; set " + keyVariable
	insteadOfDebug  = "--log-level debug logs each call"
)

// insteadOf says what to do by the names of flags that other programs have.
var insteadOf = map[string]string{
	"dry-run": insteadOfDryRun, "dryrun": insteadOfDryRun, "n": insteadOfDryRun,
	"key": insteadOfKey, "api-key": insteadOfKey, "private-api-key": insteadOfKey,
	"verbose": insteadOfDebug, "debug": insteadOfDebug, "v": insteadOfDebug,
	"json": "--output json is the form for programs",
}

// oneOf refuses the arguments of a command that has others below it and does nothing itself.
func oneOf(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		var names []string
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				names = append(names, c.Name())
			}
		}
		return wrongUsage(fmt.Errorf("%s needs one of %s", cmd.Name(), strings.Join(names, ", ")))
	}
	cmd.SuggestionsMinimumDistance = 2
	text := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if meant := cmd.SuggestionsFor(args[0]); len(meant) > 0 {
		text += "; did you mean " + meant[0] + "?"
	}
	return wrongUsage(errors.New(text))
}

// checkExclusive refuses pairs of flags of which both are given.
func checkExclusive(cmd *cobra.Command, pairs ...[2]string) error {
	for _, pair := range pairs {
		if cmd.Flags().Changed(pair[0]) && cmd.Flags().Changed(pair[1]) {
			return wrongUsage(fmt.Errorf("--%s and --%s exclude each other: leave one out", pair[0], pair[1]))
		}
	}
	return nil
}

// helpCommand is the command help. Cobra's own ends well also where there is no such command.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show the help of a command",
		RunE:  helpAbout,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			if about, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, c := range about.Commands() {
					if c.IsAvailableCommand() {
						names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func helpAbout(cmd *cobra.Command, args []string) error {
	about, rest, err := cmd.Root().Find(args)
	switch {
	case err != nil:
		return err
	case len(rest) > 0 && about.HasSubCommands():
		return oneOf(about, rest)
	}
	about.InitDefaultHelpFlag()
	about.InitDefaultVersionFlag()
	return about.Help()
}
