package command

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
)

var update = flag.Bool("update", false, "write the tables of docs/configuration.md and examples/config.yaml anew")

// TestConfigurationDocs checks the tables of docs/configuration.md and the example against
// the tables and the flags that the program goes by.
func TestConfigurationDocs(t *testing.T) {
	const name = "../../docs/configuration.md"
	text := read(t, name)
	for heading, table := range map[string]string{
		"keys": tableOfKeys(config.Settings), "accounts": tableOfKeys(config.AccountSettings), "flags": tableOfFlags(),
	} {
		before, rest, ok := strings.Cut(text, "<!-- "+heading+" -->\n")
		_, after, ends := strings.Cut(rest, "<!-- end -->")
		if !ok || !ends {
			t.Fatalf("%s has no place for the %s", name, heading)
		}
		text = before + "<!-- " + heading + " -->\n" + table + "<!-- end -->" + after
	}
	var example bytes.Buffer
	if err := config.WriteTemplate(&example); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{name: text, "../../examples/config.yaml": example.String()} {
		if *update {
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if read(t, name) != want {
			t.Errorf("%s isn't of this program: go test ./internal/command -run ConfigurationDocs -update", name)
		}
	}
}

// cell is a text for a cell of a table in Markdown.
func cell(text string) string { return strings.NewReplacer("`", "", "|", `\|`).Replace(text) }

func tableOfKeys(settings []config.Setting) string {
	plan, _, _ := Root().Find([]string{"plan"})
	hasFlag := func(s config.Setting) bool { return slices.Contains(mappingKeys, s.Key) }
	withFlags := slices.ContainsFunc(settings, hasFlag)
	var table strings.Builder
	if withFlags {
		table.WriteString("| Key | Default | Flag | Variable | What it is |\n| --- | --- | --- | --- | --- |\n")
	} else {
		table.WriteString("| Key | Default | What it is |\n| --- | --- | --- |\n")
	}
	for _, s := range settings {
		about := s
		about.Default = "" // which has a column
		columns := []string{code(s.Key), code(s.Default)}
		if withFlags {
			switch {
			case s.Key == privateKey:
				columns = append(columns, "", code(keyVariable))
			case hasFlag(s):
				flag := plan.Flags().Lookup(flagOf(s.Key))
				columns = append(columns, code("--"+flag.Name), code(variableOf(flag)))
			default:
				columns = append(columns, "none: "+s.NoFlag, "")
			}
		}
		fmt.Fprintf(&table, "| %s |\n", strings.Join(append(columns, cell(about.About())), " | "))
	}
	return table.String()
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// tableOfFlags has a row for each flag without a key, and each meaning that commands give it.
func tableOfFlags() string {
	type row struct{ name, variable, usage string }
	commands := map[row][]string{}
	groups := map[row]flagGroup{}
	for _, cmd := range commandsOf(Root()) {
		if isCobras(cmd) {
			continue
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if variableOf(flag) == "" || flag.Hidden || annotation(flag, keyAnnotation) != "" {
				return
			}
			_, usage := pflag.UnquoteUsage(flag)
			if !isZero(flag.DefValue) {
				usage += " (default " + flag.DefValue + ")"
			}
			r := row{flag.Name, variableOf(flag), usage}
			commands[r] = append(commands[r], strings.TrimPrefix(cmd.CommandPath(), "rudderklaviyo "))
			groups[r] = groupOf(flag)
		})
	}
	rows := slices.SortedFunc(maps.Keys(commands), func(a, b row) int {
		if d := slices.Index(flagGroups, groups[a]) - slices.Index(flagGroups, groups[b]); d != 0 {
			return d
		}
		return strings.Compare(a.name+a.usage, b.name+b.usage)
	})
	var table strings.Builder
	table.WriteString("| Flag | Variable | Commands | What it is |\n| --- | --- | --- | --- |\n")
	for i, r := range rows {
		if i == 0 || groups[r] != groups[rows[i-1]] {
			fmt.Fprintf(&table, "| **%s** | | | |\n", groups[r])
		}
		fmt.Fprintf(&table, "| `--%s` | `%s` | %s | %s |\n", r.name, r.variable, strings.Join(commands[r], ", "), cell(r.usage))
	}
	return table.String()
}
