package command

import (
	"errors"
	"log/slog"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// settings are the flags that all commands have. The private key is
// none of them: other users of the machine see a command's flags.
type settings struct {
	config      string
	destination string
	log         logFlags
	quiet       bool
	mapping     config.Config
}

const (
	configFlag      = "config"
	destinationFlag = "destination"
)

// mappingKeys are the keys of the mapping that have a flag, whose name is the key in small
// letters.
var mappingKeys = func() (keys []string) {
	for _, s := range config.Settings {
		if s.NoFlag == "" {
			keys = append(keys, s.Key)
		}
	}
	return keys
}()

// flagOf is the name of the flag for a key: list-id for listId.
func flagOf(key string) string {
	return capitals.ReplaceAllStringFunc(key, func(letter string) string { return "-" + strings.ToLower(letter) })
}

var capitals = regexp.MustCompile(`[A-Z]`)

func (s *settings) register(cmd *cobra.Command) {
	addFlags(cmd, settingsGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&s.config, configFlag, "", "YAML or JSON `file` with the settings of the destination, or with the destination or the workspace as RudderStack exports it")
		flags.StringVar(&s.destination, destinationFlag, "", "`name` or id of the destination to use, if the --config file has several")
	})
	addFlags(cmd, mappingGroup, s.registerMapping)
	addFlags(cmd, messagesGroup, func(flags *pflag.FlagSet) { s.log.register(flags, slog.LevelWarn) })
}

// registerQuiet is for the commands that show how far they are.
func (s *settings) registerQuiet(cmd *cobra.Command) {
	addFlags(cmd, messagesGroup, func(flags *pflag.FlagSet) {
		flags.BoolVar(&s.quiet, "quiet", false, "don't show the progress on a terminal")
	})
}

func (s *settings) registerMapping(flags *pflag.FlagSet) {
	for _, key := range mappingKeys {
		setting, _ := config.LookUp(key)
		name, usage := flagOf(key), setting.Usage
		if setting.OfFlag != "" {
			usage += "; " + setting.OfFlag
		}
		switch field := config.Field(&s.mapping, key).(type) {
		case *string:
			flags.StringVar(field, name, "", usage)
		case *bool:
			flags.BoolVar(field, name, false, usage)
		case **bool:
			*field = new(bool)
			flags.BoolVar(*field, name, false, usage)
		default:
			flags.StringSlice(name, nil, usage)
		}
		annotate(flags.Lookup(name), keyAnnotation, key)
	}
}

// load puts the settings together, and logs which of the file it ignores.
func (p Program) load(cmd *cobra.Command, s settings, logger *slog.Logger) (config.Config, error) {
	loaded, err := p.loadSettings(cmd, s)
	warnOfIgnored(logger, s.config, loaded.ignored)
	return loaded.Config, err
}

// warnOfIgnored says which settings of a file are RudderStack's alone, and which of them are
// made otherwise here.
func warnOfIgnored(logger *slog.Logger, file string, ignored []string) {
	var meaningless []string
	for _, key := range ignored {
		if difference := config.Difference(key); difference != "" {
			logger.Warn("a setting of RudderStack's form is ignored", "file", file, "key", key, "instead", difference)
		} else {
			meaningless = append(meaningless, key)
		}
	}
	if len(meaningless) > 0 {
		logger.Warn("settings of RudderStack's form that mean nothing here are ignored", "file", file, "keys", meaningless)
	}
}

// loadMapper reads the settings of a command that sends nothing, and makes its mapper.
func (p Program) loadMapper(cmd *cobra.Command, settings settings) (*mapper.Mapper, error) {
	cfg, err := p.load(cmd, settings, p.logger(settings.log))
	if err != nil {
		return nil, err
	}
	return newMapper(cfg)
}

// newMapper makes the mapper of the settings.
func newMapper(cfg config.Config) (*mapper.Mapper, error) {
	m, err := mapper.New(cfg.Config)
	if err != nil {
		return nil, wrongUsage(errors.Unwrap(err)) // which names the setting; before that is the package
	}
	return m, nil
}
