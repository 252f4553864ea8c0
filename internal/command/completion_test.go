package command

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
)

func TestCompletionOfValues(t *testing.T) {
	tests := []struct {
		args string
		want string // the first lines, before the directive
		then string
	}{
		{"send --bulk=", "auto,never", ":4"},
		{"send --output=", "json,table", ":4"},
		{"version --output=", "json,table", ":4"},
		{"serve --log-level=", "debug,info,warn,error", ":4"},
		{"serve --log-format=", "text,json", ":4"},
		{"map --item-fields=", "guide,klaviyo,transformer", ":4"},
		{"send --simulate=", "limits\tKlaviyo's limits are kept,fast\tnone are", ":4"},
		{"send --limit=create_ev", "create_event=\tKlaviyo's limit is 350/s,3500/m", ":6"},
		{"serve --limit=create_event=", "create_event=350/s,3500/m", ":4"},
		{"send --limit=create_nothing=", "", ":4"},
		{"send --limit=create_client", "", ":6"},
		{"send --list-id=", "", ":4"},
		{"send --concurrency=", "", ":4"},
		{"send --config=", "", ":0"},
		{"serve --data-dir=", "", ":16"},
	}
	for _, tt := range tests {
		r := setup{}.run(t, append([]string{"__complete"}, strings.Split(tt.args, " ")...)...)
		got := strings.Split(strings.TrimSpace(r.stdout), "\n")
		if values := strings.Join(got[:len(got)-1], ","); values != tt.want || got[len(got)-1] != tt.then {
			t.Errorf("%s: %q", tt.args, got)
		}
	}
	countries := setup{}.run(t, "__complete", "plan", "--default-country", "D").stdout
	if !strings.Contains(countries, "\nDE\n") || !strings.HasSuffix(countries, "\n:4\n") {
		t.Errorf("countries: %q", countries)
	}
}

// TestCompletedLimitsAreTaken has the limit of each operation.
func TestCompletedLimitsAreTaken(t *testing.T) {
	names, _ := completeLimit(nil, nil, "")
	if len(names) < 30 {
		t.Errorf("%d names", len(names))
	}
	for _, name := range names {
		name, _, _ = strings.Cut(name, "\t")
		limits, _ := completeLimit(nil, nil, name)
		if _, err := parseLimits(limits); len(limits) != 1 || err != nil {
			t.Errorf("%s: %q: %v", name, limits, err)
		}
	}
}

// No choice is completed that a command refuses, and a flag whose help lists its values has
// them completed.
func TestChoicesAreTaken(t *testing.T) {
	for _, cmd := range commandsOf(Root()) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			choices := flagChoices[flag.Name]
			setting, _ := config.LookUp(annotation(flag, keyAnnotation))
			if _, usage := pflag.UnquoteUsage(flag); choices == nil && setting.Values == nil && listsValues.MatchString(usage) {
				t.Errorf("%s --%s: give its values in flagChoices", cmd.CommandPath(), flag.Name)
			}
			if choices == nil {
				return
			}
			for _, choice := range choices() {
				value, _, _ := strings.Cut(choice, "\t")
				if err := flag.Value.Set(value); err != nil {
					t.Errorf("%s --%s %s: %v", cmd.CommandPath(), flag.Name, value, err)
				}
			}
		})
	}
	for _, choice := range flagChoices[outputFlag]() {
		if printers[choice] == nil || planPrinters[choice] == nil || explainPrinters[choice] == nil || versionPrinters[choice] == nil || shownPrinters[choice] == nil {
			t.Errorf("--output %s isn't for all", choice)
		}
	}
}

// listsValues matches the help of a flag with a few values: "form of the log: text or json".
var listsValues = regexp.MustCompile(`: [a-z]+(, [a-z]+)* or [a-z]+\b`)

func TestCompletionOfEveryShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		r := setup{}.run(t, "completion", shell)
		r.want(t, statusDone)
		if !strings.Contains(r.stdout, "rudderklaviyo") {
			t.Errorf("%s: %d bytes", shell, len(r.stdout))
		}
	}
	for _, cmd := range commandsOf(Root()) {
		if isCobras(cmd) {
			continue
		}
		words := strings.Fields(cmd.CommandPath())[1:]
		r := setup{}.run(t, append(append([]string{"__complete"}, words...), "--")...)
		if !strings.Contains(r.stdout, "--help") {
			t.Errorf("%s: %q", cmd.CommandPath(), r.stdout)
		}
		for _, hidden := range hiddenOf(cmd) {
			if strings.Contains(r.stdout, "--"+hidden+"\t") {
				t.Errorf("%s: --%s is completed, and has no effect", cmd.CommandPath(), hidden)
			}
		}
		if help := (setup{}).run(t, append([]string{"help"}, words...)...); help.stdout == "" || help.status != statusDone {
			t.Errorf("no help for %s", cmd.CommandPath())
		}
	}
}

// hiddenOf are the flags that a command takes and that have no effect there.
func hiddenOf(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			names = append(names, flag.Name)
		}
	})
	return names
}

func TestFlagsWithoutEffect(t *testing.T) {
	for _, cmd := range commandsOf(Root()) {
		want := map[string][]string{
			"plan":   {"concurrency", deadLetterFlag, noDeadLetterFlag, noPreflightFlag},
			"doctor": {"concurrency", noPreflightFlag, reportFlag, "simulate"},
		}[cmd.Name()]
		if got := hiddenOf(cmd); !isCobras(cmd) && !slices.Equal(got, want) {
			t.Errorf("%s: %q have no effect, want %q", cmd.CommandPath(), got, want)
		}
	}
}
