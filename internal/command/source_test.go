package command

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

func TestResume(t *testing.T) {
	tests := []struct {
		name string
		args []string
		at   input.Position
		want string
	}{
		{"file", []string{"events.jsonl"}, input.Position{Line: 812}, "send --from-line=812 events.jsonl"},
		{"earlier line", []string{"--from-line", "12", "events.jsonl"}, input.Position{Line: 812}, "send --from-line=812 events.jsonl"},
		{"files", []string{"a", "b", "c"}, input.Position{File: 1, Line: 2}, "send --from-line=2 b c"},
		{"standard input", nil, input.Position{Line: 2}, "send --from-line=2 -"},
		{
			"flags", []string{"--simulate", "--send-nulls=false", "--output", "json", "--dead-letter", "it's dead", "--", "-x", "größe.jsonl"}, input.Position{Line: 2},
			`send --dead-letter='it'\''s dead' --output=json --send-nulls=false --simulate --from-line=2 -- -x 'größe.jsonl'`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var settings settings
			var s source
			var flags sendFlags
			var got string
			cmd := &cobra.Command{Use: "send", Run: func(cmd *cobra.Command, args []string) {
				s.files = args
				if len(args) == 0 {
					s.files = []string{"-"}
				}
				got = s.resume(cmd, tt.at)
			}}
			settings.register(cmd)
			addFlags(cmd, eventsGroup, s.register)
			flags.register(cmd)
			cmd.SetArgs(tt.args)
			if err := cmd.Execute(); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFirstLineBehindTheEnd(t *testing.T) {
	array := "[\n" + identify(1) + ",\n" + identify(2) + "\n]\n"
	tests := []struct {
		name, text, fromLine string
		warning              string // empty if there is none
	}{
		{"last line", lines(identify(1), identify(2)), "2", ""},
		{"where a run goes on", lines(identify(1), identify(2)), "3", ""},
		{"beyond", lines(identify(1), identify(2)), "4", "--from-line is 4, and its lines are 2"},
		{"where a run goes on, without a last newline", identify(1) + "\n" + identify(2), "3", ""},
		{"beyond, without a last newline", identify(1) + "\n" + identify(2), "4", "its lines are 2"},
		{"empty", "", "1", ""},
		{"beyond nothing", "", "2", "its lines are 0"},
		{"after an array", array, "5", ""},
		{"beyond an array", array, "1000", "its lines are 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events := write(t, "events.jsonl", tt.text)
			for _, command := range []string{"map", "plan", "send --simulate"} {
				r := setup{}.run(t, append(strings.Fields(command), "--from-line="+tt.fromLine, events)...)
				r.want(t, statusDone, tt.warning)
				if strings.Contains(r.stderr, "Warning") != (tt.warning != "") {
					t.Errorf("%s: %s", command, r.stderr)
				}
			}
		})
	}
}
