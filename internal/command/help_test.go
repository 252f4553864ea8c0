package command

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func helpOf(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	var help bytes.Buffer
	cmd.SetOut(&help)
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	return help.String()
}

func TestHelpFits80Columns(t *testing.T) {
	for _, cmd := range commandsOf(Root()) {
		if isCobras(cmd) {
			continue // whose texts are cobra's
		}
		for line := range strings.Lines(helpOf(t, cmd)) {
			if line = strings.TrimSuffix(line, "\n"); terminal.Columns(line) > helpWidth {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), terminal.Columns(line), line)
			}
			if strings.TrimRight(line, " \t") != line {
				t.Errorf("%s: a line ends in white space: %q", cmd.CommandPath(), line)
			}
		}
	}
}

// TestRelatedCommands are there, and each command but those that cobra makes has some.
func TestRelatedCommands(t *testing.T) {
	known := map[string]bool{}
	for _, cmd := range commandsOf(Root()) {
		path := pathOf(cmd)
		if known[path] = true; isCobras(cmd) || cmd.HasSubCommands() {
			continue
		}
		if help := helpOf(t, cmd); related[path] == "" || !strings.Contains(help, "\n\nSee also: ") {
			t.Errorf("%s names no related command", path)
		}
	}
	for path, others := range related {
		if !known[path] {
			t.Errorf("there is no command %s", path)
		}
		others = regexp.MustCompile(` \([^)]*\)`).ReplaceAllString(others, "")
		for other := range strings.SplitSeq(strings.ReplaceAll(others, " and ", ", "), ", ") {
			words := strings.Fields(other)
			cmd, rest, err := Root().Find(words)
			if err != nil || pathOf(cmd) == path || cmd.ParseFlags(append(rest, "x")) != nil {
				t.Errorf("%s: see also %s: %v", path, other, err)
			}
		}
	}
}

// TestHelpNamesDefaults also of the flags whose default is that of a key.
func TestHelpNamesDefaults(t *testing.T) {
	send, _, _ := Root().Find([]string{"send"})
	help := strings.Join(strings.Fields(helpOf(t, send)), " ")
	for _, want := range []string{
		"names none: email, sms; commas between them, '' for none (default email)",
		"guide, klaviyo or transformer (default guide)",
		"to send to a Klaviyo account (default " + mapper.DefaultRevision() + ")",
		"(false: don't) (default true)",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("the help lacks %q", want)
		}
	}
	if strings.Contains(help, "(default false)") || strings.Contains(help, "(default )") {
		t.Error("the help has defaults that say nothing")
	}
}

// TestCommandsAreGrouped so that the help of the program names each.
func TestCommandsAreGrouped(t *testing.T) {
	root := Root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	help := helpOf(t, root)
	for _, cmd := range root.Commands() {
		if strings.Count(help, "\n  "+cmd.Name()+" ") != 1 {
			t.Errorf("%s isn't in the help once:\n%s", cmd.Name(), help)
		}
	}
}

// Each command of an example is one of the program's, with flags and arguments that it takes.
func TestExamplesParse(t *testing.T) {
	seen := 0
	for _, cmd := range commandsOf(Root()) {
		if isCobras(cmd) {
			continue
		}
		if cmd.Example == "" && !cmd.HasSubCommands() {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		example := strings.ReplaceAll(cmd.Example, "\\\n", "")
		for line := range strings.Lines(example) {
			for _, words := range commandsIn(t, line) {
				seen++
				found, rest, err := Root().Find(words)
				if err != nil {
					t.Errorf("%s: %v", line, err)
					continue
				}
				if err := found.ParseFlags(rest); err != nil {
					t.Errorf("%s: %v", line, err)
				} else if err := found.ValidateArgs(found.Flags().Args()); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d examples were tried", seen)
	}
}

// commandsIn returns the words behind the program's name of each of its commands in a line
// of a shell.
func commandsIn(t *testing.T, line string) (commands [][]string) {
	t.Helper()
	var words []string
	end := func() {
		for i, word := range words {
			if word == "rudderklaviyo" {
				commands = append(commands, words[i+1:])
				break
			}
			if i == 0 && !strings.Contains(word, "=") && word != "curl" && word != "head" && word != "jq" {
				t.Errorf("%s: what is %s?", line, word)
			}
		}
		words = nil
	}
	quoted, word := rune(0), ""
	for _, r := range strings.TrimSpace(line) + " " {
		switch {
		case r == quoted:
			quoted = 0
		case quoted != 0 || r != ' ' && r != '\'' && r != '"':
			word += string(r)
		case r != ' ':
			quoted = r
		case word == "|" || word == "&&" || word == ">":
			end()
			if word == ">" { // a file follows
				return commands
			}
			word = ""
		case word != "":
			words, word = append(words, word), ""
		}
	}
	end()
	return commands
}
