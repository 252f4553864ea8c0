package command

import (
	"errors"
	"fmt"
	"log/slog"
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
	logLevel    slog.Level
	mapping     mapper.Config
}

const (
	destinationFlag = "destination"
	logLevelFlag    = "log-level"
)

// keyVariable is the variable of the environment with the private key.
const keyVariable = "KLAVIYO_API_KEY"

// mappingFlags are the settings of the mapping that have a flag, with a pointer
// to their field.
var mappingFlags = []struct {
	name, usage string
	field       func(*mapper.Config) any
}{
	{revisionFlag, "`revision` of Klaviyo's API: " + strings.Join(mapper.Revisions(), " or "),
		func(c *mapper.Config) any { return &c.Revision }},
	{"list-id", "`id` of the list to subscribe to where an event names none",
		func(c *mapper.Config) any { return &c.ListID }},
	{"default-country", "`country` (ISO 3166-1, such as DE) of phone numbers without +, where the person has none",
		func(c *mapper.Config) any { return &c.DefaultCountry }},
	{"item-fields", "`names` of the fields of items: guide, klaviyo or transformer",
		func(c *mapper.Config) any { return (*string)(&c.ItemFields) }},
	{"ordered-products", "send an event Ordered Product for each item of an Order Completed",
		func(c *mapper.Config) any { return &c.OrderedProducts }},
	{"ecommerce-events", "make Product Viewed and the like events of Klaviyo's own metrics; =false leaves them as they are",
		func(c *mapper.Config) any { return &c.EcommerceEvents }},
	{"allow-external-id-only", "let events through that have neither email nor phone number but a user id",
		func(c *mapper.Config) any { return &c.AllowExternalIDOnly }},
	{"enforce-email-as-primary", "identify people by email or phone number alone",
		func(c *mapper.Config) any { return &c.EnforceEmailAsPrimary }},
	{"flatten-properties", "turn nested objects into dotted keys",
		func(c *mapper.Config) any { return &c.FlattenProperties }},
	{"send-nulls", "send null traits, which clears the profile's fields",
		func(c *mapper.Config) any { return &c.SendNulls }},
	{"unsubscribe", "let subscribe: false unsubscribe people",
		func(c *mapper.Config) any { return &c.Unsubscribe }},
	{"historical-import", "send events and consent as a record of the past, which starts no flow",
		func(c *mapper.Config) any { return &c.HistoricalImport }},
	{"merge-on-alias", "merge the profiles of an alias, which can't be undone",
		func(c *mapper.Config) any { return &c.MergeOnAlias }},
}

func (s *settings) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.config, "config", "", "YAML or JSON `file` with the settings of the destination, or with the destination or the workspace as RudderStack exports it")
	flags.StringVar(&s.destination, destinationFlag, "", "`name` or id of the destination to take, where the file of --config holds several")
	registerLogLevel(flags, &s.logLevel, slog.LevelWarn)
	for _, flag := range mappingFlags {
		switch field := flag.field(&s.mapping).(type) {
		case *string:
			flags.StringVar(field, flag.name, "", flag.usage)
		case *bool:
			flags.BoolVar(field, flag.name, false, flag.usage)
		case **bool:
			*field = new(bool)
			flags.BoolVar(*field, flag.name, false, flag.usage)
		}
	}
	registerRevisions(cmd)
}

func registerLogLevel(flags *pflag.FlagSet, level *slog.Level, byDefault slog.Level) {
	flags.TextVar(level, logLevelFlag, byDefault, "least `level` of what is logged: debug, info, warn or error")
	flags.Lookup(logLevelFlag).DefValue = strings.ToLower(byDefault.String())
}

func (p Program) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(p.Stderr, &slog.HandlerOptions{Level: level}))
}

// load puts the settings together: flags over environment over file.
func (p Program) load(cmd *cobra.Command, s settings, logger *slog.Logger) (config.Config, error) {
	var cfg config.Config
	if s.config == "" && s.destination != "" {
		return cfg, wrongUsage(fmt.Errorf("--%s is about the file of --config: give --config too", destinationFlag))
	}
	if s.config != "" {
		var ignored []string
		var err error
		cfg, ignored, err = config.Load(s.config, s.destination)
		if err != nil {
			return cfg, wrongUsage(err)
		}
		if len(ignored) > 0 {
			logger.Warn("settings of RudderStack's form that mean nothing here are ignored", "file", s.config, "keys", ignored)
		}
	}
	if key := p.Getenv(keyVariable); key != "" {
		cfg.PrivateAPIKey = key
	}
	for _, flag := range mappingFlags {
		if !cmd.Flags().Changed(flag.name) {
			continue
		}
		switch field := flag.field(&cfg.Config).(type) {
		case *string:
			*field = *flag.field(&s.mapping).(*string)
		case *bool:
			*field = *flag.field(&s.mapping).(*bool)
		case **bool:
			*field = *flag.field(&s.mapping).(**bool)
		}
		if err := config.Check(cfg); err != nil { // the file's settings were right
			return cfg, wrongUsage(fmt.Errorf("--%s: %w", flag.name, err))
		}
	}
	return cfg, nil
}

// loadMapper reads the settings of a command that sends nothing, and makes its mapper.
func (p Program) loadMapper(cmd *cobra.Command, settings settings) (*mapper.Mapper, error) {
	cfg, err := p.load(cmd, settings, p.logger(settings.logLevel))
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
