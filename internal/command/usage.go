package command

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
func flagError(err error) error {
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		if what := cmp.Or(flagValues[flag.Name], flagValues[flag.Value.Type()]); what != "" {
			return fmt.Errorf("--%s is %s", flag.Name, what)
		}
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &unknown):
		if instead := insteadOf[unknown.GetSpecifiedName()]; instead != "" {
			return fmt.Errorf("there is no --%s: %s", unknown.GetSpecifiedName(), instead)
		}
	}
	return err
}

// insteadOf says what to do by the names of flags that other programs have.
var insteadOf = map[string]string{
	"dry-run": "rudderklaviyo plan tells what send would do, and --simulate delivers to a Klaviyo inside the program",
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
