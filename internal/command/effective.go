package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// origin is where the value of a setting comes from.
type origin struct {
	Source string `json:"source"` // one of the sources
	// From is the flag, the variable or the line of the file. It is empty for a default.
	From string `json:"from,omitempty"`
}

// The sources of settings, of which the first wins that has a value.
const (
	sourceFlag        = "flag"
	sourceEnvironment = "environment"
	sourceFile        = "file"
	sourceDefault     = "default"
)

// String says it in a word or two.
func (o origin) String() string {
	if o.From == "" {
		return o.Source
	}
	return o.From
}

// loadedSettings are the settings of a command, with the origins of those that have not
// their defaults.
type loadedSettings struct {
	config.Config
	origins map[string]origin // by key
	ignored []string          // keys of RudderStack's form that mean nothing here
}

// loadSettings puts the settings together: flags over environment over file.
func (p Program) loadSettings(cmd *cobra.Command, s settings) (loadedSettings, error) {
	loaded := loadedSettings{origins: map[string]origin{}}
	if s.config == "" && s.destination != "" {
		return loaded, wrongUsage(fmt.Errorf("--%s is about the file of --config: give --config too", destinationFlag))
	}
	if s.config != "" {
		file, err := config.Load(s.config, s.destination)
		if err != nil {
			return loaded, wrongUsage(err)
		}
		loaded.Config, loaded.ignored = file.Config, file.Ignored
		for key, line := range file.Lines {
			loaded.origins[key] = origin{sourceFile, fmt.Sprintf("%s:%d", input.Name(s.config), line)}
		}
	}
	if key := p.Getenv(keyVariable); key != "" {
		loaded.PrivateAPIKey, loaded.origins[privateKey] = key, origin{sourceEnvironment, keyVariable}
	}
	for _, key := range mappingKeys {
		flag := cmd.Flags().Lookup(flagOf(key))
		if !flag.Changed {
			continue
		}
		switch field := config.Field(&loaded.Config, key).(type) {
		case *string:
			*field = *config.Field(&s.mapping, key).(*string)
		case *bool:
			*field = *config.Field(&s.mapping, key).(*bool)
		case **bool:
			*field = *config.Field(&s.mapping, key).(**bool)
		default:
			if err := config.SetList(&loaded.Config, key, flag.Value.(pflag.SliceValue).GetSlice()); err != nil {
				return loaded, wrongUsage(fmt.Errorf("--%s: %w", flag.Name, err))
			}
		}
		loaded.origins[key] = originOf(flag)
		if err := config.Check(loaded.Config); err != nil { // the file's settings were right
			return loaded, wrongUsage(fmt.Errorf("--%s: %w", flag.Name, err))
		}
	}
	return loaded, loaded.chooseFilter(cmd)
}

// chooseFilter has the list of events that a flag gives filter them, unless another flag says
// which one does.
func (l *loadedSettings) chooseFilter(cmd *cobra.Command) error {
	const option, only, not = "eventFilteringOption", "whitelistedEvents", "blacklistedEvents"
	isGiven := func(key string) bool { return cmd.Flags().Changed(flagOf(key)) }
	chosen := mapper.EventFilteringOption("")
	switch {
	case isGiven(option):
		return nil
	case isGiven(only) && isGiven(not):
		return wrongUsage(fmt.Errorf("of --%s and --%s only one counts: say which with --%s", flagOf(only), flagOf(not), flagOf(option)))
	case isGiven(only):
		chosen = mapper.EventFilteringWhitelist
	case isGiven(not):
		chosen = mapper.EventFilteringBlacklist
	default:
		return nil
	}
	l.EventFilteringOption, l.origins[option] = chosen, originOf(cmd.Flags().Lookup(flagOf(string(chosen))))
	return nil
}

// privateKey is the key of the private API key, whose value is never shown.
const privateKey = "privateApiKey"

// originOf is where the value of a flag comes from.
func originOf(flag *pflag.Flag) origin {
	variable := annotation(flag, variableAnnotation)
	switch {
	case variable != "":
		return origin{sourceEnvironment, variable}
	case flag.Changed:
		return origin{sourceFlag, "--" + flag.Name}
	}
	return origin{Source: sourceDefault}
}

// effectiveSetting is a setting as a command uses it, and where that comes from.
type effectiveSetting struct {
	Name string `json:"name"` // the key in a file
	// Value is what JSON has for it; nil where there is none. Of the private key it only
	// tells that there is one.
	Value any `json:"value"`
	origin
}

// notShown stands for a value that nobody may see.
const notShown = "(not shown)"

// effective are all settings, in the order of [config.Settings].
func (l *loadedSettings) effective() []effectiveSetting {
	var all []effectiveSetting
	for _, setting := range config.Settings {
		s := effectiveSetting{Name: setting.Key, Value: l.value(setting.Key), origin: origin{Source: sourceDefault}}
		if o, ok := l.origins[setting.Key]; ok {
			s.origin = o
		} else {
			s.Value = setting.DefaultValue()
		}
		if text, ok := s.Value.(string); ok && setting.Key != privateKey && l.mayBeSecret(text) {
			s.Value = notShown
		}
		all = append(all, s)
	}
	return all
}

// value is the value of a key that has one.
func (l *loadedSettings) value(key string) any {
	if key == privateKey {
		return notShown
	}
	switch field := config.Field(&l.Config, key).(type) {
	case *string:
		return *field
	default:
		return field
	}
}

// mayBeSecret tells whether a text holds the private key, or what looks like one, which
// slipped in.
func (l *loadedSettings) mayBeSecret(text string) bool {
	return strings.Contains(text, "pk_") || l.PrivateAPIKey != "" && strings.Contains(text, l.PrivateAPIKey)
}
