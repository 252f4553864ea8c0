package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

func (p Program) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Write a file of settings, or show the settings in effect",
		Long: `Write a file of settings, or show the settings of --config, environment
variables and flags. A flag takes precedence over its environment variable,
and that over the file.`,
		RunE: oneOf,
	}
	cmd.AddCommand(p.configInitCommand(), p.configShowCommand())
	return cmd
}

func (p Program) configInitCommand() *cobra.Command {
	var service bool
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a file of settings to begin with",
		Long: `Write a file of settings, with a comment on each key, to FILE or to standard
output. Init doesn't overwrite a file.`,
		Example: `  rudderklaviyo config init destination.yaml
  rudderklaviyo config init --service accounts.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			write := config.WriteTemplate
			if service {
				write = config.WriteServiceTemplate
			}
			if len(args) == 0 || args[0] == input.Stdin {
				return writeError(write(p.Stdout))
			}
			return writeNew(args[0], write)
		},
	}
	addFlags(cmd, settingsGroup, func(flags *pflag.FlagSet) {
		flags.BoolVar(&service, "service", false, "write a file of accounts, for serve")
	})
	return cmd
}

// writeNew makes a file that only its owner may read, for a key may come into it.
func writeNew(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return wrongUsage(fmt.Errorf("%s is there already: name another file, or remove it", input.Name(name)))
	}
	if err != nil {
		return stopped(err)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return stopped(errors.Join(err, os.Remove(name)))
	}
	return nil
}

func (p Program) configShowCommand() *cobra.Command {
	var settings settings
	var flags destinationFlags
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the settings that hold, and where each is from",
		Long: `Show the settings that send would use: those of the mapping by their keys, and
those of the calls to Klaviyo by their flags. Beside each is where it comes
from: the flag, the environment variable, the line of the file, or the default.
Show never prints a key.`,
		Example: `  rudderklaviyo config show --config destination.yaml
  rudderklaviyo config show --output json |
      jq '.settings[] | select(.source != "default")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.runConfigShow(cmd, settings, flags)
		},
	}
	settings.register(cmd)
	flags.register(cmd)
	return cmd
}

// shownSettings are what config show prints.
type shownSettings struct {
	Settings []effectiveSetting `json:"settings"`
	width    int                // of the terminal that they are shown on, or 0
}

// shownPrinters gives the forms of the settings by the values of --output.
var shownPrinters = map[string]func(shownSettings, io.Writer) error{
	"table": shownSettings.printTable,
	"json":  shownSettings.printJSON,
}

func (s shownSettings) printJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(s)
}

func (s shownSettings) printTable(w io.Writer) error {
	var rows colouredRows
	for _, setting := range s.Settings {
		rows = append(rows, colouredRow{columns: []string{setting.Name, setting.text(), setting.origin.String()}})
	}
	var out strings.Builder
	rows.print(&out, 0, s.width)
	_, err := io.WriteString(w, out.String())
	return err
}

func (p Program) runConfigShow(cmd *cobra.Command, settings settings, flags destinationFlags) error {
	show := shownPrinters[flags.output]
	if show == nil {
		return wrongUsage(fmt.Errorf("--%s must be one of %s", outputFlag, strings.Join(slices.Sorted(maps.Keys(shownPrinters)), ", ")))
	}
	if err := flags.check(); err != nil {
		return err
	}
	loaded, err := p.loadSettings(cmd, settings)
	if err != nil {
		return err
	}
	if _, err := newMapper(loaded.Config); err != nil {
		return err
	}
	if _, err := flags.newClient(simulated, loaded.Config.Config, flags.transport(p), p.logger(settings.log)); err != nil {
		return err
	}
	return writeError(show(shownSettings{loaded.effectiveIn(cmd), p.stdoutWidth()}, p.Stdout))
}

// effectiveIn are all settings, and how a command calls Klaviyo.
func (l *loadedSettings) effectiveIn(cmd *cobra.Command) []effectiveSetting {
	all := l.effective()
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if groupOf(flag) == klaviyoGroup {
			all = append(all, effectiveSetting{"--" + flag.Name, valueOf(flag), originOf(flag)})
		}
	})
	return all
}

// text is the value for a person, on a line.
func (s effectiveSetting) text() string {
	switch v := s.Value.(type) {
	case nil:
		return "-"
	case string:
		return terminal.OneLine(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			panic(err) // values are of JSON's types
		}
		return terminal.OneLine(string(text))
	}
}

// valueOf gives the value of a flag as JSON would have it.
func valueOf(flag *pflag.Flag) any {
	if several, ok := flag.Value.(pflag.SliceValue); ok {
		return append([]string{}, several.GetSlice()...)
	}
	var value any
	if text := flag.Value.String(); flag.Value.Type() == "string" || json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	return value
}
