package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// commandsOf are a command and all below it, with those that cobra adds.
func commandsOf(root *cobra.Command) []*cobra.Command {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	var all []*cobra.Command
	var add func(*cobra.Command)
	add = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.InitDefaultVersionFlag()
		all = append(all, cmd)
		for _, child := range cmd.Commands() {
			add(child)
		}
	}
	add(root)
	return all
}

// isCobras reports whether cobra made the command.
func isCobras(cmd *cobra.Command) bool {
	return strings.HasPrefix(cmd.CommandPath(), "rudderklaviyo completion") || cmd.Name() == "help"
}

func TestEveryFlagHasAGroupAndAVariable(t *testing.T) {
	seen := 0
	for _, cmd := range commandsOf(Root()) {
		help := cmd.UsageString()
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			seen++
			if flag.Name == "help" || flag.Name == "version" {
				return
			}
			if group := groupOf(flag); !slices.Contains(flagGroups, group) || group == otherGroup && !isCobras(cmd) {
				t.Errorf("%s --%s stands in no group: register it by addFlags", cmd.CommandPath(), flag.Name)
			}
			variable := "RUDDERKLAVIYO_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
			named := strings.Contains(help, "        $"+variable+"\n") || strings.Contains(help, "        $"+variable+", key ")
			if named == flag.Hidden {
				t.Errorf("%s --%s: the help names %s: %t", cmd.CommandPath(), flag.Name, variable, named)
			}
		})
	}
	if seen < 100 {
		t.Errorf("%d flags were looked at", seen)
	}
}

// samples are a value of each type of flag that differs from the defaults.
var samples = map[string]string{
	"bool": "true", "string": "sample", "int": "7", "float64": "0.5", "duration": "9s", "stringSlice": "a,b", "stringArray": "x=1,2", "level": "debug", "logFormat": "json",
}

// A variable sets what the flag sets, of every command. None is listed by hand.
func TestEveryVariableSetsItsFlag(t *testing.T) {
	for i, cmd := range commandsOf(Root()) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if variableOf(flag) == "" {
				return
			}
			value := samples[flag.Value.Type()]
			switch flag.Name {
			case logLevelFlag:
				value = samples["level"]
			case simulateFlag:
				value = "fast"
			}
			if value == "" {
				t.Fatalf("--%s has a value of type %s: give a sample", flag.Name, flag.Value.Type())
			}
			before := flag.Value.String()
			if err := cmd.ParseFlags([]string{"--" + flag.Name + "=" + value}); err != nil {
				t.Fatal(err)
			}
			want := flag.Value.String()
			if want == before && value != before {
				t.Errorf("--%s=%s changes nothing", flag.Name, value)
			}
			other := commandsOf(Root())[i]
			p := Program{Getenv: func(name string) string { return map[string]string{variableOf(flag): value}[name] }}
			if err := p.readEnvironment(other); err != nil {
				t.Fatal(err)
			}
			if got := other.Flags().Lookup(flag.Name); got.Value.String() != want || !got.Changed {
				t.Errorf("%s: %s=%s gives %s, want %s", cmd.CommandPath(), variableOf(flag), value, got.Value, want)
			}
		})
	}
}

// What is wrong with a variable is told with its name, whoever finds it.
func TestWrongVariables(t *testing.T) {
	events := write(t, "events.jsonl", lines(identify(1)))
	tests := []struct {
		name  string
		env   map[string]string
		args  []string
		want  string
		names string // the variable
	}{
		{"the parser of flags", map[string]string{"RUDDERKLAVIYO_FROM_LINE": "x"}, []string{"map"}, "--from-line must be a whole number", "RUDDERKLAVIYO_FROM_LINE"},
		{"a switch", map[string]string{"RUDDERKLAVIYO_SEND_NULLS": "yes"}, []string{"map"}, "--send-nulls must be true or false", "RUDDERKLAVIYO_SEND_NULLS"},
		{"the log level", map[string]string{"RUDDERKLAVIYO_LOG_LEVEL": "loud"}, []string{"plan"}, "--log-level must be one of", "RUDDERKLAVIYO_LOG_LEVEL"},
		{"a command", map[string]string{"RUDDERKLAVIYO_CONCURRENCY": "0"}, []string{"send", "--simulate"}, "--concurrency must be from 1", "RUDDERKLAVIYO_CONCURRENCY"},
		{"the client", map[string]string{"RUDDERKLAVIYO_BASE_URL": "http://klaviyo.test"}, []string{"send"}, "--base-url: use https", "RUDDERKLAVIYO_BASE_URL"},
		{"the mapping", map[string]string{"RUDDERKLAVIYO_DEFAULT_COUNTRY": "Utopia"}, []string{"map"}, "defaultCountry must be", "RUDDERKLAVIYO_DEFAULT_COUNTRY"},
		{"the revision's places", map[string]string{"RUDDERKLAVIYO_HISTORICAL_IMPORT": "true"}, []string{"map"}, "historicalImport: not supported by this revision", "RUDDERKLAVIYO_HISTORICAL_IMPORT"},
		{"a form of output", map[string]string{"RUDDERKLAVIYO_OUTPUT": "xml"}, []string{"version"}, "--output must be one of", "RUDDERKLAVIYO_OUTPUT"},
		{"another flag", map[string]string{"RUDDERKLAVIYO_CHECKPOINT": "saved"}, []string{"plan", "--from-line", "3"}, "exclude each other", "RUDDERKLAVIYO_CHECKPOINT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := account(klaviyotest.New())
			for name, value := range tt.env {
				s.env[name] = value
			}
			args := tt.args
			if args[0] != "version" {
				args = append(slices.Clone(args), events)
			}
			r := s.run(t, args...)
			r.want(t, statusUsage, tt.want, "is set by the environment variable "+tt.names+".")
			if n := strings.Count(r.stderr, "environment variable"); n != 1 {
				t.Errorf("%d variables are named:\n%s", n, r.stderr)
			}
		})
	}
}

// The command that goes on is the same, whatever is in the environment when it is given.
func TestCommandToGoOnWithVariables(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_another"))
	s := account(k)
	s.env["RUDDERKLAVIYO_FROM_LINE"], s.env["RUDDERKLAVIYO_FROM_EVENT"] = "1", "2"
	s.env["RUDDERKLAVIYO_DEAD_LETTER"] = write(t, "dead.jsonl", "")
	s.env["RUDDERKLAVIYO_LIMIT"] = "create_event=20/s,300/m create_profile=7/s,70/m"
	events := write(t, "events.jsonl", lines("["+identify(1)+"]", identify(2), identify(3)))
	r := s.run(t, "send", "--concurrency=3", events)
	r.want(t, statusStopped, fmt.Sprintf("\n  rudderklaviyo send --concurrency=3 --dead-letter=%s --limit=create_event=20/s,300/m --limit=create_profile=7/s,70/m --from-line=2 --from-event=1 %s\n",
		s.env["RUDDERKLAVIYO_DEAD_LETTER"], events))
}
