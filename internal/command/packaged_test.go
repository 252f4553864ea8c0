package command

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// TestPackagedCommands checks the command lines of the unit and of the image against the
// commands and their flags.
func TestPackagedCommands(t *testing.T) {
	unit, err := os.ReadFile("../../packaging/systemd/rudderklaviyo.service")
	image, imageErr := os.ReadFile("../../Dockerfile")
	if err := errors.Join(err, imageErr); err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(unit)) {
		if command, ok := strings.CutPrefix(line, "ExecStart=/usr/bin/rudderklaviyo "); ok {
			found["ExecStart"] = strings.Fields(command)
		}
	}
	for line := range strings.Lines(string(image)) {
		name, _, _ := strings.Cut(line, " ")
		_, list, ok := strings.Cut(line, "CMD ")
		if !ok {
			continue
		}
		var args []string
		if err := json.Unmarshal([]byte(list), &args); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if args[0] == "/usr/bin/rudderklaviyo" {
			args = args[1:]
		}
		found[name] = args
	}
	for _, want := range []string{"ExecStart", "CMD", "HEALTHCHECK"} {
		args := found[want]
		if len(args) == 0 {
			t.Errorf("no %s", want)
			continue
		}
		cmd, rest, err := Root().Find(args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil || cmd == cmd.Root() {
			t.Errorf("%s %q: %v", want, args, err)
		}
	}
}
