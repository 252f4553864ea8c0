package command

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// keyVariable is the environment variable with the private key, which has no flag: other
// users of the machine see a command's flags.
const keyVariable = "KLAVIYO_API_KEY"

// variablePrefix begins the names of the environment variables of flags.
const variablePrefix = "RUDDERKLAVIYO_"

// variableOf is the environment variable of a flag. The flags that ask for help or the
// version have none.
func variableOf(flag *pflag.Flag) string {
	if flag.Name == "help" || flag.Name == "version" {
		return ""
	}
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
}

// readEnvironment sets the flags that the command line doesn't have from their environment
// variables. An empty variable is none.
func (p Program) readEnvironment(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		variable := variableOf(flag)
		if err != nil || flag.Changed || variable == "" || p.Getenv(variable) == "" {
			return
		}
		annotate(flag, variableAnnotation, variable)
		values := []string{p.Getenv(variable)}
		if flag.Value.Type() == "stringArray" { // whose values may have commas
			values = strings.Fields(values[0])
		}
		for _, value := range values {
			if setErr := cmd.Flags().Set(flag.Name, value); setErr != nil {
				err = wrongUsage(flagError(cmd, setErr))
				return
			}
		}
	})
	return err
}

// namedFlag matches what may be a flag or a key in a message.
var namedFlag = regexp.MustCompile(`--[a-z][a-z-]*[a-z]|\b[a-z]+[A-Za-z]*\b`)

// variablesOf says of the flags, and the keys, that a message is about which of them
// environment variables have set.
func variablesOf(cmd *cobra.Command, message string) []string {
	named := namedFlag.FindAllString(message, -1)
	var lines []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		variable, key := annotation(flag, variableAnnotation), annotation(flag, keyAnnotation)
		if variable == "" || !slices.Contains(named, "--"+flag.Name) && (key == "" || !slices.Contains(named, key)) {
			return
		}
		lines = append(lines, fmt.Sprintf("--%s is set by the environment variable %s.", flag.Name, variable))
	})
	return lines
}
