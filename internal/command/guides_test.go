package command

import (
	"os"
	"regexp"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestFlagsOfTheGuides finds no flag in the guides of the service that no command has.
func TestFlagsOfTheGuides(t *testing.T) {
	known := map[string]bool{"now": true} // systemctl's
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(Program{}.rootCommand())
	for _, name := range []string{"service.md", "cluster.md", "admin.md", "ingest.md"} {
		page, err := os.ReadFile("../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range regexp.MustCompile(`[ \x60]--([a-z][a-z-]+)`).FindAllStringSubmatch(string(page), -1) {
			if !known[flag[1]] {
				t.Errorf("%s: no command has --%s", name, flag[1])
			}
		}
	}
}
