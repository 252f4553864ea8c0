package command

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
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
